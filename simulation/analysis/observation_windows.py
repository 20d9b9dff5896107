"""Cut observation windows out of recorded episodes and store them as vectors for `bac-policy calibrate`.

    python -m simulation.analysis.observation_windows DEMOS.npz --episodes 0:120 --per-episode 4 --output CALIBRATION.safetensors

Vectors hold `observation` (N, 2, D) float32 in physical units, previous and current step (the first step of an
episode is its own predecessor), and `episode` (N,) int64, so that folds can be cut between episodes.
"""

import argparse

import numpy as np
from safetensors.numpy import save_file


def windows_of(obs, ends, episodes, per_episode, seed=0):
    """`per_episode` windows spread evenly, with random phase, over each of `episodes`; returns (N, 2, D) and (N,)."""
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0], ends[:-1]])
    windows, numbers = [], []
    for episode in episodes:
        start, length = starts[episode], ends[episode] - starts[episode]
        for t in ((np.arange(per_episode) + rng.random()) * length / per_episode).astype(int):
            windows.append(np.stack([obs[start + max(t - 1, 0)], obs[start + t]]))
            numbers.append(episode)
    return np.asarray(windows, np.float32), np.asarray(numbers, np.int64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('demos', help='npz with obs (n, D) and ends (episodes,)')
    parser.add_argument('--episodes', default='0:60', help='FIRST:END of the episodes to use')
    parser.add_argument('--per-episode', type=int, default=8)
    parser.add_argument('--output', required=True)
    options = parser.parse_args()
    first, end = map(int, options.episodes.split(':'))
    with np.load(options.demos) as demos:
        observation, episode = windows_of(demos['obs'], demos['ends'], range(first, end), options.per_episode)
    save_file({'observation': observation, 'episode': episode}, options.output)
    print(f'{options.output}: observation {observation.shape} from {end - first} episodes')


if __name__ == '__main__':
    main()
