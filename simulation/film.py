"""A moving picture of one episode, for people: both cameras side by side, as fast as the robot moves.

    python -m simulation.film --task lift --policy PACKAGE --plan PLAN.json --output FILM.webp

The policy sees what it always sees; the film is drawn beside it, in more pixels.
"""

import argparse
import sys

import numpy as np
from PIL import Image

from simulation.cameras import CAMERAS, Cameras
from simulation.closed_loop import run_episodes, scenes
from simulation.engines import BacPolicy
from simulation.observer import Observer
from simulation.robot import RATE_HZ, SimulatedRobot
from simulation.tasks import TASKS

LAST_MS = 1500  # the last picture stays


class FilmedRobot(SimulatedRobot):
    """Keeps where everything was after each control step."""

    def __init__(self, task):
        super().__init__(task)
        self.filmed = []

    def control_step(self, action, grip):
        grip = super().control_step(action, grip)
        self.filmed.append(self.data.qpos.copy())
        return grip


def film(task, policy, plan, seed, pixels):
    """Frames (n, H, W, 3) uint8 of the scene `seed`, and the step of its success (None without)."""
    robot = FilmedRobot(task)
    [success] = run_episodes(robot, Observer(robot, policy), BacPolicy(policy, plan), scenes(1, seed))
    cameras = Cameras(task)
    frames = [np.concatenate([cameras.render(positions, camera, (pixels, pixels)) for camera in CAMERAS], axis=1)
              for positions in robot.filmed]
    cameras.close()
    return frames, success


def main():
    parser = argparse.ArgumentParser(prog='python -m simulation.film', description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--policy', required=True, metavar='DIR')
    parser.add_argument('--plan', metavar='FILE')
    parser.add_argument('--seed', type=int, default=0, help='of the scene')
    parser.add_argument('--pixels', type=int, default=240, help='height, and width of each camera')
    parser.add_argument('--output', required=True, metavar='FILE.webp')
    options = parser.parse_args()
    frames, success = film(options.task, options.policy, options.plan, options.seed, options.pixels)
    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(options.output, save_all=True, append_images=others, loop=0, quality=70, method=6,
               duration=[1000 // RATE_HZ] * len(others) + [LAST_MS])
    print(f'{options.output}: {len(frames)} control steps, '
          + (f'success at step {success}' if success else 'no success'))


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit('interrupted')
