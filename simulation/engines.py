"""What makes chunks of actions: an engine is a function of observations (N, 2, D) and noise (N, 1 + K, T, A).

It returns actions (N, 8, 8) in physical units. `BacPolicy` runs the project's own command line, so what is evaluated
is what a robot would run.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

STEPS, HORIZON, ACTION_DIM = 100, 10, 8  # K, T, A of the policies here
CLI = pathlib.Path(__file__).parent.parent / 'dist/src/cli/main.js'


def noise_for(seeds):
    """Noise (N, 1 + K, T, A) that follows from one seed each: the initial noise, then that added at timestep 0..K-1."""
    shape = (1 + STEPS, HORIZON, ACTION_DIM)
    return np.stack([np.random.default_rng(seed).standard_normal(shape, np.float32) for seed in seeds])


class BacPolicy:
    """A policy package, with a plan or dense (`plan` None), through `bac-policy run`."""

    def __init__(self, package, plan=None, cli=CLI):
        self.command = ['node', str(cli), 'run', str(package), *(['--plan', str(plan)] if plan else [])]
        self.folder = tempfile.TemporaryDirectory()

    def __call__(self, observations, noise):
        given, made = (os.path.join(self.folder.name, name) for name in ('in.safetensors', 'out.safetensors'))
        save_file({'observation': np.ascontiguousarray(observations, np.float32),
                   'initial_noise': np.ascontiguousarray(noise[:, 0]),
                   'step_noise': np.ascontiguousarray(noise[:, 1:].swapaxes(0, 1))}, given)
        done = subprocess.run([*self.command, '--input', given, '--output', made], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'{" ".join(self.command)}: {done.stderr.strip()}')
        return load_file(made)['action']


def ddim_package(package, steps, folder):
    """A copy of `package` under `folder` that denoises by DDIM (arXiv 2010.02502) with `steps` evaluations."""
    package, copy = pathlib.Path(package).resolve(), pathlib.Path(folder) / f'ddim{steps}'
    copy.mkdir(parents=True)
    description = json.loads((package / 'policy.json').read_text())
    description['noise_scheduler'].update(kind='ddim', steps=steps)
    (copy / 'policy.json').write_text(json.dumps(description))
    for name in description['files']:
        os.link(package / name, copy / name)
    return copy
