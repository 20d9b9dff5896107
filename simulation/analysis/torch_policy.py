"""A policy package's dense policy in PyTorch: for trajectories, and where there is a GPU but no Node.

It agrees with `bac-policy run` on the same noise to 2e-5 (rad) on Stack.
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file

from simulation.denoiser import Denoiser, noise_levels


class TorchPolicy:
    """An engine (see engines.py). `ddim` is a number of steps; without it the policy denoises by DDPM."""

    def __init__(self, package, ddim=None, device='cpu'):
        package = pathlib.Path(package)
        self.description = description = json.loads((package / 'policy.json').read_text())
        a = description['architecture']
        self.model = Denoiser(a['action_dim'], a['condition_dim'], a['horizon'], a['n_obs_steps'], a['layers'],
                              a['heads'], a['embedding'], a['n_cond_layers']).eval().to(device)
        self.model.load_state_dict(load_file(package / 'denoiser.safetensors'), strict=False)  # masks are not in it
        self.device = device
        self.observation_normaliser = self._normaliser(description['inputs'][0])
        self.action_normaliser = self._normaliser(description['action'])
        self.executed = slice(a['first_action_step'], a['first_action_step'] + a['n_action_steps'])
        self.levels = noise_levels(description['noise_scheduler']['train_steps']).double().numpy()
        self.stride = len(self.levels) // ddim if ddim else 1
        self.timesteps = np.arange(ddim or len(self.levels))[::-1] * self.stride
        self.is_ddim = ddim is not None

    @staticmethod
    def _normaliser(part):
        return np.float32(part['normaliser']['scale']), np.float32(part['normaliser']['offset'])

    def normalised(self, observations):
        scale, offset = self.observation_normaliser
        return (observations * scale + offset).astype(np.float32)

    def __call__(self, shown, noise):
        condition = torch.from_numpy(self.normalised(shown['observation'])).to(self.device)

        @torch.no_grad()
        def predict(t, x):
            return self.model(x, torch.full((len(x),), t, device=self.device), condition)

        return self.physical(self.denoise(noise, predict))

    def physical(self, sample):
        """Executed actions of normalised samples (N, T, A)."""
        scale, offset = self.action_normaliser
        return ((sample.cpu().numpy() - offset) / scale)[:, self.executed].astype(np.float32)

    def denoise(self, noise, predict, clips=True):
        """Samples (N, T, A) from noise (N, 1 + K, T, A) and `predict(t, x)`, the noise in x at timestep t."""
        noise = torch.from_numpy(noise).to(self.device)
        x = noise[:, 0]
        for t in map(int, self.timesteps):
            e = predict(t, x)
            level, before = self.levels[t], self.levels[t - self.stride] if t >= self.stride else 1.0
            clean = (x - (1 - level) ** 0.5 * e) / level**0.5
            if clips:
                clean = clean.clamp(-1, 1)
            if self.is_ddim:
                x = before**0.5 * clean + (1 - before) ** 0.5 * e
                continue
            beta = 1 - level / before
            x = before**0.5 * beta / (1 - level) * clean + (1 - beta) ** 0.5 * (1 - before) / (1 - level) * x
            if t:
                x = x + ((1 - before) / (1 - level) * beta) ** 0.5 * noise[:, 1 + t]
        return x
