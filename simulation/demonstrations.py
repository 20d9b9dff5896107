"""Demonstrations of a task by its scripted expert; episodes without success are dropped.

    python -m simulation.demonstrations --task stack --episodes 300 --first-seed 0 --output DEMOS.npz

Writes obs (N, D) and action (N, 8) of all episodes behind each other, the simulator's qpos (N, nq) of each step (what a
camera needs to see it) and the episodes' ends (n,).
"""

import argparse
import functools
import multiprocessing
import sys

import numpy as np

from simulation.experts import EXPERTS, demonstrate
from simulation.experts.waypoints import Kinematics
from simulation.robot import SimulatedRobot


@functools.cache
def _robot(task):
    robot = SimulatedRobot(task)
    return robot, Kinematics(robot)


def _demonstration(task, noise, seed):
    return demonstrate(*_robot(task), seed, noise)


def demonstrations(task, seeds, noise, workers=1):
    """The demonstration of each seed, in their order, made by `workers` processes."""
    make = functools.partial(_demonstration, task, noise)
    if workers == 1:
        yield from map(make, seeds)
        return
    with multiprocessing.get_context('spawn').Pool(workers) as pool:
        yield from pool.imap(make, seeds, chunksize=4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=EXPERTS)
    parser.add_argument('--episodes', type=int, default=300)
    parser.add_argument('--first-seed', type=int, default=0)
    parser.add_argument('--noise', type=float, default=0.04,
                        help='largest standard deviation of the disturbance, rad')
    parser.add_argument('--workers', type=int, default=1, help='processes')
    parser.add_argument('--output', required=True)
    options = parser.parse_args()
    kept, failed = [], []
    seeds = range(options.first_seed, options.first_seed + options.episodes)
    for seed, made in zip(seeds, demonstrations(options.task, seeds, options.noise, options.workers)):
        (kept if made.success else failed).append(made if made.success else seed)
        done = len(kept) + len(failed)
        if sys.stderr.isatty() or done % 50 == 0:
            print(f'{len(kept)} of {done} demonstrations', file=sys.stderr)
    if not kept:
        sys.exit('no episode succeeded')
    ends = np.cumsum([len(made.labels) for made in kept])
    np.savez_compressed(options.output, obs=np.concatenate([made.observations for made in kept]),
                        action=np.concatenate([made.labels for made in kept]),
                        qpos=np.concatenate([made.states for made in kept]), ends=ends)
    print(f'{options.output}: {len(kept)} of {options.episodes} succeeded, {ends[-1]} steps'
          + (f'; without success: seeds {failed}' if failed else ''))


if __name__ == '__main__':
    main()
