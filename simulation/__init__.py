"""The simulated robot: MuJoCo, scenes of robosuite, driven with or without ROS 2. See README.md."""

import ctypes.util
import os

# What cameras draw with has to be said before mujoco is loaded. EGL takes a GPU where there is one, else Mesa in
# software; either library may be missing where nobody wants pictures.
os.environ.setdefault('MUJOCO_GL', next(
    (kind for kind, library in (('egl', 'EGL'), ('osmesa', 'OSMesa')) if ctypes.util.find_library(library)), 'disable'))
