"""How far are the actions of plans from those of the dense policy with the same noise, and how does that compare?

    python -m simulation.analysis.plan_errors PKG HELDOUT.safetensors --samples FOLDER --base bac10.json --plan s03.json --plan s05.json --seeds 8

Everything is made by `bac-policy run` for every observation of the file and every seed. Printed are, for each plan, the
root mean square error over observations, seeds, executed actions and joints and that of the median chunk, in mrad (a
metre counts as a radian), and its ratio to that of `--base` with the 95 % bootstrap interval over episodes (tensor
`episode` of the file). Outputs are kept in FOLDER and not made again.
"""

import argparse
import json
import pathlib
import subprocess

import numpy as np
from safetensors.numpy import load_file

from simulation.engines import CLI

RESAMPLES = 2000


def actions_of(options, name, plan):
    """Executed actions (seeds, observations, actions, joints) of a plan, of the dense policy where it is None."""
    made = []
    for seed in range(options.seeds):
        path = options.samples / f'{name}.{seed}.safetensors'
        if not path.exists():
            command = ['node', str(options.cli), 'run', options.package, '--input', options.observations,
                       '--output', str(path), '--seed', str(seed), *(['--plan', plan] if plan else [])]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f'{" ".join(command)}: {done.stderr.strip()}')
        made.append(load_file(path)['action'])
    return np.stack(made)


def ratio_interval(squares, base, episodes):
    """95 % interval of the ratio of root mean squares (seeds, observations) when episodes are drawn anew."""
    _, which = np.unique(episodes, return_inverse=True)
    random, count = np.random.default_rng(0), which.max() + 1
    sums, base_sums = (np.bincount(which, values.sum(0), count) for values in (squares, base))
    drawn = random.integers(0, count, (RESAMPLES, count))
    return np.quantile(np.sqrt(sums[drawn].sum(1) / base_sums[drawn].sum(1)), [0.025, 0.975])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('package')
    parser.add_argument('observations', help='vectors with observation and episode')
    parser.add_argument('--samples', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--base', required=True, metavar='FILE', help='the plan that others are compared with')
    parser.add_argument('--plan', action='append', default=[], metavar='FILE', help='may be repeated')
    parser.add_argument('--seeds', type=int, default=2)
    parser.add_argument('--cli', default=str(CLI), help='main.js of bac-policy (default: this checkout, built)')
    parser.add_argument('--json', metavar='FILE', help='where to write the results')
    options = parser.parse_args()

    options.samples.mkdir(parents=True, exist_ok=True)
    episodes = load_file(options.observations)['episode']
    dense = actions_of(options, 'dense', None)
    spread = np.roll(dense, 1, axis=0) - dense
    results, base = {}, None
    for plan in [options.base, *options.plan]:
        name = pathlib.Path(plan).stem
        squares = ((actions_of(options, name, plan) - dense) ** 2).mean((2, 3))
        base = squares if base is None else base
        low, high = ratio_interval(squares, base, episodes)
        results[name] = {'rms': 1e3 * np.sqrt(squares.mean()), 'median': 1e3 * np.sqrt(np.median(squares)),
                         'ratio': np.sqrt(squares.mean() / base.mean()), 'interval': [low, high],
                         'median_ratio': np.sqrt(np.median(squares) / np.median(base))}
        one = results[name]
        print(f'{name:20} {one["rms"]:7.2f}  median {one["median"]:6.2f}  '
              f'{one["ratio"]:.3f}x ({low:.2f} to {high:.2f})  median {one["median_ratio"]:.2f}x', flush=True)
    if options.seeds > 1:
        print(f'{"dense, other noise":20} {1e3 * np.sqrt((spread ** 2).mean()):7.2f}')
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1, default=float))


if __name__ == '__main__':
    main()
