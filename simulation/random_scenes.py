"""Pictures to learn from where objects are: poses of the arm out of demonstrations, objects anywhere they may start.

Demonstrations show few places of objects, each from many sides; an encoder that only saw those finds its way in these
scenes and no others.
"""

import numpy as np

from simulation.robot import SimulatedRobot
from simulation.tasks import DROP

AS_RECORDED = 0.4  # share of the scenes in which objects are where the demonstration had them: also in the hand


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
    """Observations (n, D) of scenes (n, nq)."""
    robot, observations = SimulatedRobot(task), []
    for scene in positions:
        robot.data.qpos[:] = scene
        observations.append(robot.observation())
    return np.asarray(observations)
