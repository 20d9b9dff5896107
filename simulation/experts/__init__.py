"""Scripted experts, one for each task."""

import numpy as np

from simulation.experts.can import CanExpert
from simulation.experts.lift import LiftExpert
from simulation.experts.square import SquareExpert
from simulation.experts.stack import StackExpert
from simulation.experts.waypoints import follow

EXPERTS = {'lift': LiftExpert, 'stack': StackExpert, 'can': CanExpert, 'square': SquareExpert}


def demonstrate(robot, kinematics, seed, noise):
    """The Demonstration of the robot's task in the scene of `seed`: observations, labels, states, success."""
    episode = robot.start(seed)
    rng = np.random.default_rng([seed, 7])
    return follow(EXPERTS[robot.name](kinematics, episode.window[1], rng), robot, episode, noise, rng)
