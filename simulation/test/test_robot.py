"""The simulator does what robosuite does, and a scene follows from its seed."""

import unittest

import mujoco
import numpy as np

from simulation.experts.waypoints import Kinematics
from simulation.robot import FINGER_CLOSED, FINGER_OPEN, HOME, STATE, SimulatedRobot
from simulation.scene_model import full_model, make_environment, parked
from simulation.tasks import TASKS


def joints(model):
    return [(model.joint(i).name, model.jnt_qposadr[i], model.jnt_type[i]) for i in range(model.njnt)]


def colliding(model, data, without):
    """Of the geoms that can touch others: type, size and place (n, 7), but for those of the bodies `without`."""
    chosen = [i for i in range(model.ngeom) if model.geom_contype[i] and model.geom_bodyid[i] not in without]
    return np.column_stack([model.geom_type[chosen], model.geom_size[chosen], data.geom_xpos[chosen]])


def matrix(xyzw):
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, np.roll(xyzw, 1))
    return rotation.reshape(3, 3)


class Robot(unittest.TestCase):
    def test_tells_where_objects_are_from_the_hand(self):
        for task in TASKS:
            with self.subTest(task):
                robot, n = SimulatedRobot(task), 7 * len(TASKS[task].objects)
                seen = robot.start(4).window[1].astype(float)
                hand, facing = Kinematics(robot).pose(seen[:7])
                for pose, from_hand in zip(seen[8:8 + n].reshape(-1, 7), seen[8 + n:].reshape(-1, 7)):
                    np.testing.assert_allclose(hand + facing @ from_hand[:3], pose[:3], atol=1e-6)
                    np.testing.assert_allclose(facing @ matrix(from_hand[3:]), matrix(pose[3:]), atol=1e-6)

    def test_moves_as_robosuite_does(self):
        for task in TASKS:
            with self.subTest(task):
                robot, environment = SimulatedRobot(task), make_environment(TASKS[task].scene)
                model, data = environment.sim.model._model, environment.sim.data._data
                unused = parked(model, data)
                mujoco.mj_setState(model, data, robot.start(3).state, STATE)
                mujoco.mj_forward(model, data)
                mujoco.mj_forward(robot.model, robot.data)
                np.testing.assert_allclose(colliding(robot.model, robot.data, unused), colliding(model, data, unused),
                                           rtol=1e-5, atol=1e-6)  # a model is written to XML in between
                grip = 0.0
                for i in range(12):
                    target = HOME + 0.02 * i
                    closes = i >= 4
                    grip = robot.control_step(np.append(target, FINGER_CLOSED if closes else FINGER_OPEN), grip)
                    environment.step(np.append(target, 1.0 if closes else -1.0))
                used = np.concatenate([robot.arm, robot.fingers, *(robot.objects[:, None] + np.arange(7))])
                self.assertLess(np.abs(robot.data.qpos - data.qpos)[used].max(), 1e-5)

    def test_positions_are_those_of_the_model_to_be_rendered(self):
        for task in TASKS:
            with self.subTest(task):
                model = SimulatedRobot(task).model
                full = full_model(TASKS[task].scene)
                self.assertEqual(joints(model), joints(full))
                self.assertEqual(model.nq, full.nq)

    def test_scene_follows_from_its_seed(self):
        hold = np.tile(np.append(HOME, FINGER_OPEN), (8, 1))
        for task in TASKS:
            with self.subTest(task):
                states = []
                for _ in range(2):
                    robot = SimulatedRobot(task)
                    for seed in (5, 6):
                        episode = robot.start(seed)
                        robot.advance(episode, hold)
                        states.append(episode.state)
                np.testing.assert_array_equal(states[:2], states[2:])
                self.assertTrue((states[0] != states[1]).any())

    def test_objects_start_where_robosuite_puts_them(self):
        for task in ('can', 'square'):
            with self.subTest(task):
                robot, environment = SimulatedRobot(task), make_environment(TASKS[task].scene)
                ours = []
                for seed in range(100):
                    robot.start(seed)
                    ours.append(robot.position(0).copy())
                drawn = (environment.placement_initializer.sample() for _ in range(100))
                theirs = np.array([placed[TASKS[task].objects[0]][0] for placed in drawn])
                size = np.ptp(theirs, axis=0) + 1e-9
                for bound in (np.min, np.max):  # of 100 draws each
                    self.assertLess(np.abs((bound(ours, axis=0) - bound(theirs, axis=0)) / size).max(), 0.15)


if __name__ == '__main__':
    unittest.main()
