"""A policy package's dense policy in PyTorch: for trajectories, and where there is a GPU but no Node.

It agrees with `bac-policy run` on the same noise to 2e-5 (rad) on Stack.
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file

from simulation.denoiser import Denoiser, noise_levels
from simulation.image_encoder import ImageEncoder


class TorchPolicy:
    """An engine (see engines.py). `ddim` is a number of steps; without it the policy denoises by DDPM."""

    def __init__(self, package, ddim=None, device='cpu'):
        package = pathlib.Path(package)
        self.description = description = json.loads((package / 'policy.json').read_text())
        a = description['architecture']
        self.model = Denoiser(a['action_dim'], a['condition_dim'], a['horizon'], a['n_obs_steps'], a['layers'],
                              a['heads'], a['embedding'], a['n_cond_layers']).eval().to(device)
        weights = load_file(package / 'denoiser.safetensors')
        self.model.load_state_dict({name: value.float() for name, value in weights.items()}, strict=False)  # no masks
        self.device = device
        self.inputs = description['inputs']
        self.encoders = {}
        if 'encoder' in description:
            tensors = {name: value.float() for name, value in load_file(package / 'encoder.safetensors').items()}
            for name in (i['name'] for i in self.inputs if i['kind'] == 'image'):
                encoder = self.encoders[name] = ImageEncoder().eval().to(device)
                encoder.load_state_dict({tensor.removeprefix(f'{name}.'): value for tensor, value in tensors.items()
                                         if tensor.startswith(f'{name}.')})
        self.action_normaliser = self._normaliser(description['action'])
        self.executed = slice(a['first_action_step'], a['first_action_step'] + a['n_action_steps'])
        self.levels = noise_levels(description['noise_scheduler']['train_steps']).double().numpy()
        self.stride = len(self.levels) // ddim if ddim else 1
        self.timesteps = np.arange(ddim or len(self.levels))[::-1] * self.stride
        self.is_ddim = ddim is not None

    @staticmethod
    def _normaliser(part):
        return np.float32(part['normaliser']['scale']), np.float32(part['normaliser']['offset'])

    @torch.no_grad()
    def condition(self, shown):
        """(N, To, Dc), of what an observer shows: the inputs, normalised, those of cameras encoded."""
        parts = []
        for part in self.inputs:
            scale, offset = self._normaliser(part)
            values = shown.get(f'observation.{part["name"]}', shown.get('observation'))
            if part['kind'] == 'vector':
                parts.append(torch.from_numpy((values * scale + offset).astype(np.float32)).to(self.device))
                continue
            y, x = ((size - crop) // 2 for size, crop in zip(part['size'], part['crop']))
            middle = values[:, :, y:y + part['crop'][0], x:x + part['crop'][1]] / np.float32(255) * scale + offset
            pixels = torch.from_numpy(middle.astype(np.float32)).to(self.device).flatten(0, 1).movedim(-1, 1)
            parts.append(self.encoders[part['name']](pixels).unflatten(0, values.shape[:2]))
        return torch.cat(parts, dim=-1)

    def __call__(self, shown, noise):
        condition = self.condition(shown)

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
