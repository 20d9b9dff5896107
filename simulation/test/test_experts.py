"""The experts do their tasks, and their demonstrations are what is documented."""

import unittest

import numpy as np

from simulation.demonstrations import demonstrations
from simulation.experts import EXPERTS, demonstrate
from simulation.experts.waypoints import Kinematics
from simulation.robot import SimulatedRobot
from simulation.tasks import TASKS

SCENES, NOISE = 40, 0.04


class Experts(unittest.TestCase):
    def test_there_is_one_for_each_task(self):
        self.assertEqual(set(EXPERTS), set(TASKS))

    def test_succeed_in_95_of_100_scenes(self):
        for task in EXPERTS:
            with self.subTest(task):
                made = [d.success for d in demonstrations(task, range(5000, 5000 + SCENES), NOISE, workers=2)]
                self.assertGreaterEqual(sum(made), 0.95 * SCENES)

    def test_a_demonstration_follows_from_its_seed(self):
        for task in EXPERTS:
            with self.subTest(task):
                robot = SimulatedRobot(task)
                kinematics = Kinematics(robot)
                made, again = (demonstrate(robot, kinematics, 3, NOISE) for _ in range(2))
                n = len(made.labels)
                self.assertEqual(made.observations.shape, (n, 8 + 14 * len(robot.task.objects)))
                self.assertEqual(made.states.shape, (n, robot.model.nq))
                np.testing.assert_array_equal(made.states, again.states)
                np.testing.assert_array_equal(made.states[:, robot.arm].astype(np.float32), made.observations[:, :7])
                np.testing.assert_array_equal(made.labels, again.labels)


if __name__ == '__main__':
    unittest.main()
