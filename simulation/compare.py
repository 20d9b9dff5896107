"""A row of the result tables for every method: success in closed loop, action error, cost and time of a chunk.

    python -m simulation.compare --task stack --policy PACKAGE --work FOLDER --results results/stack.json

Makes what is missing of: observations of the policy at work (scenes of their own), a calibration, the plan of every
method, their errors and times (`bac-policy bench`), and episodes in closed loop on the same scenes and noise. Plans and
calibration stay in --work, rows in --results; the same command goes on where it was ended. `simulation.results_page`
makes docs/results.md of all result files.
"""

import argparse
import hashlib
import json
import pathlib
import platform
import subprocess
import sys
import time

from safetensors.numpy import load_file

from simulation.closed_loop import as_line, run_episodes, scenes, summary
from simulation.engines import CLI, BacPolicy
from simulation.evaluate import PRESETS
from simulation.observations import write_observations
from simulation.observer import Observer
from simulation.robot import SimulatedRobot
from simulation.tasks import TASKS

CALIBRATION_SEED, HELD_OUT_SEED = 7, 8  # of scenes; 0 is the evaluation's
BAC = {f'bac_s{s}': ['--method', 'bac', '--updates', str(s), '--bubbling', '5'] for s in (20, 10, 7, 5)}
SEARCHED, PLAIN = ('0.05', '0.04', '0.03', '0.02'), ('0.05', '0.03', '0.02')  # costs
METHODS = {
    'dense': None,
    **{f'ddim_{k}': ['--method', 'ddim', '--option', f'steps={k}'] for k in (16, 10, 5, 3)},
    'uniform_s10': ['--method', 'uniform', '--updates', '10'],
    'acs_s10': ['--method', 'acs', '--updates', '10'],
    **BAC,
    # At the costs of BAC, which are known once its plans are timed.
    **{f'search_as_{name}': name for name in BAC},
    **{f'search_{cost}': ['--method', 'search', '--budget-cost', cost] for cost in SEARCHED},
    'search_0.02_int8': ['--method', 'search', '--budget-cost', '0.02', '--int8'],
    **{f'search_{cost}_plain': f'search_{cost}' for cost in PLAIN},
    # Those that the package has.
    **{f'preset_{preset}': 'preset' for preset in PRESETS},
    # A policy without a network; where it succeeds, a task says little about plans. Needs PyTorch.
    'control': 'control',
}
BENCH_CHUNKS = 48
RUNS_AT_HIGH_COST = 480  # each of many evaluations is fitted: on all runs it takes minutes, and little is left to gain


class Comparison:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.path = pathlib.Path(options.results)
        self.robot = SimulatedRobot(options.task)
        self.observer = Observer(self.robot, options.policy)
        manifest = (pathlib.Path(options.policy) / 'policy.json').read_bytes()
        about = {'task': options.task, 'policy_sha256': hashlib.sha256(manifest).hexdigest(),
                 'architecture': json.loads(manifest)['architecture'], 'cameras': bool(self.observer.cameras),
                 'provenance': json.loads(manifest)['provenance'], 'training_seed': options.training_seed,
                 'episodes': options.episodes, 'trajectories': options.trajectories,
                 'calibration_episodes': options.calibration_episodes, 'driver': options.driver}
        kept = json.loads(self.path.read_text()) if self.path.exists() else {'rows': {}}
        if kept.get('policy_sha256', about['policy_sha256']) != about['policy_sha256']:
            raise SystemExit(f'{self.path}: has rows of another policy; give another file')
        self.results = {**about, 'machine': f'{processor()}, 1 thread', 'rows': kept['rows']}

    def run(self, *arguments):
        command = ['node', str(CLI), *map(str, arguments)]
        begun = time.monotonic()
        done = subprocess.run([*command, '--json'], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f'{" ".join(command)}: failed ({done.returncode})')
        print(f'  {time.monotonic() - begun:.0f} s: bac-policy {" ".join(map(str, arguments))}', file=sys.stderr)
        return json.loads(done.stdout)

    def observations(self, name, seed, episodes):
        """A file of what the policy was shown in scenes of their own."""
        path = self.work / f'{name}.safetensors'
        if not path.exists():
            engine = BacPolicy(self.options.policy, self.plan(self.options.driver))
            write_observations(path, self.robot, self.observer, engine, scenes(episodes, seed))
        return path

    def calibration(self, runs):
        path = self.work / f'calibration_{runs}.cal'
        if not path.exists():
            observations = self.observations('calibration', CALIBRATION_SEED, self.options.calibration_episodes)
            self.run('calibrate', self.options.policy, '--vectors', observations, '--trajectories', runs, '-o', path)
        return path

    def plan(self, name):
        """The plan file of a method; None for dense."""
        how, path = METHODS[name], self.work / f'{name}.json'
        if how == 'preset':
            return preset_of(self.options.policy, name)
        if how is None or path.exists():
            return how and path
        if name.endswith('_plain'):
            without_correction(self.plan(how), path)
            return path
        runs = self.options.trajectories
        if isinstance(how, str):
            self.plan(how)
            [measured] = self.bench([how], chunks=1)
            how, runs = ['--method', 'search', '--budget-cost', f'{measured["cost"]:.4f}'], min(runs, RUNS_AT_HIGH_COST)
        calibrated = [] if 'ddim' in how or 'uniform' in how else ['--calibration', self.calibration(runs)]
        searched = ['--time-limit', self.options.search_seconds] if 'search' in how else []
        self.run('plan', self.options.policy, *how, *calibrated, *searched, '-o', path)
        return path

    @property
    def rows(self):
        return self.results['rows']

    def keep(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix('.new')
        rows = ',\n'.join(f'    {json.dumps(name)}: {json.dumps(row)}' for name, row in self.rows.items())
        head = json.dumps({**self.results, 'rows': 0}, indent=2)
        temporary.write_text(head.replace('"rows": 0', f'"rows": {{\n{rows}\n  }}') + '\n')
        temporary.rename(self.path)

    def bench(self, names, chunks):
        """Rows of `bac-policy bench` for methods, in their order."""
        plans = [('--plan', self.plan(name)) for name in names if name != 'dense']
        observations = self.observations('held_out', HELD_OUT_SEED, 30)
        rows = self.run('bench', self.options.policy, '--input', observations, '--chunks', chunks,
                        *(part for plan in plans for part in plan))['rows']
        by_name = {row['name'].removesuffix('.json'): row for row in rows}
        return [by_name[name.removeprefix('preset_')] for name in names]

    def time(self, names):
        """Errors, costs and times of methods, measured in turn in one run.

        Where others were timed before, times are in their measure: by what dense takes in this run and took in theirs.
        """
        names = ['dense', *(name for name in names if name != 'dense')]
        rows = self.bench(names, BENCH_CHUNKS)
        now = rows[0]['median_ms']
        pace = self.rows['dense'].get('ms', now) / now
        for name, row in zip(names, rows):
            self.rows[name].update(cost=row['cost'], ms=round(pace * row['median_ms'], 3),
                                   error_mrad=round(1000 * row['error_rms'], 3))
        self.keep()

    def control(self):
        from simulation.analysis.affine_control import AffineControl
        from simulation.analysis.torch_policy import TorchPolicy
        shown = load_file(self.observations('calibration', CALIBRATION_SEED, self.options.calibration_episodes))
        return AffineControl(TorchPolicy(self.options.policy), shown)

    def succeed(self, name):
        engine = self.control() if name == 'control' else BacPolicy(self.options.policy, self.plan(name))
        row = summary(run_episodes(self.robot, self.observer, engine, scenes(self.options.episodes)))
        self.rows.setdefault(name, {}).update(row)
        self.keep()
        print(f'{name:24} {as_line(row)}', flush=True)


def preset_of(package, name):
    return pathlib.Path(package) / 'plans' / f'{name.removeprefix("preset_")}.json'


def without_correction(plan, path):
    """The same updates, of which each step between reuses what the last one stored."""
    contents = json.loads(pathlib.Path(plan).read_text())
    for field in ('correction', 'constants', 'measured'):
        contents.pop(field, None)
    contents['method'] = {**contents['method'], 'correction': 'none'}
    path.write_text(json.dumps(contents))


def processor():
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--policy', required=True, metavar='DIR')
    parser.add_argument('--work', required=True, metavar='DIR', help='for plans and what they are made of')
    parser.add_argument('--results', required=True, metavar='FILE')
    parser.add_argument('--methods', nargs='*', default=list(METHODS), choices=METHODS, metavar='METHOD',
                        help=f'of {", ".join(METHODS)}')
    parser.add_argument('--episodes', type=int, default=200)
    parser.add_argument('--driver', default='ddim_10', choices=['dense', 'ddim_10'], help='makes what plans are fitted on')
    parser.add_argument('--calibration-episodes', type=int, default=60, help='of the driver')
    parser.add_argument('--trajectories', type=int, default=1600, help='dense runs that plans are fitted on')
    parser.add_argument('--search-seconds', type=int, default=120, help='of each searched plan')
    parser.add_argument('--no-times', action='store_true', help='leave out what a busy machine cannot tell')
    parser.add_argument('--training-seed', type=int, default=0, help='of the policy, for the table')
    options = parser.parse_args()
    comparison = Comparison(options)
    options.methods = [name for name in options.methods
                       if METHODS[name] != 'preset' or preset_of(options.policy, name).exists()]
    for name in options.methods:
        if comparison.rows.get(name, {}).get('episodes') != options.episodes:
            comparison.succeed(name)
    # Last, and all in one run: times of different hours do not compare.
    untimed = [name for name in options.methods if name != 'control' and 'ms' not in comparison.rows[name]]
    if not options.no_times and untimed:
        comparison.time(untimed)


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command goes on from what was kept')
