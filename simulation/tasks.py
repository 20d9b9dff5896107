"""The tasks: which scene of robosuite, where its objects start, and what success means.

A task is done when `achieved` holds for HOLD_STEPS control steps in a row. It must mean the task: where an object has
to be placed, one that is still flying or still held by the hand does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TABLE, DROP = 0.8, 0.01  # m: height of the table of Lift and Stack, and of the objects above it at the start
PEG, PEG_TOP, NUT_TABLE = np.array([0.23, 0.10]), 0.95, 0.82  # m: the square peg, and the table of the nuts
COMPARTMENT, COMPARTMENT_HALF = np.array([0.20, 0.405]), np.array([0.09, 0.115])  # m: the can's, inside its walls
BIN_FLOOR, BIN_WALL = 0.82, 0.90  # m: heights of the bins
CAN_RADIUS = 0.025  # m
RESTING = 0.05  # m/s: an object slower than this lies where it is


@dataclass(frozen=True)
class Task:
    """A task of the simulated robot. Objects start uniformly within +-`xy` m of `centre` and +-`yaw` rad of 0."""

    scene: str  # a class of robosuite
    objects: tuple[str, ...]  # their names in it, in the order in which they are observed
    topics: tuple[str, ...]  # the ROS topics of their poses
    max_steps: int
    achieved: Callable  # of a SimulatedRobot, as its scene is now
    xy: tuple[float, float]
    yaw: float = np.pi
    centre: tuple[float, float] = (0.0, 0.0)
    apart: float = 0.0  # m: the objects' least distance from each other
    height: float | None = None  # m: of the objects' frames; None stands for DROP above the table

    @property
    def poses(self):
        """(topic, frame) of each pose that the robot tells, in the order of its observation."""
        return [*((topic, 'world') for topic in self.topics), *((f'hand/{topic}', 'hand') for topic in self.topics)]

    def places(self, rng, xy=None, centre=(0.0, 0.0)):
        """Positions (objects, 2) m; `xy` replaces the task's own range, `centre` moves it."""
        half = np.asarray(self.xy if xy is None else xy)
        while True:
            places = rng.uniform(-half, half, (len(self.objects), 2))
            if len(places) == 1 or np.linalg.norm(places[0] - places[1]) >= self.apart:
                return places + np.asarray(self.centre) + np.asarray(centre)


def cube_is_lifted(robot):
    """4 cm above the table and grasped."""
    return robot.raised(0) > 0.04 and all(robot.touch(pad, robot.object_geoms[0]) for pad in robot.pads)


def cube_is_stacked(robot):
    """A on B, off the table, and let go."""
    return robot.raised(0) > 0.03 and robot.touch(*robot.object_geoms) and not robot.holds(0)


def can_is_in_its_bin(robot):
    """Inside its compartment, below the walls' top, at rest, and let go."""
    x, y, z = robot.position(0)
    inside = np.all(np.abs([x, y] - COMPARTMENT) < COMPARTMENT_HALF - CAN_RADIUS / 2)
    return inside and BIN_FLOOR < z < BIN_WALL and robot.speed(0) < RESTING and not robot.holds(0)


def nut_is_on_its_peg(robot):
    """The peg through its hole, the nut within 4 cm of the table, at rest, and let go.

    The hole is 13.5 mm wider than the peg, so a centre within 10 mm of the peg's axis and below the peg's top has the
    peg inside; robosuite asks for 30 mm and the same height.
    """
    x, y, z = robot.position(0)
    around = np.all(np.abs([x, y] - PEG) < 0.01)
    return around and z < NUT_TABLE + 0.05 and robot.speed(0) < RESTING and not robot.holds(0)


# The ranges and heights of Can and Square are robosuite's; those objects of the scene that are not used do not limit
# them here.
TASKS = {
    'lift': Task('Lift', ('cube',), ('cube_pose',), 120, cube_is_lifted, (0.06, 0.06), np.pi / 4),
    'stack': Task('Stack', ('cubeA', 'cubeB'), ('cube_a_pose', 'cube_b_pose'), 200, cube_is_stacked, (0.10, 0.10),
                  np.pi / 4, apart=0.095),
    'can': Task('PickPlaceCan', ('Can',), ('can_pose',), 250, can_is_in_its_bin, (0.1096, 0.1596), centre=(0.1, -0.25),
                height=0.86),
    'square': Task('NutAssemblySquare', ('SquareNut',), ('nut_pose',), 250, nut_is_on_its_peg, (0.0025, 0.0575),
                   centre=(-0.1125, 0.1675), height=0.89),
}
