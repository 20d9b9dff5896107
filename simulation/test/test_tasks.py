"""Success means the task: what flies, or is still in the hand, has not been placed."""

import unittest

import mujoco
import numpy as np

from simulation.experts import EXPERTS
from simulation.experts.waypoints import Kinematics
from simulation.robot import SimulatedRobot
from simulation.tasks import COMPARTMENT, NUT_TABLE, PEG, TASKS

PLACED = {'can': [*COMPARTMENT, 0.861], 'square': [*PEG, NUT_TABLE + 0.01]}


def put(robot, i, position, speed=0.0):
    """Puts object i at `position` (3,) m, moving sideways at `speed` m/s."""
    robot.data.qpos[robot.objects[i]:robot.objects[i] + 7] = *position, 1, 0, 0, 0
    robot.data.qvel[robot.object_dofs[i]:robot.object_dofs[i] + 3] = 0, speed, 0
    mujoco.mj_forward(robot.model, robot.data)


class Success(unittest.TestCase):
    def test_is_not_there_at_the_start(self):
        for task in TASKS:
            robot = SimulatedRobot(task)
            robot.start(0)
            mujoco.mj_forward(robot.model, robot.data)
            self.assertFalse(robot.task.achieved(robot), task)

    def test_is_an_object_that_lies_in_its_place(self):
        for task, place in PLACED.items():
            with self.subTest(task):
                robot = SimulatedRobot(task)
                robot.start(0)
                put(robot, 0, place)
                self.assertTrue(robot.task.achieved(robot))
                put(robot, 0, place, speed=0.5)
                self.assertFalse(robot.task.achieved(robot))
                put(robot, 0, place + np.array([0, 0, 0.15]))
                self.assertFalse(robot.task.achieved(robot))
                put(robot, 0, place + np.array([-0.12, 0, 0]))
                self.assertFalse(robot.task.achieved(robot))

    def test_is_not_an_object_that_was_flung(self):
        robot = SimulatedRobot('lift')
        robot.start(0)
        put(robot, 0, [0, 0, 0.9])
        self.assertFalse(robot.task.achieved(robot))
        robot = SimulatedRobot('stack')
        robot.start(0)
        put(robot, 1, [0, 0, robot.resting[1]])
        put(robot, 0, [0, 0, 0.88])
        self.assertFalse(robot.task.achieved(robot))
        put(robot, 0, [0, 0, robot.resting[1] + 0.0445])
        self.assertTrue(robot.task.achieved(robot))

    def test_is_not_there_before_the_hand_lets_go(self):
        for task in ('stack', 'can', 'square'):
            with self.subTest(task):
                robot = SimulatedRobot(task)
                episode = robot.start(1)
                expert = EXPERTS[task](Kinematics(robot), episode.window[1], np.random.default_rng(1))
                release = next(i for i in range(1, len(expert.phases))
                               if expert.phases[i - 1].closed and not expert.phases[i].closed)
                while expert.phase < release:
                    label = expert.act(episode.window[1])
                    robot.advance(episode, label[None])
                robot.advance(episode, np.tile(label, (20, 1)))
                self.assertTrue(robot.holds(0))
                self.assertIsNone(episode.success_step)
                while not (expert.is_done or robot.is_over(episode)):
                    robot.advance(episode, expert.act(episode.window[1])[None])
                self.assertIsNotNone(episode.success_step)


if __name__ == '__main__':
    unittest.main()
