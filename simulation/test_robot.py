"""The simulator does what robosuite does, and a scene follows from its seed."""

import unittest

import mujoco
import numpy as np

from robot import FINGER_CLOSED, FINGER_OPEN, HOME, STATE, SimulatedRobot
from scene_model import make_environment


class Robot(unittest.TestCase):
    def test_moves_as_robosuite_does(self):
        robot, environment = SimulatedRobot('stack'), make_environment('Stack')
        model, data = environment.sim.model._model, environment.sim.data._data
        mujoco.mj_setState(model, data, robot.start(3).state, STATE)
        grip = 0.0
        for i in range(12):
            target = HOME + 0.02 * i
            closes = i >= 4
            grip = robot.control_step(np.append(target, FINGER_CLOSED if closes else FINGER_OPEN), grip)
            environment.step(np.append(target, 1.0 if closes else -1.0))
        self.assertLess(np.abs(robot.data.qpos - data.qpos).max(), 1e-5)

    def test_scene_follows_from_its_seed(self):
        robot = SimulatedRobot('stack')
        hold = np.tile(np.append(HOME, FINGER_OPEN), (8, 1))
        states = []
        for _ in range(2):
            episode = robot.start(5)
            robot.advance(episode, hold)
            states.append(episode.state)
        np.testing.assert_array_equal(*states)


if __name__ == '__main__':
    unittest.main()
