"""Writes docs/results.md and its chart from the result files in results/.

    python -m simulation.results_page            of simulation.compare (*.json) and evaluate --json (real_time.jsonl)

Everything that the page says about figures is worked out here; a row that was not measured is not there.
"""

import itertools
import json
import pathlib

from simulation.closed_loop import wilson
from simulation.compare import METHODS
from simulation.results_chart import draw
from simulation.robot import RATE_HZ

HERE = pathlib.Path(__file__).parent.parent
RESULTS, PAGE, CHART = HERE / 'results', HERE / 'docs/results.md', HERE / 'docs/images/success.svg'
TASKS = {'lift': 'Lift', 'stack': 'Stack', 'can': 'PickPlaceCan', 'square': 'NutAssemblySquare'}

HEAD = """# Success in closed loop

Whether a cached policy still does the task, measured on the [simulated robot](../simulation/README.md): every method
drives the same scenes from the same noise, and all 8 actions of a chunk are executed. Success has to hold for five
control steps in a row. Intervals are Wilson's, 95 %. This page is made by `python -m simulation.results_page` from
the files in [results/](../results), which `python -m simulation.compare` makes; the commands are at the end.

![Success against cost, a panel for each policy; the band is the 95 % interval of the dense policy](images/success.svg)

- **cost**: multiply-adds relative to the dense compiled engine; **ms**: median time of a chunk, one thread, without
  pictures, of all methods in turn in one `bac-policy bench` run; those of methods that were added later are scaled by
  what dense took in their run.
- **error**: root mean square of the executed actions against dense from the same noise, rad and m together, x 1e-3, on
  observations of 30 scenes of their own. DDIM arrives at another sample of the same distribution, so its error says
  little.
- **searched** plans are `bac-policy plan --method search --budget-cost`, _int8_ with `--int8`; _plain_ is the same plan
  without its correction: steps between evaluations reuse what the last one stored. **Presets** are those of the
  package, made by `bac-policy optimize`; `fast` is in int8. _control_ is an affine policy without any network: where it
  succeeds, the task says little about plans.
"""

REAL_TIME = """## Over ROS 2, in lockstep and in real time

The real node and the simulated robot as two processes on one machine of two cores, which the robot's physics and
pictures share with the node. In lockstep time stands still while the node computes; in real time the robot goes on.
_Chunk_ is the time from the stamp of the observation to the arrival of the trajectory at the robot; _periods held_ are
those for which the robot had no action to execute; _jerk_ is the root mean square of what a controller of 100 Hz commands
to the arm, rad/s^3 in the robot's own time; _border_ is by how much position and velocity of a new trajectory differ at
most from those of the one before, where the controller changes over from chunk to chunk. Nothing moves in these tasks
while the robot waits, so they forgive a slow policy: first of all it costs time. _Node_ is what was set otherwise than by default: `asynchronous`, `join: rtc` and
a smoothing of 0.6 control periods (none with `join: replace`) are the defaults ([ros.md](ros.md#motion)).
Rows are of `evaluate --over ros --json >> results/real_time.jsonl`.
"""

PAPER = """## The paper's own table

Figures of BAC as its authors report them (arXiv 2506.13456, eager PyTorch on a GPU; not measured here):

| setting                                        | speed-up | GFLOP of a chunk | success, BAC against dense |
| ---------------------------------------------- | -------: | ---------------: | -------------------------: |
| RoboMimic, average, S = 10, n = 5              |    3.40x |    15.77 -> 2.66 |               0.79 to 0.76 |
| Kitchen and Block Push, S = 10                 |    3.60x |                  |                            |
| RDT-1B with DPM-Solver                         |    3.55x |                  |                            |
| a real Franka arm, S = 7, frequency of chunks  | 7.8 -> 39.2 Hz |             |                            |

Speed-ups there are against eager PyTorch; against eager PyTorch this package's are in
[performance.md](performance.md).
"""

COMMANDS = """## The commands

```sh
make simulation && alias sim=.sim/bin/python
sim -m simulation.compare --task can --policy results/policies/can --work /tmp/can --results results/can.json
. scripts/ros/env.bash                                                 # after make ros, for the rows over ROS 2
sim -m simulation.evaluate --task lift --policy demo/lift_camera/policy --plan balanced --episodes 100 \\
  --over ros --mode real-time --json >> results/real_time.jsonl
sim -m simulation.results_page                                         # writes this page
```

The policies are in [results/policies](../results/policies) and [demo/lift_camera](../demo/lift_camera), with the commands
that trained them. `compare` goes on where it was ended; one method alone is `--methods dense search_0.05`.
"""


def label(name):
    kind, _, rest = name.partition('_')
    if kind == 'dense':
        return 'dense, DDPM-100'
    if kind == 'ddim':
        return f'DDIM-{rest}'
    if kind in ('uniform', 'acs'):
        return f'{"uniform" if kind == "uniform" else "ACS"}, S = {rest[1:]}'
    if kind == 'bac':
        return f'BAC, S = {rest[1:]}'
    if kind == 'search':
        if rest.startswith('as_bac_s'):
            return f'searched, at the cost of BAC S = {rest.removeprefix("as_bac_s")}'
        return f'searched, cost {", ".join(rest.split("_"))}'
    if kind == 'preset':
        return f'preset {rest}'
    return 'control, no network'


def percent(value):
    return f'{100 * value:.1f}'


def table(heads, rows):
    """A Markdown table; the first column to the left, the others to the right."""
    cells = [heads, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    line = lambda row: '| ' + ' | '.join(
        cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))) + ' |'
    rule = '| ' + ' | '.join('-' * w if i == 0 else '-' * (w - 1) + ':' for i, w in enumerate(widths)) + ' |'
    return '\n'.join([line(heads), rule, *map(line, rows)])


def rows_of(result):
    rows = []
    for name in METHODS:
        row = result['rows'].get(name)
        if not row or 'episodes' not in row:
            continue
        low, high = row['interval']
        rows.append([
            label(name), f'{row["cost"]:.3f}' if 'cost' in row else '', f'{row["ms"]:.1f}' if 'ms' in row else '',
            f'{row["error_mrad"]:.1f}' if row.get('error_mrad') else '',
            f'{row["success"]} of {row["episodes"]}', f'{percent(low)} to {percent(high)} %',
            str(row['steps_to_success'] or '')])
    return rows


def verdicts(result):
    """What the table says of the searched plans, with or against them."""
    rows = {name: row for name, row in result['rows'].items() if 'episodes' in row and 'cost' in row}
    dense = rows.get('dense')
    if not dense:
        return []
    said = []
    low, high = dense['interval']
    for name, row in rows.items():
        if not name.startswith(('search_', 'preset_')) or name.endswith('_plain'):
            continue
        inside = low <= row['rate'] <= high
        sentence = (f'{label(name).capitalize()} ({row["cost"]:.3f}): {percent(row["rate"])} %, '
                    + (f'inside the interval of dense ({percent(low)} to {percent(high)} %)' if inside else
                       f'**{"above" if row["rate"] > high else "below"}** the interval of dense '
                       f'({percent(low)} to {percent(high)} %)'))
        rivals = [(other, r) for other, r in rows.items() if other.startswith('bac_') and r['cost'] >= row['cost']]
        if rivals:
            other, rival = min(rivals, key=lambda r: abs(r[1]['cost'] - 2 * row['cost']))
            gap = row['success'] - rival['success']
            word = 'as many as' if gap == 0 else f'{abs(gap)} {"more" if gap > 0 else "**fewer**"} than'
            sentence += f'; {word} {label(other)} at {rival["cost"] / row["cost"]:.1f} times the cost'
        said.append(f'- {sentence}.')
    return said


def title(result):
    a = result['architecture']
    return (f'{TASKS[result["task"]]}, {a["layers"]} layers of width {a["embedding"]}'
            f'{", sees cameras" if result.get("cameras") else ""}, training seed {result["training_seed"]}')


def section(result):
    heads = ['method', 'cost', 'ms', 'error', 'success', '95 %', 'steps to success']
    film = CHART.with_name(f'{result["task"]}.webp')
    shown = [f'![One episode, as both cameras saw it, with the searched plan of cost 0.05](images/{film.name})']
    return '\n\n'.join([
        f'## {title(result)}', *(shown if film.exists() else []), table(heads, rows_of(result)),
        '\n'.join(verdicts(result)),
        f'Policy `{result["policy_sha256"][:12]}` ({result["provenance"]["source"]}); plans fitted on '
        f'{result["trajectories"]} dense runs of observations of {result.get("calibration_episodes", 60)} episodes that '
        f'{label(result.get("driver", "ddim_10"))} drove; times on {result["machine"]}.'])


def seeds(results):
    """Success of the methods that were measured with every one of several training seeds, side by side."""
    lines = []
    for name in METHODS:
        rows = [result['rows'].get(name, {}) for result in results]
        if all('episodes' in row for row in rows):
            successes, episodes = (sum(row[what] for row in rows) for what in ('success', 'episodes'))
            costs = [row['cost'] for row in rows if 'cost' in row]
            lines.append([label(name), f'{sum(costs) / len(costs):.3f}' if costs else '',
                          *(f'{row["success"]} of {row["episodes"]}' for row in rows), f'{successes} of {episodes}',
                          '{} to {} %'.format(*map(percent, wilson(successes, episodes)))])
    heads = ['method', 'cost, mean', *(f'seed {result["training_seed"]}' for result in results), 'together', '95 %']
    policies = ', '.join(f'`{result["policy_sha256"][:12]}`' for result in results)
    return '\n\n'.join([
        f'### {len(results)} training seeds',
        'The same demonstrations and sizes; every seed has its own calibration and its own plans. The same scenes and '
        'noise.', table(heads, lines), f'Policies {policies}.'])


def sections(results):
    """Of the first training seed of every policy, and what others make of it."""
    of_kind = lambda result: (result['task'], result['architecture'])
    for _, same in itertools.groupby(results, of_kind):
        first, *others = same
        yield section(first)
        if others:
            yield seeds([first, *others])


def real_time(rows):
    heads = ['policy', 'node', 'mode', 'control, Hz', 'chunk p50, ms', 'p95, ms', 'periods held', 'jerk',
             'border, mrad', 'rad/s', 'success', '95 %', 'steps to success']
    lines = []
    for row in rows:
        low, high = row['interval']
        latency = row.get('chunk_latency_ms') or {}
        ms = [f'{latency[p]:.0f}' if latency.get(p) is not None else '' for p in ('p50', 'p95')]
        waits = row.get('held_ticks', 0) + row.get('waited_ticks', 0)
        held = f'{waits} of {row["ticks"]}' if row['mode'] == 'real-time' else ''
        set_to = ', '.join(f'{name} {value if isinstance(value, str) else json.dumps(value)}'
                           for name, value in row['parameters'].items())
        border = [row.get(what, {}).get('max') for what in ('border_position_mrad', 'border_velocity')]
        lines.append([f'{TASKS[row["task"]]}, {pathlib.Path(row["plan"]).stem if row["plan"] else "dense"}', set_to,
                      row['mode'], f'{row.get("rate_hz", RATE_HZ):.0f}', *ms, held,
                      f'{row["jerk_rms"]:.0f}' if 'jerk_rms' in row else '',
                      *('' if most is None else f'{most:.2f}' for most in border),
                      f'{row["success"]} of {row["episodes"]}', f'{percent(low)} to {percent(high)} %',
                      str(row['steps_to_success'] or '')])
    return '\n\n'.join([REAL_TIME.strip(), table(heads, lines)])


def read_results():
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob('*.json'))]
    order = list(TASKS)
    return sorted(results, key=lambda r: (order.index(r['task']), r['architecture']['embedding'], r['training_seed']))


def page():
    """The text of docs/results.md."""
    results = read_results()
    parts = [HEAD.strip(), *sections(results)]
    lively = RESULTS / 'real_time.jsonl'
    if lively.exists():
        parts.append(real_time([json.loads(line) for line in lively.read_text().splitlines()]))
    return '\n\n'.join([*parts, PAPER.strip(), COMMANDS.strip()]) + '\n'


def chart(path):
    """Draws docs/images/success.svg into a file."""
    draw([(title(result), result['rows']) for result in read_results() if result['training_seed'] == 0], path)


def main():
    PAGE.write_text(page())
    chart(CHART)
    print(f'{PAGE}, {CHART}: written')


if __name__ == '__main__':
    main()
