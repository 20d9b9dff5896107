"""A simulated Panda arm (MuJoCo, scenes of robosuite) that is driven by absolute joint targets at 20 Hz.

One simulator serves any number of episodes: the state of each is kept outside and put in before it goes on, so that
50 episodes can share every call of a policy without 50 copies of the robot's meshes. robosuite is only needed to make
a task's model, once (`scene_model.py`).
"""

import mujoco
import numpy as np

from simulation.scene_model import scene_model
from simulation.tasks import DROP, TABLE, TASKS

RATE_HZ, SUBSTEPS = 20, 25
FINGER_OPEN, FINGER_CLOSED, FINGER_SWITCH = 0.04, 0.0, 0.02  # m
GRIP_SITE = 'gripper0_right_grip_site'  # the frame `hand`: between the finger tips, z along the fingers
FINGERS_AT_START = (0.020833, -0.020833)  # m
GRIP_SPEED = 0.2  # of the fingers' range per control step, as robosuite's PandaGripper
STIFFNESS = 300.0  # 1/s^2, on the arm's mass matrix
DAMPING = 2 * np.sqrt(STIFFNESS)  # critical
HOLD_STEPS = 5  # control steps in a row that count as success
HOME = np.array([0, np.pi / 16, 0, -np.pi / 2 - np.pi / 3, 0, np.pi - 0.2, np.pi / 4])  # rad
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


class Episode:
    """What one episode is between two chunks: the simulator's state and what was seen and counted so far."""

    def __init__(self, state, observation, positions):
        self.state = state
        self.grip = 0.0  # what the fingers are driven to, -1 closed to 1 open
        self.window = np.stack([observation, observation])  # (2, D): previous, current
        self.positions = np.stack([positions, positions])  # (2, nq) of the simulator, for pictures of both
        self.step = self.held = 0
        self.success_step = None


class SimulatedRobot:
    """`task` is a key of TASKS; every scene is drawn from its seed alone."""

    def __init__(self, task):
        self.name, self.task = task, TASKS[task]
        self.model = scene_model(self.task.scene)
        self.data = mujoco.MjData(self.model)
        joints = [f'robot0_joint{i}' for i in range(1, 8)]
        self.arm, self.arm_dofs = self._addresses(joints)
        self.fingers, _ = self._addresses([f'gripper0_right_finger_joint{i}' for i in (1, 2)])
        self.arm_motors = self._motors([f'robot0_torq_j{i}' for i in range(1, 8)])
        self.torque_range = self.model.actuator_ctrlrange[self.arm_motors].T
        self.finger_motors = self._motors([f'gripper0_right_gripper_finger_joint{i}' for i in (1, 2)])
        self.finger_range = self.model.actuator_ctrlrange[self.finger_motors]
        self.objects, self.object_dofs = self._addresses([f'{name}_joint0' for name in self.task.objects])
        bodies = [self.model.body(f'{name}_main').id for name in self.task.objects]
        self.object_geoms = [set(np.flatnonzero(self.model.geom_bodyid == body)) for body in bodies]
        self.pads = [{self.model.geom(f'gripper0_right_finger{i}_pad_collision').id} for i in (1, 2)]
        self.hand = {i for i in range(self.model.ngeom) if self.model.geom(i).name.startswith('gripper0_right_')}
        self.resting = [TABLE + self.model.geom_size[min(geoms), 2] for geoms in self.object_geoms]
        self.grip_site = self.model.site(GRIP_SITE).id
        self._mass = np.zeros((self.model.nv, self.model.nv))

    def _addresses(self, joints):
        joints = [self.model.joint(name) for name in joints]
        return np.array([j.qposadr[0] for j in joints]), np.array([j.dofadr[0] for j in joints])

    def _motors(self, names):
        return np.array([self.model.actuator(name).id for name in names])

    def _state(self):
        state = np.empty(mujoco.mj_stateSize(self.model, STATE))
        mujoco.mj_getState(self.model, self.data, state, STATE)
        return state

    def start(self, seed, xy=None, yaw=None, joint_noise=0.02, centre=(0.0, 0.0)):
        """An episode whose start follows from `seed`: objects within +-xy m and +-yaw rad, joints (rad) near HOME.

        `xy` and `yaw` are the task's own where they are not given; `centre` (m) moves the objects' range.
        """
        rng = np.random.default_rng([seed, 20])
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self.arm] = HOME + rng.normal(0, joint_noise, 7)
        self.data.qpos[self.fingers] = FINGERS_AT_START
        places = self.task.places(rng, xy, centre)
        yaw = self.task.yaw if yaw is None else yaw
        yaws = rng.uniform(-yaw, yaw, len(places))
        for address, place, resting, angle in zip(self.objects, places, self.resting, yaws):
            self.data.qpos[address:address + 3] = *place, self.task.height or resting + DROP
            self.data.qpos[address + 3:address + 7] = np.cos(angle / 2), 0, 0, np.sin(angle / 2)
        return Episode(self._state(), self.observation(), self.data.qpos)

    def observation(self):
        """(D,): 7 joints rad, finger m, then each object in the world, then each object in the frame of the hand.

        An object is its position m and its quaternion xyzw (w >= 0).
        """
        mujoco.mj_kinematics(self.model, self.data)
        hand, facing = self.data.site_xpos[self.grip_site], self.data.site_xmat[self.grip_site]
        turn = np.empty(4)
        mujoco.mju_mat2Quat(turn, facing)
        mujoco.mju_negQuat(turn, turn.copy())
        world, from_hand, seen = [], [], np.empty(4)
        for address in self.objects:
            place, quaternion = self.data.qpos[address:address + 3], self.data.qpos[address + 3:address + 7]
            mujoco.mju_mulQuat(seen, turn, quaternion)
            world += [place, _xyzw(quaternion)]
            from_hand += [(place - hand) @ facing.reshape(3, 3), _xyzw(seen)]
        robot = [self.data.qpos[self.arm], self.data.qpos[self.fingers[:1]]]
        return np.concatenate([*robot, *world, *from_hand]).astype(np.float32)

    def advance(self, episode, actions):
        """Executes `actions` (n, 8), joint targets rad and finger target m; stops early at success or time's end."""
        mujoco.mj_setState(self.model, self.data, episode.state, STATE)
        for action in actions:
            episode.grip = self.control_step(action, episode.grip)
            episode.step += 1
            episode.window = np.stack([episode.window[1], self.observation()])
            episode.positions = np.stack([episode.positions[1], self.data.qpos])
            episode.held = episode.held + 1 if self.task.achieved(self) else 0
            if episode.held >= HOLD_STEPS:
                episode.success_step = episode.step
            if self.is_over(episode):
                break
        episode.state = self._state()

    def is_over(self, episode):
        return episode.success_step is not None or episode.step >= self.task.max_steps

    def control_step(self, action, grip):
        """One control period (50 ms) as robosuite's JOINT_POSITION controller and gripper do it; the new grip."""
        grip = np.clip(grip + (-GRIP_SPEED if action[7] < FINGER_SWITCH else GRIP_SPEED), -1, 1)
        middle, half = self.finger_range.mean(axis=1), np.ptp(self.finger_range, axis=1) / 2
        self.data.ctrl[self.finger_motors] = middle + half * np.array([1, -1]) * grip
        # Views: looking them up by index would take a quarter of the time of a step.
        at, dofs, motors = map(_span, (self.arm, self.arm_dofs, self.arm_motors))
        positions, speeds, bias = self.data.qpos[at], self.data.qvel[dofs], self.data.qfrc_bias[dofs]
        mass, torque = self._mass[dofs, dofs], self.data.ctrl[motors]
        for _ in range(SUBSTEPS):
            mujoco.mj_step1(self.model, self.data)
            mujoco.mj_fullM(self.model, self._mass, self.data.qM)
            wanted = STIFFNESS * (action[:7] - positions) - DAMPING * speeds
            np.clip(mass @ wanted + bias, *self.torque_range, out=torque)
            mujoco.mj_step2(self.model, self.data)
        return grip

    def position(self, i):
        """(3,) m, of object i."""
        return self.data.qpos[self.objects[i]:self.objects[i] + 3]

    def raised(self, i):
        """m, of object i above where it lies on the table."""
        return self.position(i)[2] - self.resting[i]

    def speed(self, i):
        """m/s, of object i."""
        return np.linalg.norm(self.data.qvel[self.object_dofs[i]:self.object_dofs[i] + 3])

    def touch(self, some, others):
        """Whether any geom of `some` touches any of `others`."""
        return any((a in some and b in others) or (a in others and b in some) for a, b in self.data.contact.geom)

    def holds(self, i):
        """Whether the hand touches object i."""
        return self.touch(self.hand, self.object_geoms[i])


def _xyzw(quaternion):
    """Of (w, x, y, z), with w >= 0."""
    w, x, y, z = quaternion
    return np.array([x, y, z, w]) * (1 if w >= 0 else -1)


def _span(addresses):
    """The slice of addresses that follow one another, as the arm's do."""
    first, last = int(addresses[0]), int(addresses[-1])
    assert len(addresses) == last - first + 1
    return slice(first, last + 1)
