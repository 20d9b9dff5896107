"""Observations of a policy at work, in scenes as it was trained on or in others: calibration, and how honest it is.

    shifted_observations.py stack PKG --xy 0.14 --joint-noise 0.08 --output SHIFTED.safetensors

The policy drives the robot (by DDIM with 10 steps unless told otherwise) from start poses drawn from the ranges given;
kept is every window it was asked about: `observation` (N, 2, D) float32, `episode` (N,) int64.
"""

import argparse
import pathlib
import tempfile

import numpy as np
from safetensors.numpy import save_file

from closed_loop import evaluate
from engines import CLI, BacPolicy, ddim_package
from robot import SimulatedRobot


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('task', choices=['lift', 'stack'])
    parser.add_argument('package')
    parser.add_argument('--xy', type=float, help='objects start within +-xy m (default: as in demonstrations)')
    parser.add_argument('--yaw', type=float, default=np.pi / 4, help='and within +-yaw rad')
    parser.add_argument('--joint-noise', type=float, default=0.02, help='standard deviation of the start joints, rad')
    parser.add_argument('--centre', type=float, nargs=2, default=(0.0, 0.0), help='middle of the objects, m')
    parser.add_argument('--episodes', type=int, default=30)
    parser.add_argument('--ddim', type=int, default=10, metavar='STEPS')
    parser.add_argument('--cli', default=str(CLI))
    parser.add_argument('--output', required=True)
    options = parser.parse_args()

    windows, episodes = [], []

    def keep(seed, episode):
        windows.append(episode.window)
        episodes.append(seed)

    with tempfile.TemporaryDirectory(dir=pathlib.Path(options.package).resolve().parent) as folder:
        engine = BacPolicy(ddim_package(options.package, options.ddim, folder), cli=options.cli)
        steps = evaluate(SimulatedRobot(options.task), engine, options.episodes, keep, xy=options.xy, yaw=options.yaw,
                         joint_noise=options.joint_noise, centre=options.centre)
    save_file({'observation': np.asarray(windows, np.float32), 'episode': np.asarray(episodes, np.int64)},
              options.output)
    print(f'{options.output}: {len(windows)} windows of {options.episodes} episodes, '
          f'{sum(s is not None for s in steps)} with success')


if __name__ == '__main__':
    main()
