"""The control without a network: every step's noise prediction is an affine map of the noisy chunk and the observation.

A task on which this policy succeeds proves nothing about a cache: its updates could all be left out. The maps are
fitted by ridge regression on the dense policy's own trajectories.
"""

import numpy as np
import torch

from simulation.engines import noise_shape
from simulation.noise import chunk_noise

RIDGE = 1e-4  # times the number of samples


class AffineControl:
    """An engine (see engines.py) without any network. `policy` is the dense TorchPolicy it is fitted to."""

    def __init__(self, policy, shown):
        self.policy = policy
        condition = policy.condition(shown)
        self.maps = {}

        @torch.no_grad()
        def predict_and_fit(t, x):
            e = policy.model(x, torch.full((len(x),), t, device=policy.device), condition)
            features = self._features(x, condition)
            gram = features.T @ features + RIDGE * len(features) * np.eye(features.shape[1])
            self.maps[t] = np.linalg.solve(gram, features.T @ e.flatten(1).cpu().double().numpy())
            return e

        seeds = [[0, i] for i in range(len(condition))]
        policy.denoise(chunk_noise(seeds, noise_shape(policy.description)), predict_and_fit)

    @staticmethod
    def _features(x, condition):
        """1, the noisy chunk and the observation: (N, 1 + T * A + To * Dc)."""
        rows = [np.ones((len(x), 1)), x.flatten(1).cpu().numpy(), condition.flatten(1).cpu().numpy()]
        return np.concatenate(rows, axis=1, dtype=np.float64)

    def __call__(self, shown, noise):
        condition = self.policy.condition(shown)

        def predict(t, x):
            e = self._features(x, condition) @ self.maps[t]
            return torch.from_numpy(e.reshape(x.shape).astype(np.float32)).to(x.device)

        return self.policy.physical(self.policy.denoise(noise, predict, clips=False))
