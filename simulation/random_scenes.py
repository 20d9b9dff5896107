"""Pictures to learn from where objects are: poses of the arm out of demonstrations, objects anywhere they may start.

Demonstrations show few places of objects, each from many sides; an encoder that only saw those finds its way in these
scenes and no others.
"""

import mujoco
import numpy as np

from simulation.experts.waypoints import Kinematics
from simulation.robot import SimulatedRobot
from simulation.tasks import DROP

AS_RECORDED = 0.4  # share of the scenes in which objects are where the demonstration had them: also in the hand
HAND_SCALE = 10.0  # 1/m: an object 10 cm from the hand is 1 away


def random_scenes(task, positions, count, seed):
    """Positions (count, nq) of the simulator: arms of `positions` (n, nq), objects there or at a random start."""
    robot, rng = SimulatedRobot(task), np.random.default_rng([seed, 30])
    chosen = positions[rng.integers(len(positions), size=count)].copy()
    for i in np.flatnonzero(rng.random(count) >= AS_RECORDED):
        start = robot.start(int(rng.integers(2**31))).positions[1]
        for address in robot.objects:
            chosen[i, address:address + 7] = start[address:address + 7]
            chosen[i, address + 2] -= DROP  # a start lets objects fall a little
    return chosen


def where_objects_are(task, positions):
    """What can be learned of each scene (n, nq): observations (n, D), and objects from the hand (n, objects * 3).

    The latter are positions in the frame of the hand, times HAND_SCALE.
    """
    robot = SimulatedRobot(task)
    kinematics = Kinematics(robot)
    observations, from_hand = [], []
    for scene in positions:
        robot.data.qpos[:] = scene
        mujoco.mj_kinematics(robot.model, robot.data)
        observations.append(robot.observation())
        hand, rotation = kinematics.pose(scene[robot.arm])
        from_hand.append(np.concatenate([HAND_SCALE * rotation.T @ (robot.position(i) - hand)
                                         for i in range(len(robot.objects))]))
    return np.asarray(observations), np.asarray(from_hand, np.float32)
