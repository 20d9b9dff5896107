"""What the robot's cameras see, drawn on the CPU or a GPU without a display.

Physics runs in a model without looks (`scene_model.py`); a picture is drawn by putting the joint positions into
robosuite's complete model. Shadows, reflections and multisampling are off: they made a picture ten times as slow.
"""

import os

import mujoco

from simulation.robot import TASKS
from simulation.scene_model import full_model

CAMERAS = ('agentview', 'robot0_eye_in_hand')


class Cameras:
    """The cameras of a task's scene. One for each thread: a context of OpenGL belongs to the thread that made it."""

    def __init__(self, task):
        if os.environ['MUJOCO_GL'] == 'disable':
            raise RuntimeError('pictures need a library to draw with; install libegl1 (or libosmesa6)')
        self.model = full_model(TASKS[task].scene)
        self.model.vis.quality.shadowsize = 0
        self.model.vis.quality.offsamples = 0
        self.data = mujoco.MjData(self.model)
        self.looks = mujoco.MjvOption()
        self.looks.geomgroup[0] = 0  # what collides; group 1 is what is seen
        self.renderers = {}

    def render(self, positions, camera, size):
        """The picture (H, W, 3) uint8 RGB, top row first, of a camera. `positions` (nq,), `size` (H, W) pixels."""
        if size not in self.renderers:
            renderer = mujoco.Renderer(self.model, *size)
            for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                renderer.scene.flags[flag] = 0
            self.renderers[size] = renderer
        self.data.qpos[:] = positions
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        renderer = self.renderers[size]
        renderer.update_scene(self.data, camera, self.looks)
        return renderer.render()

    def close(self):
        for renderer in self.renderers.values():
            renderer.close()
        self.renderers = {}
