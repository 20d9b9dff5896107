"""What a policy is shown of an episode, as vectors for `bac-policy run`: built from the package's own sources.

The robot over ROS publishes the same values on the topics that the sources name.
"""

import json
import pathlib

import numpy as np

from simulation.policy_package import CAMERAS, JOINTS, observation_sources

POSE = {'pose': slice(0, 7), 'position': slice(0, 3), 'orientation': slice(3, 7)}  # xyz, quaternion xyzw
CAMERA_OF_TOPIC = {topic: camera for camera, topic in CAMERAS.values()}


def columns_of(task, source, package):
    """Where a source's values are in the robot's observation; `package` is named where it has none."""
    topic, poses = source['topic'].removeprefix('/'), [topic for topic, _ in task.poses]
    if source['type'] == 'sensor_msgs/msg/JointState' and source['field'] == 'position':
        return [JOINTS.index(name) for name in source['names']]
    if source['type'] == 'geometry_msgs/msg/PoseStamped' and topic in poses:
        first = len(JOINTS) + 7 * poses.index(topic)
        return list(range(first, first + 7))[POSE[source['field']]]
    raise ValueError(f'{package}: the simulated robot has no {source["type"]} on {topic}; it has joint positions, '
                     f'{", ".join((*poses, *CAMERA_OF_TOPIC))}')


class Observer:
    """Shows policies of `package` (a folder) the episodes of a task."""

    def __init__(self, robot, package):
        self.description = json.loads((pathlib.Path(package) / 'policy.json').read_text())
        self.n_obs_steps = self.description['architecture']['n_obs_steps']
        if self.n_obs_steps > 2:
            raise ValueError(f'{package}: looks at {self.n_obs_steps} observations; the simulated robot keeps 2')
        inputs = [source['name'] for source in self.description['inputs']]
        self.columns, self.cameras = {}, {}  # by input: columns of the robot's observation; camera and size
        for source in self.description.get('observation_sources') or self._assumed(robot, package):
            name = source.get('input') or next(
                i['name'] for i in self.description['inputs'] if i['kind'] == 'vector')
            if source['type'] == 'sensor_msgs/msg/Image':
                camera = CAMERA_OF_TOPIC.get(source['topic'].removeprefix('/'))
                if camera is None:
                    raise ValueError(f'{package}: wants pictures of {source["topic"]}; the simulated robot has '
                                     + ', '.join(CAMERA_OF_TOPIC))
                self.cameras[name] = camera, tuple(source['size'])
            else:
                self.columns.setdefault(name, []).extend(columns_of(robot.task, source, package))
        if missing := set(inputs) - set(self.columns) - set(self.cameras):
            raise ValueError(f'{package}: no observation source fills {", ".join(missing)}')
        if self.cameras:
            from simulation.cameras import Cameras  # opens a display library
            self.drawn = Cameras(robot.name)

    def _assumed(self, robot, package):
        """The sources of a package that names none: joints and poses in the world, if it takes as many values."""
        sources = [source for source in observation_sources(robot.name, sees=False)
                   if not source['topic'].startswith('hand/')]
        size = len(JOINTS) + 7 * len(robot.task.topics)
        if [i.get('size') for i in self.description['inputs']] != [size]:
            raise ValueError(f'{package}: has no observation_sources; import it again with --sources FILE.yaml')
        return sources

    def observe(self, episodes):
        """Tensors for `bac-policy run` by name: (N, To, D) float32, of cameras (N, To, H, W, 3) uint8."""
        windows = np.stack([episode.window for episode in episodes])[:, -self.n_obs_steps:]
        shown = {name: np.ascontiguousarray(windows[..., columns], np.float32)
                 for name, columns in self.columns.items()}
        for name, (camera, size) in self.cameras.items():
            shown[name] = np.stack([[self.drawn.render(positions, camera, size)
                                     for positions in episode.positions[-self.n_obs_steps:]] for episode in episodes])
        if len(shown) == 1 and not self.cameras:
            return {'observation': next(iter(shown.values()))}
        return {f'observation.{name}': values for name, values in shown.items()}
