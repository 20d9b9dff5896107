"""Episodes in real time: the robot goes on whether or not a chunk came.

Every control period, by the system's clock, the robot publishes what it senses, takes its target from the trajectories
that have come by then, and moves for that long. A chunk therefore never decides about the period at whose begin its
observation was taken, and one that takes longer than a period loses more of its first actions; where nothing was told
for a period, the last target is held. No /clock: the node goes by the system's clock, as on a robot.

At another rate than 20 Hz the robot's own time passes faster or slower than the clock (each control period is still
50 ms of physics): the task is the same, and the node has so much less or more time for it.
"""

import queue
import time
from collections import Counter

import numpy as np

from simulation.policy_package import JOINTS
from simulation.robot import RATE_HZ
from simulation.ros.motion_quality import MotionQuality
from simulation.ros.quantiles import quantiles
from simulation.ros.trajectory_controller import NS, TrajectoryController

PAUSE_S = 1.0  # between episodes: a chunk that the node is still making is not the next episode's
LEAD = NS // 20  # from an episode's begin to its first observation


class RealTime:
    """Moves the robot `rate_hz` control periods a second. `on_action(scene, action)` sees what is executed."""

    has_clock = False

    def __init__(self, rate_hz, on_action=None):
        self.period, self.on_action, self.time_scale = round(NS / rate_hz), on_action, rate_hz / RATE_HZ
        # The node's own defaults, as users have them: it learns how late messages come.
        self.parameters = {'use_sim_time': False, 'rate_hz': float(rate_hz), 'observation_wait_ms': -1.0,
                           'max_age_ms': 0.0}
        self.latencies, self.lateness, self.refused = [], [], Counter()
        self.quality = MotionQuality(self.period)
        self.ticks = self.held = self.waited = self.holds = 0

    def begin(self, peer):
        """Before the node is activated for an episode."""
        time.sleep(PAUSE_S)

    def run(self, scene, peer, node):
        """Steps to success in `scene`, None where there was none."""
        robot, episode = peer.robot, peer.robot.start(scene)
        while not peer.trajectories.empty():
            peer.trajectories.get()  # what ended the last episode
        controller = TrajectoryController(JOINTS, robot.observation()[:len(JOINTS)])
        now = time.time_ns() + LEAD
        while not robot.is_over(episode):
            time.sleep(max(0, now - time.time_ns()) / NS)
            self.lateness.append((time.time_ns() - now) / 1e6)
            self._take(controller, peer)
            # What the joints are told for the end of the period is what the robot gets as its target for all of it.
            action = controller.sample(now + self.period).positions.astype(np.float32)
            if controller.accepted == 0:
                self.waited += 1
            elif controller.end < now + self.period:
                self.held += 1
            self.quality.period(controller, now)
            peer.publish(now)
            if self.on_action:
                self.on_action(scene, action)
            robot.advance(episode, [action])
            node.check()
            now += self.period
            self.ticks += 1
        self.refused += controller.refused
        self.quality.end_episode()
        return episode.success_step

    def _take(self, controller, peer):
        """Gives the controller what has come."""
        while True:
            try:
                came = peer.trajectories.get_nowait()
            except queue.Empty:
                return
            if came.stamp == 0:
                self.holds += 1
            else:
                self.latencies.append((came.at - came.stamp) / 1e6)
            self.quality.accept(controller, came, came.at)

    def report(self):
        """Counts and times: `chunk_latency_ms` from the observation's stamp to the trajectory's arrival at the robot;
        `deadline_misses` are chunks that took longer than a control period; `held_ticks` periods for which nothing was
        told any more, `waited_ticks` those before an episode's first chunk; `holds` trajectories that stop the robot;
        `robot_lateness_ms` how late this program itself was.
        """
        latencies = np.array(self.latencies)
        return {'rate_hz': round(NS / self.period, 3), 'chunks': len(latencies), 'ticks': self.ticks,
                'chunk_latency_ms': quantiles(latencies),
                'deadline_misses': int((latencies > self.period / 1e6).sum()), 'held_ticks': self.held,
                'waited_ticks': self.waited, 'holds': self.holds, 'refused': dict(self.refused),
                'robot_lateness_ms': quantiles(self.lateness), **self.quality.report()}
