"""Compiled MuJoCo models of robosuite's scenes, made once and kept beside this file."""

import pathlib

import mujoco

FOLDER = pathlib.Path(__file__).parent / '.scenes'


def make_environment(scene):
    """robosuite's environment: a Panda whose action is the joint target, without any rendering."""
    import robosuite
    from robosuite.controllers import load_composite_controller_config

    config = load_composite_controller_config(controller='BASIC', robot='Panda')
    config['body_parts'] = {'right': {
        'type': 'JOINT_POSITION', 'input_type': 'absolute', 'kp': 300, 'damping_ratio': 1, 'impedance_mode': 'fixed',
        'input_max': 1, 'input_min': -1, 'output_max': 1, 'output_min': -1, 'kp_limits': [0, 300],
        'damping_ratio_limits': [0, 10], 'qpos_limits': None, 'interpolation': None, 'ramp_ratio': 0.2,
        'gripper': {'type': 'GRIP'},
    }}
    environment = robosuite.make(
        scene, robots='Panda', controller_configs=config, control_freq=20, has_renderer=False,
        has_offscreen_renderer=False, use_camera_obs=False, ignore_done=True, initialization_noise=None, seed=0)
    environment.reset()
    return environment


def scene_model(scene):
    """The scene's model; robosuite makes it where this version of MuJoCo has none yet."""
    path = FOLDER / f'{scene}-{mujoco.__version__}.mjb'
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        mujoco.mj_saveModel(make_environment(scene).sim.model._model, str(path))
    return mujoco.MjModel.from_binary_path(str(path))
