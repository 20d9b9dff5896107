"""A scripted expert for Square: grasps the nut at its handle, turns it to the peg's sides and drops it over the peg."""

import itertools

import numpy as np

from simulation.experts.waypoints import UP, Phase, WaypointExpert, pose_of
from simulation.tasks import NUT_TABLE, PEG, PEG_TOP

# rad: handles that point so can be held at the peg; where it points away from the robot the hand does not reach.
HANDLES = (np.pi / 2, np.pi, -np.pi / 2)
GRASP_YAWS, PEG_YAWS = (-3.1, 0.75), (-3.2, 1.8)  # rad: of the hand, within the range of the last joint
ABOUT_AS_NEAR = 0.5  # rad: turns this much longer than the shortest are taken too
LEAN = 0.16  # rad, outward at the peg: a hand straight down does not reach it from every side
NUT_HALF = 0.01  # m, half of its thickness


def turned(vector, angle):
    """(3,), turned by `angle` rad about the world's z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * vector[0] - s * vector[1], s * vector[0] + c * vector[1], vector[2]])


def wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def grasps(yaw):
    """For a nut that lies at `yaw`: the hand's yaw at the nut, and where the handle points at the peg (rad)."""
    found = []
    for half_turns, handle in itertools.product((-2, -1, 0), HANDLES):
        hand, turn = yaw + (half_turns + 0.5) * np.pi, wrapped(handle - yaw)
        if GRASP_YAWS[0] <= hand <= GRASP_YAWS[1] and PEG_YAWS[0] <= hand + turn <= PEG_YAWS[1]:
            found.append((abs(turn), hand, handle))
    shortest = min(found)[0]
    return [(hand, handle) for turn, hand, handle in found if turn <= shortest + ABOUT_AS_NEAR]


class SquareExpert(WaypointExpert):
    precise_noise = 0.15  # the hole is only 7 mm wider than the peg on each side

    def __init__(self, kinematics, observation, rng):
        super().__init__(kinematics, observation, speed=rng.uniform(0.20, 0.28))
        hover, grip = rng.uniform(0.07, 0.11), rng.uniform(0.057, 0.062)  # m; along the handle
        above = PEG_TOP + NUT_HALF + rng.uniform(0.025, 0.055)  # m, of the nut over the peg
        below = NUT_TABLE + rng.uniform(0.03, 0.045)  # m: let go higher up, the nut may get stuck on the peg
        start, yaw = pose_of(observation)
        choices = grasps(yaw)
        self.hand_yaw, self.handle = choices[rng.integers(len(choices))]
        self.rotation = kinematics.turned_down(self.hand_yaw)
        self.carried = np.zeros(3)  # m, the nut in the hand

        def handle(seen):
            nut, angle = pose_of(seen)
            return nut + turned(np.array([grip, 0, 0.005]), angle)

        def peg(height):
            return lambda seen: np.array([*PEG, height]) - self.carried

        self.phases = [
            Phase(lambda seen: handle(seen) + hover * UP, 0.012, turned=True),
            Phase(handle, 0.002, hold=2, precise=True),
            Phase(None, hold=9, closed=True, precise=True),
            Phase(lambda seen: np.array([*(start + turned(np.array([grip, 0, 0]), yaw))[:2], above]), 0.02, closed=True,
                  precise=True, then=self._turn),
            Phase(peg(above), 0.008, closed=True, turned=True, then=self._hangs),
            Phase(peg(above), 0.002, hold=3, closed=True, precise=True, then=self._hangs),
            Phase(peg(below), 0.003, hold=1, closed=True, precise=True),
            Phase(None, hold=4, precise=True),
            Phase(peg(above), 0.01, hold=40),
        ]

    def _turn(self, seen):
        nut, yaw = pose_of(seen)
        turn = wrapped(self.handle - yaw)
        self.rotation = self.kinematics.leaning(self.hand_yaw + turn, np.array([*PEG, 0]), LEAN)
        self.carried = turned(nut - self.hand(seen), turn)

    def _hangs(self, seen):
        self.carried = pose_of(seen)[0] - self.hand(seen)
