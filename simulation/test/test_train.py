"""Training goes on where it was ended, and what it writes is what it trained. Needs PyTorch, a node build, no scenes."""

import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np

try:
    import torch
except ImportError:
    torch = None

EPISODES, LENGTH = 25, 16
SIZES = ['--layers', '1', '--heads', '2', '--embedding', '16', '--batch', '8', '--threads', '1']


def write_demos(path):
    rng = np.random.default_rng(0)
    obs, action = (rng.normal(size=(EPISODES * LENGTH, n)).astype(np.float32) for n in (22, 8))
    np.savez(path, obs=obs, action=action, ends=LENGTH * np.arange(1, EPISODES + 1), qpos=np.zeros((len(obs), 16)))


@unittest.skipUnless(torch, 'PyTorch is not installed: simulation/requirements-train.txt')
class Train(unittest.TestCase):
    def setUp(self):
        self.enterContext(mock.patch('builtins.print'))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        write_demos(self.folder / 'demos.npz')

    def train(self, name, steps=20):
        from simulation import train
        arguments = ['train', str(self.folder / 'demos.npz'), '--task', 'lift', '--output', str(self.folder / name),
                     '--steps', str(steps), *SIZES]
        with mock.patch.object(sys, 'argv', arguments):
            train.main()

    def weights(self, name):
        return (self.folder / name / 'denoiser.safetensors').read_bytes()

    def test_goes_on_where_it_was_ended(self):
        from simulation import train, training_state
        self.train('whole')
        update = train.Training.update
        counted = mock.Mock(side_effect=[None] * 11 + [KeyboardInterrupt])

        def ended(*arguments):
            counted()
            update(*arguments)

        with mock.patch.object(training_state, 'KEEP_EVERY_S', -1), mock.patch.object(train.Training, 'update', ended):
            with self.assertRaises(KeyboardInterrupt):
                self.train('ended')
        self.assertFalse((self.folder / 'ended').exists())
        self.train('ended')
        self.assertEqual(self.weights('ended'), self.weights('whole'))

    def test_other_settings_are_another_training(self):
        self.train('policy')
        with self.assertRaisesRegex(SystemExit, 'other settings'):
            self.train('policy', steps=21)


@unittest.skipUnless(torch, 'PyTorch is not installed: simulation/requirements-train.txt')
class CameraPackage(unittest.TestCase):
    def test_makes_the_actions_that_were_trained(self):
        from simulation.analysis.torch_policy import TorchPolicy
        from simulation.denoiser import Denoiser
        from simulation.encoder_shape import FEATURES
        from simulation.engines import BacPolicy, noise_shape
        from simulation.image_encoder import ImageEncoder
        from simulation.noise import chunk_noise
        from simulation.policy_package import CAMERAS, PICTURE, write_package
        from simulation.train import tensors_of
        torch.manual_seed(0)
        numbers = dict(action_dim=8, condition_dim=2 * FEATURES + 8, layers=2, heads=2, embedding=32, horizon=10,
                       n_obs_steps=2, n_cond_layers=0)
        rng = np.random.default_rng(0)
        with tempfile.TemporaryDirectory() as folder:
            write_package(folder, 'lift', {**numbers, 'n_action_steps': 8, 'first_action_step': 1, 'causal': True},
                          (np.ones(8), np.zeros(8)), (np.ones(8), np.zeros(8)), tensors_of(Denoiser(**numbers), np.float16),
                          {name: tensors_of(ImageEncoder(), np.float16) for name in CAMERAS},
                          {'source': 'random', 'source_sha256': '0' * 64, 'importer': 'test', 'importer_version': '0'})
            shown = {'observation.joint_positions': rng.normal(size=(3, 2, 8)).astype(np.float32), **{
                f'observation.{name}': rng.integers(0, 256, (3, 2, *PICTURE, 3), np.uint8) for name in CAMERAS}}
            torch_policy = TorchPolicy(folder)
            noise = chunk_noise([(0, i) for i in range(3)], noise_shape(torch_policy.description))
            np.testing.assert_allclose(BacPolicy(folder)(shown, noise), torch_policy(shown, noise), atol=2e-4)


if __name__ == '__main__':
    unittest.main()
