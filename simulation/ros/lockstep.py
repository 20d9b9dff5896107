"""Episodes in lockstep: simulated time stands still while the node computes, so nothing depends on the machine.

How that fits the node (src/control): with use_sim_time a control tick is observed as soon as every source has sent a
message that is not older, and the clock has reached it. Its grid begins at the first observation and goes on by
control periods, and a chunk is due every `action_horizon` ticks. So the robot publishes the clock and all messages of a
tick with the same stamp, waits at each due tick for the trajectory that carries this stamp, and only then moves. The
ticks between need no answer: the node takes them in order whenever their messages come, as its parameters do not let it
give up waiting for them before the next due tick is there.
"""

import queue

import numpy as np

from simulation.policy_package import JOINTS
from simulation.robot import RATE_HZ
from simulation.ros.trajectory_controller import NS, TrajectoryController

START, PAUSE = 1000 * NS, NS  # simulated time at first, and between two episodes
AHEAD = NS // 2  # of the node's clock; it drops messages whose stamps are further ahead (policy_loop.ts)
REPEAT_S, TIMES = 1, 60  # how long a trajectory is waited for until the tick is published again, and how often


class Lockstep:
    """Moves the robot by what the node says. `on_action(scene, action)` sees what is executed."""

    has_clock, time_scale = True, 1.0

    def __init__(self, action_horizon, sources, on_action=None):
        self.period = NS // RATE_HZ
        if action_horizon * self.period >= AHEAD:
            raise ValueError(f'lockstep needs an action horizon below {AHEAD // self.period}, it is {action_horizon}')
        self.action_horizon, self.on_action = action_horizon, on_action
        self.now = START
        self.chunks = self.ticks = self.repeated = 0
        # No message may be lost or given up: it is waited for longer than from one chunk to the next.
        self.parameters = {'use_sim_time': True, 'rate_hz': float(RATE_HZ), 'observation_wait_ms': 1000.0,
                           'max_age_ms': 10_000.0, 'execution_provider': 'cpu',
                           # Every action is executed as it was denoised, as without ROS.
                           'asynchronous': False, 'join': 'replace'}
        for source in sources:
            name = f'sources.{source["name"]}'
            self.parameters |= {f'{name}.reliability': 'reliable', f'{name}.depth': 100}

    def begin(self, peer):
        """Before the node is activated for an episode: it must hear the time before it hears messages."""
        self.now += PAUSE
        peer.publish_clock(self.now)

    def run(self, scene, peer, node):
        """Steps to success in `scene`, None where there was none."""
        robot, episode = peer.robot, peer.robot.start(scene)
        controller = TrajectoryController(JOINTS, robot.observation()[:len(JOINTS)])
        while not robot.is_over(episode):
            self._publish(peer)
            if episode.step % self.action_horizon == 0:
                self._await(controller, peer, node, f'scene {scene}, step {episode.step}')
            # What the joints are told for the end of the period is what the robot gets as its target for all of it.
            action = controller.sample(self.now + self.period).positions.astype(np.float32)
            if self.on_action:
                self.on_action(scene, action)
            robot.advance(episode, [action])
            self.now += self.period
            self.ticks += 1
        return episode.success_step

    def _publish(self, peer):
        peer.publish_clock(self.now)
        peer.publish(self.now)

    def _await(self, controller, peer, node, where):
        """Waits for the trajectory of this tick. Others, such as the one that ended the last episode, do not count."""
        for _ in range(TIMES):
            try:
                while (came := peer.trajectories.get(timeout=REPEAT_S)).stamp != self.now:
                    pass
            except queue.Empty:
                node.check()
                self.repeated += 1
                self._publish(peer)  # the node drops what it has
                continue
            if reason := controller.accept(came.names, came.points, came.stamp, self.now):
                raise RuntimeError(f'{where}: the trajectory is refused: {reason}')
            self.chunks += 1
            return
        raise RuntimeError(f'{where}: waited {TIMES * REPEAT_S} s for a trajectory stamped '
                           f'{self.now / NS:.2f} s of simulated time; the policy node: {node.said}')

    def report(self):
        """Counts; `repeated` is how often a tick was published again as no answer came within a second."""
        return {'chunks': self.chunks, 'ticks': self.ticks, 'repeated': self.repeated}
