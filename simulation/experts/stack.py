"""A scripted expert for Stack: picks A, places it on B, lets go; with two grasps and detours to either side."""

import numpy as np

from simulation.experts.waypoints import UP, Phase, WaypointExpert, pose_of


class StackExpert(WaypointExpert):
    precise_noise = 0.2

    def __init__(self, kinematics, observation, rng):
        super().__init__(kinematics, observation, speed=rng.uniform(0.19, 0.27))
        hover = rng.uniform(0.07, 0.11)
        yaw = pose_of(observation)[1]
        if rng.random() < 0.5:
            yaw -= np.copysign(np.pi / 2, yaw)
        self.rotation = kinematics.turned_down(yaw)
        self.sides = rng.choice([-1, 1], 2) * rng.uniform(0.07, 0.10, 2)  # m, of the way to A and of that to B
        self.grasped_at = self.carried = np.zeros(3)  # m: the hand when it closed; the object in the hand

        def a(seen):
            return pose_of(seen, 0)[0]

        def b(seen):
            return pose_of(seen, 1)[0]

        def top(seen):  # the hand's place when A stands on B
            return b(seen) + (0.045 + 0.003) * UP - self.carried

        self.phases = [
            Phase(lambda seen: a(seen) + [0.0, self.sides[0], hover + 0.05], 0.035),
            Phase(lambda seen: a(seen) + hover * UP, 0.012, turned=True),
            Phase(a, 0.002, hold=2, precise=True),
            Phase(None, hold=8, closed=True, precise=True, then=self._grasped),
            Phase(lambda seen: self.grasped_at * [1, 1, 0] + (b(seen)[2] + 0.12) * UP, 0.015, closed=True,
                  precise=True),
            Phase(lambda seen: self._half_way(b(seen)), 0.035, closed=True, then=self._hangs),
            Phase(lambda seen: top(seen) + 0.05 * UP, 0.008, hold=3, closed=True, precise=True),
            Phase(top, 0.002, hold=2, closed=True, precise=True),
            Phase(None, hold=6, precise=True),
            Phase(lambda seen: b(seen) + 0.13 * UP, 0.02, hold=20),
        ]

    def _grasped(self, seen):
        self.grasped_at = self.hand(seen)

    def _hangs(self, seen):
        """How the object lies in the hand is known best once it hangs."""
        self.carried = pose_of(seen, 0)[0] - self.hand(seen)

    def _half_way(self, b):
        way = (b - self.grasped_at) * [1, 1, 0]
        aside = np.cross([0, 0, self.sides[1]], way) / max(np.linalg.norm(way), 0.05)
        return self.grasped_at * [1, 1, 0] + way / 2 + aside + [0, 0, b[2] + 0.13]
