"""What motion_quality says of motions whose jerk and steps are known. Needs neither ROS nor scenes."""

import types
import unittest

import numpy as np

from simulation.policy_package import JOINTS
from simulation.ros.motion_quality import MotionQuality
from simulation.ros.trajectory_controller import NS, Point, TrajectoryController

PERIOD = NS // 20
REST = np.zeros(len(JOINTS))


def cubic(jerk, steps, shift=0.0, start=0):
    """Points with what p = shift + jerk t^3 / 6 says, at every control period."""
    points = []
    for step in range(1, steps + 1):
        t = (start + step) * PERIOD / NS
        state = shift + jerk * t**3 / 6, jerk * t**2 / 2, jerk * t
        points.append(Point(step * PERIOD, *(np.full(len(JOINTS), value) for value in state)))
    points[-1] = Point(points[-1].time, points[-1].positions, REST, REST)
    return types.SimpleNamespace(names=JOINTS, points=points, stamp=1000 * NS + start * PERIOD)


class Quality(unittest.TestCase):
    def test_knows_the_jerk_of_a_cubic(self):
        quality, controller, start = MotionQuality(PERIOD), TrajectoryController(JOINTS, REST), 1000 * NS
        self.assertIsNone(quality.accept(controller, cubic(6.0, 20), start))
        for step in range(15):
            quality.period(controller, start + step * PERIOD)
        quality.end_episode()
        self.assertAlmostEqual(quality.report()['jerk_rms'], 6.0, places=1)
        self.assertIsNone(quality.report()['border_position_mrad'], 'there is no border yet')

    def test_sees_no_step_where_a_trajectory_goes_on_as_the_one_before(self):
        quality, controller, start = MotionQuality(PERIOD), TrajectoryController(JOINTS, REST), 1000 * NS
        quality.accept(controller, cubic(6.0, 20), start)
        quality.accept(controller, cubic(6.0, 12, start=8), start + 8 * PERIOD)
        self.assertLess(quality.report()['border_position_mrad']['max'], 1e-3)

    def test_sees_a_step(self):
        quality, controller, start = MotionQuality(PERIOD), TrajectoryController(JOINTS, REST), 1000 * NS
        quality.accept(controller, cubic(6.0, 20), start)
        quality.accept(controller, cubic(6.0, 12, shift=0.1, start=8), start + 8 * PERIOD)
        report = quality.report()
        self.assertGreater(report['border_position_mrad']['max'], 0.5)
        self.assertGreater(report['border_velocity']['max'], 0.5)

    def test_counts_a_hold_and_what_comes_after_it_apart(self):
        quality, controller, start = MotionQuality(PERIOD), TrajectoryController(JOINTS, REST), 1000 * NS
        quality.accept(controller, cubic(6.0, 20), start)
        hold = cubic(6.0, 12, shift=0.1, start=8)
        hold.stamp = 0
        quality.accept(controller, hold, start + 8 * PERIOD)
        quality.accept(controller, cubic(6.0, 10, shift=0.2, start=10), start + 10 * PERIOD)
        quality.accept(controller, cubic(6.0, 8, shift=0.2, start=12), start + 12 * PERIOD)
        report = quality.report()
        self.assertGreater(report['hold_position_mrad']['max'], 0.5)
        self.assertGreater(report['hold_velocity']['max'], 0.5)
        self.assertLess(report['border_position_mrad']['max'], 1e-3)

    def test_counts_in_the_robots_own_time(self):
        fast, controller, start = MotionQuality(PERIOD // 5), TrajectoryController(JOINTS, REST), 1000 * NS
        # 6 rad/s^3 of the robot's time are 125 times as many by a clock that is 5 times slower.
        trajectory = cubic(6.0, 20)
        for i, point in enumerate(trajectory.points):
            trajectory.points[i] = Point(point.time // 5, point.positions, point.velocities * 5,
                                         point.accelerations * 25)
        fast.accept(controller, trajectory, start)
        for step in range(15):
            fast.period(controller, start + step * PERIOD // 5)
        fast.end_episode()
        self.assertAlmostEqual(fast.report()['jerk_rms'], 6.0, places=1)


if __name__ == '__main__':
    unittest.main()
