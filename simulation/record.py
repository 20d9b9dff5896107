"""Records a bag (MCAP) of episodes in closed loop: what the policy was shown, what it sent, what the robot was told.

    python -m simulation.record --task lift --policy PACKAGE --episodes 4 --seed 3 --output BAG

Stamps lie on the exact control grid; messages are logged as late as they would come: joint states 0.2 to 1 ms, pictures
8 to 18 ms, chunks 30 ms. Episodes are two seconds apart.
"""

import argparse
import pathlib
import shutil
import sys

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from simulation.closed_loop import scenes
from simulation.engines import BacPolicy, noise_shape
from simulation.noise import chunk_noise
from simulation.observer import CAMERA_OF_TOPIC, Observer
from simulation.policy_package import JOINTS
from simulation.robot import RATE_HZ, SimulatedRobot
from simulation.tasks import TASKS

START_NS, PERIOD_NS, PAUSE_NS = 1_700_000_000 * 10**9, 10**9 // RATE_HZ, 2 * 10**9
JOINTS_LATE, PICTURES_LATE, CHUNK_LATE = (0.2e6, 1e6), (8e6, 18e6), 30_000_000  # ns
TYPES = get_typestore(Stores.ROS2_JAZZY)


def message(name, *fields):
    return TYPES.types[name](*fields)


def time_of(ns):
    return message('builtin_interfaces/msg/Time', *divmod(ns, 10**9))


def header(ns, frame=''):
    return message('std_msgs/msg/Header', time_of(ns), frame)


def joint_state(ns, positions, velocities=()):
    return message('sensor_msgs/msg/JointState', header(ns), JOINTS, np.asarray(positions, float),
                   np.asarray(velocities, float), np.zeros(0))


def pose(ns, frame, values):
    x, y, z, *orientation = map(float, values)
    return message('geometry_msgs/msg/PoseStamped', header(ns, frame), message(
        'geometry_msgs/msg/Pose', message('geometry_msgs/msg/Point', x, y, z),
        message('geometry_msgs/msg/Quaternion', *orientation)))


def picture(ns, camera, rgb):
    height, width, _ = rgb.shape
    return message('sensor_msgs/msg/Image', header(ns, camera), height, width, 'rgb8', 0, 3 * width, rgb.reshape(-1))


def chunk(ns, actions):
    """The trajectory (Ta, A) of a chunk: action j is due one control period after the other."""
    points = [message('trajectory_msgs/msg/JointTrajectoryPoint', action.astype(float), *[np.zeros(0)] * 3,
                      message('builtin_interfaces/msg/Duration', *divmod((j + 1) * PERIOD_NS, 10**9)))
              for j, action in enumerate(actions)]
    return message('trajectory_msgs/msg/JointTrajectory', header(ns), JOINTS, points)


class Recording:
    def __init__(self, robot, observer, seed):
        self.robot, self.observer = robot, observer
        self.messages = []  # (log time ns, topic, message)
        self.now = START_NS
        self.random = np.random.default_rng([seed, 5])

    def add(self, topic, contents, late):
        late = late if isinstance(late, int) else int(self.random.uniform(*late))
        self.messages.append((self.now + late, topic, contents))

    def observe(self, episode):
        """What sensors say at this tick."""
        seen = episode.window[1]
        self.add('/joint_states', joint_state(self.now, seen[:8]), JOINTS_LATE)
        for i, (topic, frame) in enumerate(self.robot.task.poses):
            self.add(f'/{topic}', pose(self.now, frame, seen[8 + 7 * i:15 + 7 * i]), JOINTS_LATE)
        for name, (camera, size) in self.observer.cameras.items():
            topic = next(topic for topic, c in CAMERA_OF_TOPIC.items() if c == camera)
            rgb = self.observer.drawn.render(episode.positions[1], camera, size)
            self.add(f'/{topic}', picture(self.now, camera, rgb), PICTURES_LATE)

    def episode(self, engine, seed):
        """One episode; whether it succeeded."""
        episode, number = self.robot.start(seed), 0
        shape = noise_shape(self.observer.description)
        self.observe(episode)
        while not self.robot.is_over(episode):
            [actions] = engine(self.observer.observe([episode]), chunk_noise([[seed, number]], shape))
            self.add('/policy/joint_trajectory', chunk(self.now, actions), CHUNK_LATE)
            for action in actions:
                self.add('/executed_joint_target', joint_state(self.now, action), JOINTS_LATE)
                self.robot.advance(episode, action[None])
                self.now += PERIOD_NS
                self.observe(episode)
                if self.robot.is_over(episode):
                    break
            number += 1
        self.now += PAUSE_NS
        return episode.success_step is not None

    def write(self, folder):
        writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        with writer:
            types = {topic: contents.__msgtype__ for _, topic, contents in self.messages}
            topics = {topic: writer.add_connection(topic, kind, typestore=TYPES) for topic, kind in types.items()}
            for ns, topic, contents in sorted(self.messages, key=lambda m: m[0]):
                writer.write(topics[topic], ns, TYPES.serialize_cdr(contents, contents.__msgtype__))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--policy', required=True, metavar='DIR')
    parser.add_argument('--plan', metavar='FILE')
    parser.add_argument('--episodes', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--output', required=True, metavar='DIR')
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    if output.exists():
        sys.exit(f'{output}: exists already; give another place')
    robot = SimulatedRobot(options.task)
    recording = Recording(robot, Observer(robot, options.policy), options.seed)
    engine = BacPolicy(options.policy, options.plan)
    done = [recording.episode(engine, seed) for seed in scenes(options.episodes, options.seed)]
    temporary = output.with_name(f'{output.name}.new')
    shutil.rmtree(temporary, ignore_errors=True)
    recording.write(temporary)
    for file in temporary.glob('*.mcap*'):
        file.rename(temporary / file.name.replace(temporary.name, output.name))
    metadata = temporary / 'metadata.yaml'
    metadata.write_text(metadata.read_text().replace(f'{temporary.name}.mcap', f'{output.name}.mcap'))
    temporary.rename(output)
    print(f'{output}: {len(recording.messages)} messages of {len(done)} episodes, {sum(done)} with success')


if __name__ == '__main__':
    main()
