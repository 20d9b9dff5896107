"""A scripted expert for Lift: grasps the cube by either pair of sides and lifts it."""

import numpy as np

from simulation.experts.waypoints import UP, Phase, WaypointExpert, pose_of


class LiftExpert(WaypointExpert):
    def __init__(self, kinematics, observation, rng):
        super().__init__(kinematics, observation, speed=rng.uniform(0.15, 0.23))
        hover = rng.uniform(0.07, 0.11)
        cube, yaw = pose_of(observation)
        if rng.random() < 0.5:
            yaw -= np.pi / 2
        self.rotation = kinematics.turned_down(yaw)
        self.phases = [
            Phase(lambda seen: pose_of(seen)[0] + hover * UP, 0.012, turned=True),
            Phase(lambda seen: pose_of(seen)[0], 0.002, hold=2, precise=True),
            Phase(None, hold=5, closed=True, precise=True),
            Phase(lambda seen: cube + 0.12 * UP, 0.01, hold=20, closed=True),
        ]
