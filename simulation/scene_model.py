"""MuJoCo models of robosuite's scenes, made once and kept beside this file."""

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


def without_looks(model, xml):
    """The same physics without meshes and textures that are only seen: 3 MB instead of 73."""
    spec = mujoco.MjSpec.from_string(xml)
    for geom in list(spec.geoms):
        geom.material = ''
        if geom.contype == 0 and geom.conaffinity == 0:
            geom.delete()
    for site in spec.sites:
        site.material = ''
    meshes = {geom.meshname for geom in spec.geoms}
    for part in [m for m in spec.meshes if m.name not in meshes] + list(spec.materials) + list(spec.textures):
        part.delete()
    plain = spec.compile()
    # Where a body's mass was worked out from its geoms, those removed may have counted.
    for name in ('body_mass', 'body_inertia', 'body_ipos', 'body_iquat', 'dof_armature'):
        getattr(plain, name)[:] = getattr(model, name)
    mujoco.mj_setConst(plain, mujoco.MjData(plain))
    return plain


def scene_model(scene):
    """The scene's model; robosuite makes it where this version of MuJoCo has none yet."""
    path = FOLDER / f'{scene}-{mujoco.__version__}.mjb'
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        simulation = make_environment(scene).sim
        mujoco.mj_saveModel(without_looks(simulation.model._model, simulation.model.get_xml()), str(path))
    return mujoco.MjModel.from_binary_path(str(path))
