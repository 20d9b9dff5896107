"""Closed-loop evaluation: how often, and how fast, do a policy and its plans do the task?

    closed_loop.py stack PKG --dense --plan PLAN.json --ddim 10 --ddim 5 --affine CALIBRATION.safetensors --json OUT

All engines see the same scenes and draw from the same noise. Episodes go on in lockstep: one call of an engine makes the
next chunk of all that are still running, and all 8 actions of it are executed.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file

from engines import CLI, BacPolicy, ddim_package, noise_for
from robot import SimulatedRobot

FIRST_SCENE = 100_000  # demonstrations come from scenes below


def evaluate(robot, engine, episodes, on_chunk=None, **scene):
    """Steps to success of each episode, None where there was none. `on_chunk(seed, episode)` sees every window."""
    running = {FIRST_SCENE + i: robot.start(FIRST_SCENE + i, **scene) for i in range(episodes)}
    steps = dict.fromkeys(running)
    chunk = 0
    while running:
        if on_chunk:
            for seed, episode in running.items():
                on_chunk(seed, episode)
        windows = np.stack([episode.window for episode in running.values()])
        actions = engine(windows, noise_for([[seed, chunk] for seed in running]))
        for (seed, episode), action in zip(list(running.items()), actions):
            robot.advance(episode, action)
            if robot.is_over(episode):
                steps[seed] = episode.success_step
                del running[seed]
        chunk += 1
        if sys.stderr.isatty():
            print(f'\r  chunk {chunk}, {len(running)} running ', end='', file=sys.stderr, flush=True)
    return list(steps.values())


def wilson(successes, episodes, z=1.96):
    """95 % interval of a success rate (Wilson 1927)."""
    rate, spread = successes / episodes, z * z / episodes
    middle = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(rate * (1 - rate) / episodes + spread / episodes / 4)
    return [round(middle - half, 3), round(middle + half, 3)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('task', choices=['lift', 'stack'])
    parser.add_argument('package')
    parser.add_argument('--dense', action='store_true', help='the policy itself')
    parser.add_argument('--plan', action='append', default=[], metavar='FILE', help='a plan; may be repeated')
    parser.add_argument('--ddim', action='append', default=[], type=int, metavar='STEPS', help='may be repeated')
    parser.add_argument('--affine', metavar='VECTORS', help='the control without a network, fitted on these observations')
    parser.add_argument('--episodes', type=int, default=50)
    parser.add_argument('--cli', default=str(CLI), help='main.js of bac-policy (default: this checkout, built)')
    parser.add_argument('--json', metavar='FILE', help='where to write the results')
    options = parser.parse_args()

    robot = SimulatedRobot(options.task)
    with tempfile.TemporaryDirectory(dir=pathlib.Path(options.package).resolve().parent) as folder:
        engines = {}
        if options.dense:
            engines['dense'] = BacPolicy(options.package, cli=options.cli)
        for steps in options.ddim:
            engines[f'ddim{steps}'] = BacPolicy(ddim_package(options.package, steps, folder), cli=options.cli)
        for plan in options.plan:
            engines[pathlib.Path(plan).stem] = BacPolicy(options.package, plan, options.cli)
        if options.affine:
            from affine_control import AffineControl
            from torch_policy import TorchPolicy
            engines['affine, no network'] = AffineControl(TorchPolicy(options.package),
                                                          load_file(options.affine)['observation'])
        rows = []
        for name, engine in engines.items():
            steps = evaluate(robot, engine, options.episodes)
            done = [s for s in steps if s is not None]
            rows.append({'name': name, 'success': len(done), 'episodes': options.episodes,
                         'interval': wilson(len(done), options.episodes),
                         'mean_steps': round(float(np.mean(done)), 1) if done else None, 'steps': steps})
            low, high = rows[-1]['interval']
            print(f'{name:28} {len(done):3} of {options.episodes} ({low:.2f}-{high:.2f}), '
                  f'steps to success {rows[-1]["mean_steps"]}', flush=True)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(
                    {'task': options.task, 'package': str(options.package), 'rows': rows}, indent=1))


if __name__ == '__main__':
    main()
