"""MuJoCo models of robosuite's scenes, made once and kept beside this file."""

import os
import pathlib
import sys

import mujoco
import numpy as np

FOLDER = pathlib.Path(__file__).parent / '.scenes'
FAR = 5.0  # m: robosuite parks objects that a scene does not use at 10 m


def make_environment(scene):
    """robosuite's environment: a Panda whose action is the joint target, without any rendering."""
    # numba, which robosuite imports, takes a folder `coverage`, as vitest leaves it here, for the Python package.
    sys.modules.setdefault('coverage', None)
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


def parked(model, data):
    """The bodies (ids) that robosuite keeps out of a scene that only uses some of its objects."""
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    return [model.jnt_bodyid[i] for i in free if data.qpos[model.jnt_qposadr[i]] > FAR]


def without_looks(model, data, xml):
    """The same physics without meshes and textures that are only seen: 3 MB instead of 73.

    Objects that robosuite has put far away stay there, where its own fall to the floor and on each other: they keep
    their place in qpos, and no step is spent on them.
    """
    spec = mujoco.MjSpec.from_string(xml)
    unused = {model.body(i).name for i in parked(model, data)}
    for geom in list(spec.geoms):
        geom.material = ''
        if geom.contype == 0 and geom.conaffinity == 0:
            geom.delete()
        elif geom.parent.name in unused:
            geom.contype = geom.conaffinity = 0
    for site in spec.sites:
        site.material = ''
    for body in spec.bodies:
        if body.name in unused:
            body.gravcomp = 1
    meshes = {geom.meshname for geom in spec.geoms}
    for part in [m for m in spec.meshes if m.name not in meshes] + list(spec.materials) + list(spec.textures):
        part.delete()
    plain = spec.compile()
    # Where a body's mass was worked out from its geoms, those removed may have counted.
    for name in ('body_mass', 'body_inertia', 'body_ipos', 'body_iquat', 'dof_armature'):
        getattr(plain, name)[:] = getattr(model, name)
    mujoco.mj_setConst(plain, mujoco.MjData(plain))
    for joint in (plain.body(name).jntadr[0] for name in unused):
        places = slice(plain.jnt_qposadr[joint], plain.jnt_qposadr[joint] + 7)
        plain.qpos0[places] = data.qpos[places]
    return plain


def _kept(scene, kind):
    """The model kept as `kind` ('' or '-full'); robosuite makes both where this version of MuJoCo has none yet."""
    path = FOLDER / f'{scene}{kind}-{mujoco.__version__}.mjb'
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        simulation = make_environment(scene).sim
        model, data = simulation.model._model, simulation.data._data
        for name, made in (('-full', model), ('', without_looks(model, data, simulation.model.get_xml()))):
            whole = FOLDER / f'{scene}{name}-{mujoco.__version__}.mjb'
            part = whole.with_suffix(f'.{os.getpid()}')  # others may make or read it at the same time
            mujoco.mj_saveModel(made, str(part))
            part.replace(whole)
    return mujoco.MjModel.from_binary_path(str(path))


def scene_model(scene):
    """The scene's model for physics, without what is only seen. Its qpos are those of `full_model`."""
    return _kept(scene, '')


def full_model(scene):
    """robosuite's complete model of the scene, to be rendered."""
    return _kept(scene, '-full')
