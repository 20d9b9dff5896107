"""The control without a network: every step's noise prediction is an affine map of the noisy chunk and the observation.

A task on which this policy succeeds proves nothing about a cache: its updates could all be left out. The maps are
fitted by ridge regression on the dense policy's own trajectories.
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch

from denoiser import Denoiser, noise_levels

RIDGE = 1e-4  # times the number of samples


class DenseSampler:
    """The dense DDPM sampler in PyTorch, on the package's weights; records trajectories."""

    def __init__(self, package):
        package = pathlib.Path(package)
        self.description = json.loads((package / 'policy.json').read_text())
        a = self.description['architecture']
        self.model = Denoiser(a['action_dim'], a['condition_dim'], a['horizon'], a['n_obs_steps'], a['layers'],
                              a['heads'], a['embedding'], a['n_cond_layers']).eval()
        self.model.load_state_dict(load_torch(package / 'denoiser.safetensors'), strict=False)
        normaliser = self.description['inputs'][0]['normaliser']
        self.scale, self.offset = np.float32(normaliser['scale']), np.float32(normaliser['offset'])
        normaliser = self.description['action']['normaliser']
        self.action_scale, self.action_offset = np.float32(normaliser['scale']), np.float32(normaliser['offset'])
        self.executed = slice(a['first_action_step'], a['first_action_step'] + a['n_action_steps'])
        self.levels = noise_levels(self.description['noise_scheduler']['steps']).double().numpy()

    def normalised(self, observations):
        return observations * self.scale + self.offset

    def physical(self, sample):
        return ((sample - self.action_offset) / self.action_scale)[:, self.executed].astype(np.float32)

    def sample(self, observations, seed, predict=None, clips=True):
        """Final samples (N, T, A), and per step the noisy chunk and the noise predicted for it, each (N, T, A)."""
        condition = torch.from_numpy(self.normalised(observations).astype(np.float32))
        rng = np.random.default_rng(seed)
        a = self.description['architecture']
        x = rng.standard_normal((len(observations), a['horizon'], a['action_dim']))
        noisy, noises = [], []
        for t in reversed(range(len(self.levels))):
            if predict is None:
                with torch.no_grad():
                    noise = self.model(torch.from_numpy(x).float(), torch.full((len(x),), t), condition).numpy()
            else:
                noise = predict(t, x)
            noisy.append(x.astype(np.float32))
            noises.append(noise.astype(np.float32))
            level, before = self.levels[t], self.levels[t - 1] if t else 1.0
            clean = (x - np.sqrt(1 - level) * noise) / np.sqrt(level)
            if clips:
                clean = np.clip(clean, -1, 1)
            beta = 1 - level / before
            x = np.sqrt(before) * beta / (1 - level) * clean + np.sqrt(1 - beta) * (1 - before) / (1 - level) * x
            if t:
                x += np.sqrt((1 - before) / (1 - level) * beta) * rng.standard_normal(x.shape)
        return x, noisy, noises


class AffineControl:
    """An engine (see engines.py) without any network, fitted on the observations of a vectors file."""

    def __init__(self, package, vectors):
        self.sampler = DenseSampler(package)
        observations = load_file(vectors)['observation']
        _, noisy, noises = self.sampler.sample(observations, seed=0)
        self.maps = [self._fit(self._features(x, observations), e.reshape(len(e), -1)) for x, e in zip(noisy, noises)]

    def _features(self, x, observations):
        n = len(x)
        return np.concatenate([np.ones((n, 1)), x.reshape(n, -1), self.sampler.normalised(observations).reshape(n, -1)],
                              axis=1)

    @staticmethod
    def _fit(features, targets):
        gram = features.T @ features + RIDGE * len(features) * np.eye(features.shape[1])
        return np.linalg.solve(gram, features.T @ targets)

    def __call__(self, observations, seed):
        predict = lambda t, x: (self._features(x, observations) @ self.maps[-1 - t]).reshape(x.shape)
        sample, _, _ = self.sampler.sample(observations, seed, predict, clips=False)
        return self.sampler.physical(sample)
