"""Each rule of joint_trajectory_controller, as its documentation and its source have them."""

import unittest

import numpy as np

from simulation.ros.trajectory_controller import NS, Point, TrajectoryController

MS = NS // 1000
NOW = 5 * NS


def point(ms, positions, **more):
    return Point(ms * MS, positions, **more)


class Refusals(unittest.TestCase):
    def setUp(self):
        self.controller = TrajectoryController(['a', 'b'], [0.1, 0.2])

    def refused(self, reason, names=('a', 'b'), points=(point(50, [1, 2]), point(100, [3, 4])), stamp=NOW):
        self.assertEqual(self.controller.accept(names, points, stamp, NOW), reason)
        self.assertEqual(self.controller.refused, {reason: 1})
        self.assertEqual(self.controller.accepted, 0)
        np.testing.assert_array_equal(self.controller.sample(NOW + NS).positions, [0.1, 0.2])

    def test_without_points(self):
        self.refused('empty', points=[])

    def test_of_an_unknown_joint(self):
        self.refused('unknown joint', names=['a', 'c'])

    def test_without_a_joint(self):
        self.refused('joint missing', names=['a'], points=[point(50, [1])])

    def test_of_a_joint_named_twice(self):
        self.refused('joint named twice', names=['a', 'b', 'b'], points=[point(50, [1, 2, 3])])

    def test_that_ended_in_the_past(self):
        self.refused('ended in the past', stamp=NOW - 100 * MS - 1)

    def test_whose_times_stand_still(self):
        self.refused('times do not increase', points=[point(50, [1, 2]), point(50, [3, 4])])

    def test_whose_times_go_back(self):
        self.refused('times do not increase', points=[point(50, [1, 2]), point(40, [3, 4])])

    def test_without_positions(self):
        self.refused('wrong length', points=[point(50, [], velocities=[0, 0])])

    def test_with_too_few_velocities(self):
        self.refused('wrong length', points=[point(50, [1, 2], velocities=[0])])

    def test_with_too_many_accelerations(self):
        self.refused('wrong length', points=[point(50, [1, 2], accelerations=[0, 0, 0])])

    def test_with_effort(self):
        self.refused('effort', points=[point(50, [1, 2], effort=[1, 1])])

    def test_with_a_position_that_is_no_number(self):
        self.refused('not finite', points=[point(50, [1, np.nan])])

    def test_with_an_infinite_velocity(self):
        self.refused('not finite', points=[point(50, [1, 2], velocities=[np.inf, 0]), point(60, [1, 2])])

    def test_that_does_not_end_at_rest(self):
        self.refused('not at rest at its end', points=[point(50, [1, 2], velocities=[0, 1e-6])])

    def test_are_counted_by_reason(self):
        for points in ([], [], [point(50, [1])]):
            self.controller.accept(['a', 'b'], points, NOW, NOW)
        self.assertEqual(self.controller.refused, {'empty': 2, 'wrong length': 1})

    def test_leave_the_trajectory_before(self):
        self.controller.accept(['a', 'b'], [point(50, [1, 2])], NOW, NOW)
        self.controller.accept(['a', 'b'], [point(50, [9])], NOW, NOW)
        np.testing.assert_array_equal(self.controller.sample(NOW + 50 * MS).positions, [1, 2])


class Motion(unittest.TestCase):
    def setUp(self):
        self.controller = TrajectoryController(['a', 'b'], [0.0, 0.0])

    def accept(self, points, stamp=NOW, now=NOW, names=('a', 'b')):
        self.assertIsNone(self.controller.accept(names, points, stamp, now))

    def at(self, ms):
        return self.controller.sample(NOW + round(ms * MS)).positions

    def test_begins_at_rest_where_the_joints_are(self):
        state = TrajectoryController(['a'], [0.3]).sample(NOW)
        self.assertEqual((state.positions, state.velocities), (0.3, 0))

    def test_of_positions_is_straight_from_where_the_joints_are(self):
        self.controller = TrajectoryController(['a', 'b'], [0.4, 0.0])
        self.accept([point(50, [0.8, 1.0]), point(100, [0.0, 3.0])])
        # The joints are at rest at first, but the first point says nothing about velocity.
        np.testing.assert_allclose(self.at(25), [0.6, 0.5])
        np.testing.assert_allclose(self.at(75), [0.4, 2.0])

    def test_meets_points_exactly(self):
        positions = np.float32([[0.1, 1 / 3], [0.7, -0.2], [0.3, 0.9]]).astype(float)
        self.accept([point(50 * (i + 1), row, velocities=[0.1 * (i < 2), 0]) for i, row in enumerate(positions)])
        for i, row in enumerate(positions):
            np.testing.assert_array_equal(self.at(50 * (i + 1)), row)

    def test_takes_joints_in_any_order(self):
        self.accept([point(50, [1, 2], velocities=[3, 4]), point(60, [1, 2])], names=['b', 'a'])
        state = self.controller.sample(NOW + 50 * MS)
        np.testing.assert_array_equal([state.positions, state.velocities], [[2, 1], [4, 3]])

    def test_stays_at_the_last_point(self):
        self.accept([point(50, [1, 2]), point(100, [3, 4])])
        self.assertEqual(self.controller.end, NOW + 100 * MS)
        state = self.controller.sample(NOW + 100 * NS)
        np.testing.assert_array_equal([state.positions, state.velocities], [[3, 4], [0, 0]])

    def test_with_velocities_is_a_cubic(self):
        self.accept([point(100, [0.5, 0], velocities=[1, 0]), point(300, [0.9, 0], velocities=[0, 0])])
        # x(s) through 0.5, 0.9 with slopes 1, 0 over 0.2 s, at its middle.
        self.assertAlmostEqual(self.at(200)[0], 0.5 * (0.5 + 0.9) + 0.2 / 8 * (1 - 0))
        step = 1e-4
        before, after = (self.at(100 + d)[0] for d in (0, 1000 * step))
        self.assertAlmostEqual((after - before) / step, 1, delta=2e-3)

    def test_with_accelerations_is_a_quintic(self):
        rest = {'velocities': [0, 0], 'accelerations': [0, 0]}
        self.accept([point(100, [0, 0], **rest), point(300, [1, 0], **rest)])
        for share in (0.1, 0.5, 0.8):
            self.assertAlmostEqual(self.at(100 + 200 * share)[0], 10 * share**3 - 15 * share**4 + 6 * share**5)

    def test_says_the_velocity_on_the_way(self):
        self.accept([point(100, [0.5, 0], velocities=[1, 0]), point(300, [0.9, 0.3], velocities=[0, 0])])
        for ms in (50, 150, 250):
            slope = (self.at(ms + 1) - self.at(ms - 1)) / 2e-3
            np.testing.assert_allclose(self.controller.sample(NOW + ms * MS).velocities, slope, atol=1e-3)

    def test_begins_now_at_stamp_zero(self):
        self.accept([point(50, [1, 2])], stamp=0, now=NOW + 20 * MS)
        np.testing.assert_allclose(self.at(45), [0.5, 1])
        np.testing.assert_array_equal(self.at(70), [1, 2])

    def test_of_the_future_begins_to_go_there_at_once(self):
        self.accept([point(50, [1, 2])], stamp=NOW + 150 * MS)
        np.testing.assert_allclose(self.at(100), [0.5, 1])

    def test_passes_over_points_of_the_past(self):
        self.accept([point(50, [1, 2]), point(100, [3, 4]), point(150, [5, 6])], stamp=NOW - 60 * MS)
        np.testing.assert_allclose(self.at(0), [1.4, 2.4])
        np.testing.assert_array_equal(self.at(40), [3, 4])

    def test_takes_one_that_ends_now(self):
        self.accept([point(100, [3, 4])], stamp=NOW - 100 * MS)
        np.testing.assert_array_equal(self.at(0), [3, 4])

    def test_goes_from_the_old_trajectory_to_the_new_one(self):
        self.accept([point(100, [1, 0], velocities=[10, 0]), point(200, [2, 0], velocities=[0, 0])])
        place = self.controller.sample(NOW + 50 * MS)
        self.accept([point(50, [0, 0], velocities=[0, 0])], stamp=NOW + 50 * MS, now=NOW + 50 * MS)
        after = self.controller.sample(NOW + 50 * MS)
        np.testing.assert_array_equal([after.positions, after.velocities], [place.positions, place.velocities])
        self.assertGreater(place.velocities[0], 0)
        # On with the velocity it had, then back: nothing jumps.
        self.assertGreater(self.at(51)[0], place.positions[0])
        np.testing.assert_array_equal(self.at(100), [0, 0])

    def test_of_the_new_trajectory_replaces_all_of_the_old_one(self):
        self.accept([point(50, [1, 1]), point(100, [2, 2]), point(150, [3, 3])])
        self.accept([point(60, [5, 5])], stamp=NOW, now=NOW + 10 * MS)
        np.testing.assert_array_equal(self.at(150), [5, 5])
        self.assertEqual(self.controller.accepted, 2)


if __name__ == '__main__':
    unittest.main()
