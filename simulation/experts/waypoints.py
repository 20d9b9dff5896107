"""What the scripted experts share: kinematics, a way of phases, and disturbed demonstrations.

The label of a step is the joint command on the expert's undisturbed path; what is executed is that plus noise that
is correlated in time, so that a policy learns the way back.
"""

from collections.abc import Callable
from typing import NamedTuple

import mujoco
import numpy as np

from simulation.robot import FINGER_CLOSED, FINGER_OPEN, GRIP_SITE, HOME, RATE_HZ

HOME_YAW = -np.pi / 2  # rad; turns of about half a circle from here begin slowly: either direction is as short
NOISE_STEPS = 5  # correlation time of the disturbance, control steps
PRECISE_SPEED = 0.7  # share of the speed where the hand has to be precise
ORIENTATION_GAIN, MAX_TURN = 0.25, 0.12  # share of the error per step; rad per step
TURNED = 0.1  # rad: how near the hand has to be to its orientation before it goes on
UP = np.array([0, 0, 1.0])


class Kinematics:
    """The arm's forward and differential inverse kinematics, on a copy of the simulator's data."""

    def __init__(self, robot):
        self.model, self.data = robot.model, mujoco.MjData(robot.model)
        self.arm = robot.arm
        self.site = self.model.site(GRIP_SITE).id
        self.dofs = robot.arm_dofs
        self.base = self.model.body('robot0_base').pos
        self.down = self._straight_down(self.pose(HOME)[1])

    @staticmethod
    def _straight_down(rotation):
        """The rotation whose z points down and whose y is along the world's; the fingers then close along x."""
        y = np.array([0, np.sign(rotation[1, 1]), 0])
        z = np.array([0, 0, -1.0])
        return np.stack([np.cross(y, z), y, z], axis=1)

    def turned_down(self, yaw):
        """(3, 3): straight down, the fingers closing along the direction `yaw` (rad); at HOME that is HOME_YAW."""
        c, s = np.cos(yaw), np.sin(yaw)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ self.down

    def leaning(self, yaw, position, angle):
        """(3, 3): `turned_down`, leaning by `angle` rad so that the hand reaches out from the base to `position`."""
        out = (position - self.base) * [1, 1, 0]
        x, y, _ = out / np.linalg.norm(out)
        # Rodrigues' formula about the horizontal axis (y, -x, 0), across the way out
        across = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
        return (np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * across @ across) @ self.turned_down(yaw)

    def pose(self, joints):
        """Position (3,) m and rotation (3, 3) of the grip."""
        self.data.qpos[self.arm] = joints
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        return self.data.site_xpos[self.site].copy(), self.data.site_xmat[self.site].reshape(3, 3).copy()

    def step(self, joints, position, rotation, speed):
        """Joints one control step on towards a pose, and the distance (m) and angle (rad) that were left."""
        here, facing = self.pose(joints)
        move = position - here
        left = np.linalg.norm(move)
        move *= min(1, speed / RATE_HZ / max(left, 1e-9))
        turn = 0.5 * sum(np.cross(facing[:, i], rotation[:, i]) for i in range(3))
        angle = np.linalg.norm(turn)
        turn *= min(ORIENTATION_GAIN, MAX_TURN / max(angle, 1e-9))
        jacobian = np.zeros((6, self.model.nv))
        mujoco.mj_jacSite(self.model, self.data, jacobian[:3], jacobian[3:], self.site)
        jacobian = jacobian[:, self.dofs]
        inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + 1e-4 * np.eye(6))
        posture = (np.eye(7) - inverse @ jacobian) @ (0.05 * (HOME - joints))
        return joints + inverse @ np.concatenate([move, turn]) + posture, left, angle


def pose_of(observation, i=0):
    """Position (3,) m and yaw rad of object i."""
    pose = observation[8 + 7 * i:15 + 7 * i]
    return pose[:3].astype(float), 2 * np.arctan2(*pose[5:])


class Phase(NamedTuple):
    """A stretch of the hand's way. It ends `hold` control steps after the hand has come near enough to its goal."""

    goal: Callable | None  # of an observation: where the hand should be, (3,) m; None stays
    tolerance: float = 0.0  # m
    hold: int = 0
    closed: bool = False
    precise: bool = False
    turned: bool = False  # whether the hand's orientation counts too
    then: Callable | None = None  # of the observation at its end


class WaypointExpert:
    """Its choices (grasp, sides, speeds, heights) are drawn once per episode; `act` gives one label per step."""

    precise_noise = 0.3  # share of the disturbance where the hand has to be precise

    def __init__(self, kinematics, observation, speed):
        self.kinematics = kinematics
        self.command = observation[:7].astype(float)
        self.speed = speed  # m/s
        self.rotation = kinematics.down
        self.phases = []
        self.phase = self.waited = 0

    @property
    def is_precise(self):
        return not self.is_done and self.phases[self.phase].precise

    @property
    def is_done(self):
        return self.phase >= len(self.phases)

    def hand(self, observation):
        """Where the hand is, (3,) m."""
        return self.kinematics.pose(observation[:7].astype(float))[0]

    def act(self, observation):
        """The label (8,), joint targets rad and finger target m, for the observation (D,)."""
        phase = self.phases[self.phase]
        if phase.goal is not None:
            self.goal = phase.goal(observation)
        self.command, left, angle = self.kinematics.step(self.command, self.goal, self.rotation,
                                                         self.speed * (PRECISE_SPEED if phase.precise else 1))
        if phase.goal is None or (left < phase.tolerance and (angle < TURNED or not phase.turned)):
            self.waited += 1
            if self.waited > phase.hold:
                if phase.then:
                    phase.then(observation)
                self.phase, self.waited = self.phase + 1, 0
        return np.append(self.command, FINGER_CLOSED if phase.closed else FINGER_OPEN).astype(np.float32)


class Demonstration(NamedTuple):
    """n steps of one episode, and whether it succeeded."""

    observations: np.ndarray  # (n, D) float32, before the step
    labels: np.ndarray  # (n, 8) float32, rad and m
    states: np.ndarray  # (n, nq) float64, the simulator's qpos before the step
    success: bool


def follow(expert, robot, episode, noise, rng):
    """The expert's way through `episode`, disturbed by up to `noise` rad (standard deviation)."""
    disturbance, strength = np.zeros(7), rng.uniform(0, noise)
    keep = np.exp(-1 / NOISE_STEPS)
    observations, labels, states = [], [], []
    while not (robot.is_over(episode) or expert.is_done):
        observation = episode.window[1]
        states.append(robot.data.qpos.copy())
        observations.append(observation)
        labels.append(expert.act(observation))
        disturbance = keep * disturbance + np.sqrt(1 - keep**2) * rng.normal(0, strength, 7)
        executed = labels[-1].copy()
        executed[:7] += disturbance * (expert.precise_noise if expert.is_precise else 1)
        robot.advance(episode, executed[None])
    return Demonstration(np.asarray(observations), np.asarray(labels), np.asarray(states),
                         episode.success_step is not None)
