"""A scripted expert for Can: grasps it from above, carries it over the walls and lets it down in its compartment.

The compartment's middle is out of the reach of a hand that points straight down: the can is put near the corner that is
next to the robot, by a hand that leans outward.
"""

import numpy as np

from simulation.experts.waypoints import HOME_YAW, UP, Phase, WaypointExpert, pose_of

CORNER = np.array([0.172, 0.372])  # m: middle of where the can is put
LEAN = 0.25  # rad
CAN_AT_REST = 0.861  # m


class CanExpert(WaypointExpert):
    precise_noise = 0.2

    def __init__(self, kinematics, observation, rng):
        super().__init__(kinematics, observation, speed=rng.uniform(0.24, 0.34))
        hover, grip, carry = rng.uniform(0.09, 0.12), rng.uniform(0.008, 0.02), rng.uniform(0.985, 1.035)  # m
        side = rng.choice([-1, 1]) * rng.uniform(0.03, 0.07)  # m, of the way over the wall
        goal = np.array([*CORNER + rng.uniform(-0.012, 0.012, 2), CAN_AT_REST + rng.uniform(0.01, 0.05)])
        yaw = HOME_YAW + rng.choice([-1, 1]) * rng.uniform(0.1, 0.8)  # rad; the can is round
        start = pose_of(observation)[0]
        self.rotation = kinematics.turned_down(yaw)
        self.leaning = kinematics.leaning(yaw, goal, LEAN)
        self.carried = grip * -UP  # the can in the hand
        over = np.array([(start[0] + goal[0]) / 2 + side, 0.015, carry])  # the walls of both bins are here

        def can(seen):
            return pose_of(seen)[0]

        self.phases = [
            Phase(lambda seen: can(seen) + hover * UP, 0.012, turned=True),
            Phase(lambda seen: can(seen) + grip * UP, 0.003, hold=2, precise=True),
            Phase(None, hold=8, closed=True, precise=True),
            Phase(lambda seen: np.array([*start[:2], carry - 0.02]), 0.02, closed=True, precise=True,
                  then=self._hangs),
            Phase(lambda seen: over - self.carried, 0.04, closed=True, then=self._lean),
            Phase(lambda seen: np.array([*goal[:2], carry]) - self.carried, 0.015, closed=True, turned=True,
                  then=self._hangs),
            Phase(lambda seen: goal - self.carried, 0.006, closed=True, precise=True),
            Phase(None, hold=4, precise=True),
            Phase(lambda seen: np.array([*goal[:2], carry + 0.05]), 0.02, hold=20),
        ]

    def _hangs(self, seen):
        self.carried = pose_of(seen)[0] - self.hand(seen)

    def _lean(self, seen):
        self.rotation = self.leaning
