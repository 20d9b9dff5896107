"""What the robot executes in lockstep and in real time, with a stand-in for the node and for the simulator."""

import queue
import types
import unittest
from unittest import mock

import numpy as np

from simulation.policy_package import JOINTS
from simulation.ros import lockstep, real_time
from simulation.ros.trajectory_controller import NS, Point

PERIOD, HORIZON = NS // 20, 8
REST = [0.5] * len(JOINTS)


class Robot:
    """Stands still and counts; its episodes last `steps`."""

    def __init__(self, steps):
        self.steps = steps

    def start(self, seed):
        return types.SimpleNamespace(step=0, success_step=None)

    def observation(self):
        return np.array(REST)

    def is_over(self, episode):
        return episode.step >= self.steps

    def advance(self, episode, actions):
        episode.step += len(actions)


class Peer:
    """Answers every HORIZON-th observation by `chunk(stamp)`, or not at all where that is None."""

    def __init__(self, steps, chunk):
        self.robot, self.chunk, self.trajectories, self.stamps = Robot(steps), chunk, queue.SimpleQueue(), []
        self.clock = None

    def publish_clock(self, now):
        self.clock = now

    def publish(self, now):
        if now not in self.stamps:
            self.stamps.append(now)
        if (len(self.stamps) - 1) % HORIZON == 0 and (came := self.chunk(now, len(self.stamps) - 1)):
            self.trajectories.put(came)


def chunk_of(now, first, latency=0, stamp=None, velocity=0.0):
    """Action j is first + j, for all joints."""
    points = [Point((j + 1) * PERIOD, [float(first + j)] * len(JOINTS), [velocity] * len(JOINTS))
              for j in range(HORIZON)]
    return types.SimpleNamespace(stamp=now if stamp is None else stamp, at=now + latency, names=JOINTS, points=points)


class Node:
    said = 'it said nothing'

    def check(self):
        pass


def executed(driver_of, steps, chunk):
    """The driver, what it had executed, and when it was published."""
    actions, peer = [], Peer(steps, chunk)
    driver = driver_of(lambda scene, action: actions.append(float(action[0])))
    with mock.patch.object(real_time, 'PAUSE_S', 0):
        driver.begin(peer)
        driver.run(7, peer, Node())
    return driver, actions, peer


class Lockstep(unittest.TestCase):
    def run_with(self, chunk, steps=20):
        return executed(lambda see: lockstep.Lockstep(HORIZON, [], see), steps, chunk)

    def test_executes_every_action_in_its_period(self):
        driver, actions, peer = self.run_with(chunk_of)
        self.assertEqual(actions, list(range(20)))
        np.testing.assert_array_equal(np.diff(peer.stamps), PERIOD)
        self.assertEqual(peer.clock, peer.stamps[-1])
        self.assertEqual(driver.report(), {'chunks': 3, 'ticks': 20, 'repeated': 0})

    def test_passes_over_what_ends_the_last_episode(self):
        came = []

        def chunk(now, first):
            came.append(now)
            return chunk_of(now, first, stamp=0 if len(came) == 1 else now)

        with mock.patch.object(lockstep, 'REPEAT_S', 0.01):
            driver, actions, _ = self.run_with(chunk)
        self.assertEqual(actions, list(range(20)))
        self.assertEqual(driver.repeated, 1)

    def test_says_what_it_waited_for(self):
        with mock.patch.multiple(lockstep, REPEAT_S=0.01, TIMES=5):
            with self.assertRaisesRegex(RuntimeError, r'scene 7, step 8: .*trajectory stamped 1001\.40 s'):
                self.run_with(lambda now, first: chunk_of(now, first) if first == 0 else None)

    def test_ends_when_a_trajectory_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, 'scene 7, step 0: .* not at rest'):
            self.run_with(lambda now, first: chunk_of(now, first, velocity=1.0))

    def test_refuses_a_horizon_beyond_what_the_node_takes_in_advance(self):
        with self.assertRaisesRegex(ValueError, 'below 10'):
            lockstep.Lockstep(10, [])


class RealTime(unittest.TestCase):
    def run_with(self, chunk, steps=20):
        # Ten times as fast, so that the test is: what counts is which period comes when.
        return executed(lambda see: real_time.RealTime(200, see), steps, chunk)

    @staticmethod
    def chunk(periods, **more):
        """Made within so many of the driver's periods."""
        def make(now, first):
            made = chunk_of(now, first, latency=round(periods * PERIOD / 10), **more)
            made.points = [Point(p.time // 10, p.positions, p.velocities) for p in made.points]
            return made
        return make

    def test_loses_the_period_in_which_a_chunk_is_made(self):
        driver, actions, _ = self.run_with(self.chunk(0.5))
        self.assertEqual(actions, [0.5, *range(1, 8), 7, *range(9, 16), 15, *range(17, 20)])
        report = driver.report()
        names = 'chunks', 'ticks', 'waited_ticks', 'held_ticks', 'deadline_misses'
        self.assertEqual([report[name] for name in names], [3, 20, 1, 2, 0])
        self.assertEqual(report['chunk_latency_ms']['max'], 2.5)

    def test_counts_chunks_that_took_longer_than_a_period(self):
        driver, _, _ = self.run_with(self.chunk(1.5))
        self.assertEqual(driver.report()['deadline_misses'], 3)

    def test_counts_what_the_controller_refuses_and_stays(self):
        driver, actions, _ = self.run_with(self.chunk(0.5, velocity=1.0))
        self.assertEqual(driver.report()['refused'], {'not at rest at its end': 3})
        self.assertEqual(set(actions), {0.5})
        self.assertEqual(driver.report()['waited_ticks'], 20)

    def test_stops_where_the_node_says_so(self):
        driver, actions, _ = self.run_with(
            lambda now, first: self.chunk(0.5)(now, first) if first == 0 else types.SimpleNamespace(
                stamp=0, at=now, names=JOINTS, points=[Point(PERIOD // 10, REST, [0.0] * len(JOINTS))]))
        self.assertEqual(driver.report()['holds'], 2)
        self.assertEqual(actions[9:], [0.5] * 11)


if __name__ == '__main__':
    unittest.main()
