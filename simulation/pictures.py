"""What the cameras saw during recorded demonstrations, drawn once and kept beside them.

    python -m simulation.pictures --task lift DEMOS.npz...      writes DEMOS.pictures.npy, (steps, 2, 84, 84, 3) uint8

Can be interrupted: what is drawn already is not drawn again.
"""

import argparse
import multiprocessing
import os
import pathlib
import sys

import numpy as np

from simulation.policy_package import CAMERAS, PICTURE

PART = 512  # steps drawn between two notes of how far it is
_cameras = None


def _open(task):
    global _cameras
    from simulation.cameras import Cameras  # opens a display library
    _cameras = Cameras(task)


def _draw(part):
    positions, path = part
    pictures = np.stack([[_cameras.render(p, camera, PICTURE) for camera, _ in CAMERAS.values()] for p in positions])
    temporary = path.with_suffix('.new.npy')
    np.save(temporary, pictures)
    temporary.rename(path)


def pictures_of(demos, task, workers=os.cpu_count()):
    """The pictures (steps, cameras, H, W, 3) uint8 of the demonstrations in the file `demos`, as a memory map."""
    demos = pathlib.Path(demos)
    made = demos.with_suffix('.pictures.npy')
    if not made.exists():
        with np.load(demos) as recorded:
            positions = recorded['qpos']
        parts = [(positions[i:i + PART], demos.with_suffix(f'.pictures{i}.npy'))
                 for i in range(0, len(positions), PART)]
        missing = [part for part in parts if not part[1].exists()]
        # Each process has a context of OpenGL of its own, which a fork would share.
        with multiprocessing.get_context('spawn').Pool(workers, _open, (task,)) as pool:
            for i, _ in enumerate(pool.imap_unordered(_draw, missing)):
                print(f'{made.name}: {len(parts) - len(missing) + i + 1} of {len(parts)} parts', file=sys.stderr)
        temporary = made.with_suffix('.new.npy')
        whole = np.lib.format.open_memmap(temporary, mode='w+', dtype=np.uint8,
                                          shape=(len(positions), len(CAMERAS), *PICTURE, 3))
        for i, (_, path) in enumerate(parts):
            whole[i * PART:(i + 1) * PART] = np.load(path)
        whole.flush()
        temporary.rename(made)
        for _, path in parts:
            path.unlink()
    return np.load(made, mmap_mode='r')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('demos', nargs='+')
    parser.add_argument('--task', required=True)
    parser.add_argument('--workers', type=int, default=os.cpu_count())
    options = parser.parse_args()
    for demos in options.demos:
        print(f'{demos}: pictures {pictures_of(demos, options.task, options.workers).shape}')


if __name__ == '__main__':
    main()
