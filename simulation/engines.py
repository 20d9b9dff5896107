"""What makes chunks of actions: an engine is a function of what a policy is shown and of noise (N, 1 + K, T, A).

It returns actions (N, Ta, A) in physical units. `BacPolicy` runs the project's own command line, so what is evaluated
is what a robot would run.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import weakref

import numpy as np
from safetensors.numpy import load_file, save_file

CLI = pathlib.Path(__file__).parent.parent / 'dist/src/cli/main.js'


def noise_shape(description):
    """(1 + K, T, A) of a policy: the initial noise, then that added at timestep 0..K-1."""
    a = description['architecture']
    return 1 + description['noise_scheduler']['steps'], a['horizon'], a['action_dim']


class BacPolicy:
    """A policy package, with a plan or dense (`plan` None), through `bac-policy run --stream`."""

    def __init__(self, package, plan=None, cli=CLI):
        command = ['node', str(cli), 'run', str(package), '--stream', *(['--plan', str(plan)] if plan else [])]
        self._named = ' '.join(command)
        self._folder = tempfile.TemporaryDirectory()
        # In a session of its own: Ctrl-C comes to us alone.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True, start_new_session=True)
        weakref.finalize(self, _end, self._process)

    def __call__(self, shown, noise):
        given, made = (os.path.join(self._folder.name, name) for name in ('in.safetensors', 'out.safetensors'))
        save_file({**shown, 'initial_noise': np.ascontiguousarray(noise[:, 0]),
                   'step_noise': np.ascontiguousarray(noise[:, 1:].swapaxes(0, 1))}, given)
        try:
            self._process.stdin.write(json.dumps({'input': given, 'output': made}) + '\n')
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and said why
        if not self._process.stdout.readline():
            raise RuntimeError(f'{self._named}: {self._process.stderr.read().strip()}')
        return load_file(made)['action']


def _end(process):
    """It ends by itself with its input."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    process.wait()
