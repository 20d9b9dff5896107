"""The simulated robot: MuJoCo, scenes of robosuite, driven with or without ROS 2. See README.md."""

import ctypes.util
import importlib.util
import os
import sys

# What cameras draw with has to be said before mujoco is loaded. EGL takes a GPU where there is one, else Mesa in
# software; either library may be missing where nobody wants pictures.
os.environ.setdefault('MUJOCO_GL', next(
    (kind for kind, library in (('egl', 'EGL'), ('osmesa', 'OSMesa')) if ctypes.util.find_library(library)), 'disable'))

if importlib.util.find_spec('mujoco') is None:
    sys.exit(f'simulation: {sys.executable} has no MuJoCo; make simulation, then .sim/bin/python')
