"""What a policy was shown at work, as vectors for `bac-policy calibrate`, `optimize` and `bench`.

    python -m simulation.observations --task lift --policy PACKAGE --episodes 60 --seed 7 --output CALIBRATION.safetensors
    python -m simulation.observations --task stack --policy PACKAGE --xy 0.14 --joint-noise 0.08 --output SHIFTED.safetensors

The policy, dense or by a plan, drives the robot in scenes as it was trained on, or from start poses drawn from the
ranges given. Kept is everything that it was asked about, and `episode` (N,) int64, so that folds can be cut between
episodes.
"""

import argparse

import numpy as np
from safetensors.numpy import save_file

from simulation.closed_loop import run_episodes, scenes
from simulation.engines import BacPolicy
from simulation.observer import Observer
from simulation.robot import SimulatedRobot
from simulation.tasks import TASKS


def write_observations(path, robot, observer, engine, seeds, **start):
    """Writes what `engine` was shown in the scenes `seeds`; the steps to success of each."""
    shown, numbers = [], []

    def keep(seed, episode):
        shown.append(observer.observe([episode]))
        numbers.append(seed)

    steps = run_episodes(robot, observer, engine, seeds, keep, **start)
    tensors = {name: np.concatenate([part[name] for part in shown]) for name in shown[0]}
    save_file({**tensors, 'episode': np.asarray(numbers, np.int64)}, path)
    return steps


def main():
    parser = argparse.ArgumentParser(prog='python -m simulation.observations', description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--policy', required=True, metavar='DIR')
    parser.add_argument('--plan', metavar='FILE', help='without one: dense')
    parser.add_argument('--episodes', type=int, default=30)
    parser.add_argument('--seed', type=int, default=0, help='of the scenes')
    parser.add_argument('--xy', type=float, help='objects start within +-xy m (default: as in demonstrations)')
    parser.add_argument('--yaw', type=float, help='and within +-yaw rad (default: as in demonstrations)')
    parser.add_argument('--joint-noise', type=float, default=0.02, help='standard deviation of the start joints, rad')
    parser.add_argument('--centre', type=float, nargs=2, default=(0.0, 0.0), help='middle of the objects, m')
    parser.add_argument('--output', required=True, metavar='FILE')
    options = parser.parse_args()
    robot = SimulatedRobot(options.task)
    steps = write_observations(options.output, robot, Observer(robot, options.policy),
                               BacPolicy(options.policy, options.plan), scenes(options.episodes, options.seed),
                               xy=options.xy, yaw=options.yaw, joint_noise=options.joint_noise, centre=options.centre)
    print(f'{options.output}: {options.episodes} episodes, {sum(s is not None for s in steps)} with success')


if __name__ == '__main__':
    main()
