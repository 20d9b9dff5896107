"""Policy packages (docs/formats.md): what `train.py` writes, and where a package finds its observation."""

import hashlib
import json
import pathlib

import numpy as np
from safetensors.numpy import save

from simulation.encoder_shape import CONVOLUTIONS, FEATURES, KEYPOINTS
from simulation.robot import RATE_HZ, TASKS

ARM = [f'panda_joint{i}' for i in range(1, 8)]
FINGER = 'panda_finger_joint1'
JOINTS = [*ARM, FINGER]
PICTURE, CROP = (84, 84), (76, 76)  # pixels
# Names of the policy's camera inputs, of the scene's cameras, and of their topics.
CAMERAS = {'agentview': ('agentview', 'camera/image_raw'),
           'wrist': ('robot0_eye_in_hand', 'wrist_camera/image_raw')}


def observation_sources(task, sees):
    """Sources of a policy that sees pictures, or the poses of the task's objects."""
    joints = {'name': 'joint_positions', 'topic': 'joint_states', 'type': 'sensor_msgs/msg/JointState',
              'field': 'position', 'names': JOINTS}
    if not sees:
        poses = [{'name': topic.removesuffix('_pose'), 'topic': topic, 'type': 'geometry_msgs/msg/PoseStamped',
                  'field': 'pose'} for topic in TASKS[task].topics]
        # A millimetre between hand and object decides; out of joints and a pose it would have to be worked out.
        places = [{**pose, 'name': f'{pose["name"]}_from_hand', 'topic': f'hand/{pose["topic"]}', 'field': 'position'}
                  for pose in poses]
        return [joints, *poses, *places]
    pictures = [{'name': name, 'input': name, 'topic': topic, 'type': 'sensor_msgs/msg/Image', 'size': PICTURE,
                 'crop': CROP} for name, (_, topic) in CAMERAS.items()]
    return [*pictures, {**joints, 'input': 'joint_positions'}]


def normaliser(scale, offset):
    return {'scale': np.asarray(scale, float).tolist(), 'offset': np.asarray(offset, float).tolist()}


def write_package(folder, task, architecture, vectors, action, denoiser, encoders, provenance):
    """Writes a policy package.

    `vectors` and `action` are scale and offset of the vector input and of the action; `denoiser` its tensors;
    `encoders` those of each camera, empty for a policy that sees none; tensors are numpy arrays by name.
    """
    folder = pathlib.Path(folder)
    sees = bool(encoders)
    name = 'joint_positions' if sees else 'observation'
    pictures = [{'name': name, 'kind': 'image', 'size': PICTURE, 'crop': CROP,
                 'normaliser': normaliser([2, 2, 2], [-1, -1, -1])} for name in encoders]
    files = {'denoiser.safetensors': save(denoiser)}
    if sees:
        files['encoder.safetensors'] = save({f'{camera}.{tensor}': value for camera, tensors in encoders.items()
                                             for tensor, value in tensors.items()})
    description = {
        'format': 'bac_policy/policy@1',
        'architecture': {'kind': 'transformer_for_diffusion', **architecture},
        'noise_scheduler': {
            'kind': 'ddpm', 'train_steps': 100, 'steps': 100, 'beta_schedule': 'squaredcos_cap_v2',
            'beta_start': 0.0001, 'beta_end': 0.02, 'prediction_type': 'epsilon', 'clip_range': 1,
            'variance': 'fixed_small', 'set_alpha_to_one': True, 'steps_offset': 0},
        'inputs': [*pictures, {'name': name, 'kind': 'vector', 'size': len(vectors[0]),
                               'normaliser': normaliser(*vectors)}],
        **({'encoder': {'kind': 'conv_spatial_softmax', 'convolutions': list(CONVOLUTIONS), 'feature_dim': FEATURES,
                        'keypoints': KEYPOINTS}} if sees else {}),
        'action': {'normaliser': normaliser(*action), 'joint_names': JOINTS, 'unit': ['rad'] * 7 + ['m'],
                   'mode': 'absolute', 'rate_hz': RATE_HZ},
        'observation_sources': observation_sources(task, sees),
        'provenance': provenance,
        'files': {name: {'sha256': hashlib.sha256(data).hexdigest(), 'bytes': len(data)}
                  for name, data in files.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / 'policy.json').write_text(json.dumps(description, indent=2) + '\n')
