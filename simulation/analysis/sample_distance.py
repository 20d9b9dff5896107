"""How far is the distribution of chunks that a plan or a solver makes from that of the dense policy?

    python -m simulation.analysis.sample_distance PKG HELDOUT.safetensors --samples FOLDER --plan PLAN.json --json OUT

For each of some observations every engine draws chunks from the same seeds; a task with several ways of doing it has
several modes there, which the error of single chunks cannot tell from noise. All figures are of the executed joint
targets in mrad (root mean square over the chunk), over all observations:

    distance   energy distance to dense, 2 E|X-Y| - E|X-X'| - E|Y-Y'| (Szekely & Rizzo 2013), unbiased, with its 95 %
               interval over observations; `dense, other seeds` is its floor
    mean       error of the mean chunk
    spread     standard deviation over seeds
    paired     error against the dense chunk of the same noise

Chunks are kept in FOLDER as vectors (NAME.safetensors, action (observations, seeds, 8, 8)) and not drawn again.
"""

import argparse
import json
import pathlib

import numpy as np
from safetensors.numpy import load_file, save_file

from simulation.engines import CLI, BacPolicy, noise_shape
from simulation.noise import chunk_noise

JOINTS = 7


def draw(engine, observations, shape, seeds, path):
    """Chunks (observations, seeds, 8, 8) of an engine; read from `path` where they are there already; `shape` is that of noise."""
    if not path.exists():
        noise = chunk_noise([[i, k] for i in range(len(observations)) for k in range(seeds)], shape)
        actions = engine({'observation': np.repeat(observations, seeds, axis=0)}, noise)
        save_file({'observation': np.ascontiguousarray(observations),
                   'action': actions.reshape(len(observations), seeds, *actions.shape[1:])}, path)
    kept = load_file(path)
    if kept['action'].shape[1] != seeds or not np.array_equal(kept['observation'], observations):
        raise SystemExit(f'{path}: was drawn for other observations or another number of seeds; remove it')
    return kept['action']


def joint_targets(actions):
    """(observations, seeds, 8 * 7) in mrad, scaled so that a vector's length is its root mean square."""
    targets = actions[..., :JOINTS].reshape(*actions.shape[:2], -1) * 1000
    return targets / np.sqrt(targets.shape[-1])


def mean_gap(some, others, is_paired):
    """Mean distance between chunks of two samples of one observation; pairs of the same noise are left out."""
    gaps = np.linalg.norm(some[:, None] - others[None], axis=-1)
    if is_paired:
        return gaps[~np.eye(len(gaps), dtype=bool)].mean()
    return gaps.mean()


def energy_distance(dense, other, is_paired=True):
    """Energy distances (observations,) in mrad, unbiased: may be below 0."""
    return np.array([2 * mean_gap(x, y, is_paired) - mean_gap(x, x, True) - mean_gap(y, y, True)
                     for x, y in zip(dense, other)])


def row(name, dense, other):
    distance = energy_distance(dense, other)
    rng = np.random.default_rng(0)
    resampled = rng.choice(distance, (1000, len(distance))).mean(axis=1)
    return {
        'name': name,
        'distance': round(float(distance.mean()), 2),
        'interval': [round(float(np.quantile(resampled, q)), 2) for q in (0.025, 0.975)],
        'mean': rms(dense.mean(axis=1) - other.mean(axis=1)),
        'spread': rms(other - other.mean(axis=1, keepdims=True)),
        'paired': rms(dense - other),
    }


def rms(differences):
    return round(float(np.sqrt((differences**2).sum(axis=-1).mean())), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('package')
    parser.add_argument('observations', help='vectors with observation (N, 2, D)')
    parser.add_argument('--samples', required=True, metavar='FOLDER')
    parser.add_argument('--plan', action='append', default=[], metavar='FILE')
    parser.add_argument('--count', type=int, default=32, help='observations used, spread evenly over the file')
    parser.add_argument('--seeds', type=int, default=32, help='chunks per observation')
    parser.add_argument('--cli', default=str(CLI))
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()

    vectors = load_file(options.observations)['observation']
    observations = vectors[np.linspace(0, len(vectors) - 1, options.count).astype(int)]
    folder = pathlib.Path(options.samples)
    folder.mkdir(parents=True, exist_ok=True)
    shape = noise_shape(json.loads((pathlib.Path(options.package) / 'policy.json').read_text()))
    engines = {'dense': BacPolicy(options.package, cli=options.cli)}
    for plan in options.plan:
        engines[pathlib.Path(plan).stem] = BacPolicy(options.package, plan, options.cli)
    chunks = {name: joint_targets(draw(engine, observations, shape, options.seeds, folder / f'{name}.safetensors'))
              for name, engine in engines.items()}

    dense, half = chunks['dense'], options.seeds // 2
    floor = energy_distance(dense[:, :half], dense[:, half:], is_paired=False)
    rows = [{'name': 'dense, other seeds', 'distance': round(float(floor.mean()), 2), 'mean': None,
             'spread': row('dense', dense, dense)['spread'], 'paired': None}]
    rows += [row(name, dense, other) for name, other in chunks.items() if name != 'dense']
    print(f'{"":28} distance  (95 %)          mean  spread  paired   [mrad]')
    for r in rows:
        low, high = r.get('interval', (None, None))
        print(f'{r["name"]:28} {r["distance"]:8}  {f"{low}-{high}" if low is not None else "":14} '
              f'{r["mean"] if r["mean"] is not None else "":>6} {r["spread"]:>7} '
              f'{r["paired"] if r["paired"] is not None else "":>7}')
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({'observations': options.count, 'seeds': options.seeds,
                                                          'rows': rows}, indent=1))


if __name__ == '__main__':
    main()
