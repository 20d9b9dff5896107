"""A scripted expert for Stack: picks A, places it on B, lets go; with two grasps and detours to either side.

    expert.py --episodes 300 --first-seed 0 --output DEMOS.npz

The label of a step is the joint command on the expert's undisturbed path; what is executed is that plus noise that
is correlated in time, so that a policy learns the way back. Episodes without success are dropped.
"""

import argparse
import sys

import mujoco
import numpy as np

from robot import FINGER_CLOSED, FINGER_OPEN, HOME, RATE_HZ, SimulatedRobot

GRIP_SITE = 'gripper0_right_grip_site'
NOISE_STEPS = 5  # correlation time of the disturbance, control steps
ORIENTATION_GAIN, MAX_TURN = 0.25, 0.12  # share of the error per step; rad per step


class Kinematics:
    """The arm's forward and differential inverse kinematics, on a copy of the simulator's data."""

    def __init__(self, robot):
        self.model, self.data = robot.model, mujoco.MjData(robot.model)
        self.arm = robot.arm
        self.site = self.model.site(GRIP_SITE).id
        self.dofs = robot.arm_dofs
        self.down = self._straight_down(self.pose(HOME)[1])

    @staticmethod
    def _straight_down(rotation):
        """The rotation next to `rotation` whose z points down and whose closing axis is along the world's y."""
        y = np.array([0, np.sign(rotation[1, 1]), 0])
        z = np.array([0, 0, -1.0])
        return np.stack([np.cross(y, z), y, z], axis=1)

    def pose(self, joints):
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


class StackExpert:
    """Its choices (grasp, sides, speeds, heights) are drawn once per episode; `act` gives one label per step."""

    def __init__(self, kinematics, observation, rng):
        self.kinematics = kinematics
        self.command = observation[:7].astype(float)
        self.speed = rng.uniform(0.19, 0.27)
        self.hover = rng.uniform(0.07, 0.11)
        yaw = 2 * np.arctan2(observation[13], observation[14])
        if rng.random() < 0.5:
            yaw -= np.copysign(np.pi / 2, yaw)
        self.rotation = self._turned(yaw)
        self.sides = rng.choice([-1, 1], 2) * rng.uniform(0.07, 0.10, 2)
        self.phase, self.waited = 0, 0
        self.grasped_at = self.carried = np.zeros(3)  # m: the hand when it closed; the object in the hand

    def _turned(self, yaw):
        c, s = np.cos(yaw), np.sin(yaw)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ self.kinematics.down

    @property
    def is_precise(self):
        return self.phase in (2, 3, 7, 8)

    @property
    def is_done(self):
        return self.phase > 9

    def act(self, observation):
        """The label (8,) for the observation (22,)."""
        a, b = observation[8:11].astype(float), observation[15:18].astype(float)
        up = np.array([0, 0, 1.0])
        top = b + (0.045 + 0.003) * up - self.carried  # gripper's place when A stands on B
        goal, tolerance, hold = [
            (a + [0.0, self.sides[0], self.hover + 0.05], 0.035, 0),
            (a + self.hover * up, 0.012, 0),
            (a, 0.002, 2),
            (None, 0, 5),
            (self.grasped_at * [1, 1, 0] + (b[2] + 0.12) * up, 0.015, 0),
            (self._half_way(b), 0.035, 0),
            (top + 0.05 * up, 0.008, 0),
            (top, 0.002, 2),
            (None, 0, 4),
            (b + 0.13 * up, 0.02, 2),
        ][self.phase]
        if goal is not None:
            self.goal = goal
        self.command, left, angle = self.kinematics.step(self.command, self.goal, self.rotation,
                                                         self.speed * (0.7 if self.is_precise else 1))
        action = np.append(self.command, FINGER_CLOSED if 3 <= self.phase <= 7 else FINGER_OPEN)
        if goal is None or (left < tolerance and (angle < 0.1 or self.phase != 1)):
            self.waited += 1
            if self.waited > hold:
                self._next(observation)
        return action.astype(np.float32)

    def _half_way(self, b):
        way = (b - self.grasped_at) * [1, 1, 0]
        aside = np.cross([0, 0, self.sides[1]], way) / max(np.linalg.norm(way), 0.05)
        return self.grasped_at * [1, 1, 0] + way / 2 + aside + [0, 0, b[2] + 0.13]

    def _next(self, observation):
        hand = self.kinematics.pose(observation[:7].astype(float))[0]
        if self.phase == 3:
            self.grasped_at = hand
        elif self.phase == 5:  # how the object lies in the hand is known best once it hangs
            self.carried = observation[8:11] - hand
        self.phase, self.waited = self.phase + 1, 0


def demonstrate(robot, kinematics, seed, noise):
    """One demonstration: observations (n, 22), labels (n, 8) and whether it succeeded."""
    episode = robot.start(seed)
    rng = np.random.default_rng([seed, 7])
    expert = StackExpert(kinematics, episode.window[1], rng)
    disturbance, strength = np.zeros(7), rng.uniform(0, noise)
    keep = np.exp(-1 / NOISE_STEPS)
    observations, labels = [], []
    while not (robot.is_over(episode) or expert.is_done):
        observation = episode.window[1]
        label = expert.act(observation)
        disturbance = keep * disturbance + np.sqrt(1 - keep**2) * rng.normal(0, strength, 7)
        executed = label.copy()
        executed[:7] += disturbance * (0.3 if expert.is_precise else 1)
        observations.append(observation)
        labels.append(label)
        robot.advance(episode, executed[None])
    return np.asarray(observations), np.asarray(labels), episode.success_step is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--episodes', type=int, default=300)
    parser.add_argument('--first-seed', type=int, default=0)
    parser.add_argument('--noise', type=float, default=0.04,
                        help='largest standard deviation of the disturbance, rad')
    parser.add_argument('--output', required=True)
    options = parser.parse_args()
    robot = SimulatedRobot('stack')
    kinematics = Kinematics(robot)
    observations, labels, ends = [], [], []
    for i in range(options.episodes):
        obs, action, success = demonstrate(robot, kinematics, options.first_seed + i, options.noise)
        if success:
            observations.append(obs)
            labels.append(action)
            ends.append(len(obs) + (ends[-1] if ends else 0))
        if sys.stderr.isatty() or i % 50 == 49:
            print(f'{len(ends)} of {i + 1} demonstrations', file=sys.stderr)
    np.savez_compressed(options.output, obs=np.concatenate(observations), action=np.concatenate(labels),
                        ends=np.asarray(ends))
    print(f'{options.output}: {len(ends)} of {options.episodes} succeeded, {ends[-1]} steps')


if __name__ == '__main__':
    main()
