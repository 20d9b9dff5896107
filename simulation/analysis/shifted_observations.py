"""Observations of a policy at work, in scenes as it was trained on or in others: calibration, and how honest it is.

    python -m simulation.analysis.shifted_observations stack PKG --xy 0.14 --joint-noise 0.08 --output SHIFTED.safetensors

The policy drives the robot, dense or by a plan, from start poses drawn from the ranges given;
kept is every window it was asked about: `observation` (N, 2, D) float32, `episode` (N,) int64.
"""

import argparse

import numpy as np
from safetensors.numpy import save_file

from simulation.closed_loop import run_episodes, scenes
from simulation.engines import CLI, BacPolicy
from simulation.observer import Observer
from simulation.robot import TASKS, SimulatedRobot


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('task', choices=TASKS)
    parser.add_argument('package')
    parser.add_argument('--xy', type=float, help='objects start within +-xy m (default: as in demonstrations)')
    parser.add_argument('--yaw', type=float, help='and within +-yaw rad (default: as in demonstrations)')
    parser.add_argument('--joint-noise', type=float, default=0.02, help='standard deviation of the start joints, rad')
    parser.add_argument('--centre', type=float, nargs=2, default=(0.0, 0.0), help='how far their middle is moved, m')
    parser.add_argument('--episodes', type=int, default=30)
    parser.add_argument('--plan', metavar='FILE')
    parser.add_argument('--seed', type=int, default=0, help='of the scenes')
    parser.add_argument('--cli', default=str(CLI))
    parser.add_argument('--output', required=True)
    options = parser.parse_args()

    windows, episodes = [], []

    def keep(seed, episode):
        windows.append(episode.window)
        episodes.append(seed)

    robot = SimulatedRobot(options.task)
    engine = BacPolicy(options.package, options.plan, options.cli)
    steps = run_episodes(robot, Observer(robot, options.package), engine, scenes(options.episodes, options.seed), keep,
                         xy=options.xy, yaw=options.yaw, joint_noise=options.joint_noise, centre=options.centre)
    save_file({'observation': np.asarray(windows, np.float32), 'episode': np.asarray(episodes, np.int64)},
              options.output)
    print(f'{options.output}: {len(windows)} windows of {options.episodes} episodes, '
          f'{sum(s is not None for s in steps)} with success')


if __name__ == '__main__':
    main()
