"""What makes chunks of actions: an engine is a function of what a policy is shown and of noise (N, 1 + K, T, A).

It returns actions (N, Ta, A) in physical units. `BacPolicy` runs the project's own command line, so what is evaluated
is what a robot would run.
"""

import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

CLI = pathlib.Path(__file__).parent.parent / 'dist/src/cli/main.js'


def noise_shape(description):
    """(1 + K, T, A) of a policy: the initial noise, then that added at timestep 0..K-1."""
    a = description['architecture']
    return 1 + description['noise_scheduler']['steps'], a['horizon'], a['action_dim']


class BacPolicy:
    """A policy package, with a plan or dense (`plan` None), through `bac-policy run`."""

    def __init__(self, package, plan=None, cli=CLI):
        self.command = ['node', str(cli), 'run', str(package), *(['--plan', str(plan)] if plan else [])]
        self.folder = tempfile.TemporaryDirectory()

    def __call__(self, shown, noise):
        given, made = (os.path.join(self.folder.name, name) for name in ('in.safetensors', 'out.safetensors'))
        save_file({**shown, 'initial_noise': np.ascontiguousarray(noise[:, 0]),
                   'step_noise': np.ascontiguousarray(noise[:, 1:].swapaxes(0, 1))}, given)
        done = subprocess.run([*self.command, '--input', given, '--output', made], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'{" ".join(self.command)}: {done.stderr.strip()}')
        return load_file(made)['action']

