"""Trains a diffusion policy (DP-T) on demonstrations: demonstrations in, policy package out.

    python -m simulation.train --task stack DEMOS.npz... --output PACKAGE               sees joints and objects' poses
    python -m simulation.train --task lift DEMOS.npz... --output PACKAGE --cameras      sees joints and two cameras

DDPM with 100 steps predicts the noise; what is written is the moving average of the weights. The decoder's matrices
learn by Muon (arXiv 2502.16982). With --cameras encoders are trained first (train_encoders.py). The same seed gives the
same policy on the same machine. Progress is kept beside PACKAGE: the same command goes on where it was ended. With a
GPU the gradient is one CUDA graph.
"""

import argparse
import copy
import hashlib
import math
import os
import pathlib
import shutil
import sys

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import mse_loss

from simulation.demonstration_set import (HORIZON, N_ACTION_STEPS, N_OBS_STEPS, normaliser, observation_normaliser,
                                          read_demos, windows)
from simulation.denoiser import Denoiser, noise_levels
from simulation.observer import columns_of
from simulation.pictures import pictures_of
from simulation.policy_package import observation_sources, write_package
from simulation.tasks import TASKS
from simulation.training_state import Progress

STEPS = 100  # K
WARM_UP, AVERAGING = 300, 0.999
VALIDATION_SHARE = 0.04
# Little noise, where a chunk becomes precise, is learned slowest: timesteps are drawn as u ** LATE of the way from the
# least noise to the most, u uniform.
LATE = 2


class Training:
    """Of the denoiser, on conditions (n, Dc) and actions (n, A) of all steps, and rows (N, T) of what a chunk is."""

    def __init__(self, model, conditions, actions, rows, batch):
        self.model, self.conditions, self.actions, self.rows, self.batch = model, conditions, actions, rows, batch
        self.device = actions.device
        self.alphas = noise_levels(STEPS).to(self.device)
        self.average = copy.deepcopy(model).eval()
        is_matrix = {name: p.dim() == 2 and name.startswith('decoder.') for name, p in model.named_parameters()}
        matrices, others = ([p for name, p in model.named_parameters() if is_matrix[name] == which]
                            for which in (True, False))
        self.optimisers = {
            'muon': torch.optim.Muon(matrices, lr=0.0, weight_decay=0.01, adjust_lr_fn='match_rms_adamw'),
            'adamw': torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.95), weight_decay=1e-3)}
        self.loss = torch.zeros((), device=self.device)
        # On a CPU compiled code takes 0.7 of the time; a CUDA graph leaves it little to gain.
        self.learner = torch.compile(model) if self.device.type == 'cpu' and shutil.which('c++') else model

    def error(self, model, rows, noise, timestep):
        action, condition = self.actions[rows], self.conditions[rows[:, :N_OBS_STEPS]]
        alpha = self.alphas[timestep][:, None, None]
        noisy = alpha.sqrt() * action + (1 - alpha).sqrt() * noise
        # For chunks of ten tokens plain attention is faster than any fused one.
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False), sdpa_kernel(SDPBackend.MATH):
            predicted = model(noisy, timestep, condition)
        return mse_loss(predicted.float(), noise)

    def gradient(self):
        """That of the loss, on a random batch."""
        rows = self.rows[torch.randint(len(self.rows), (self.batch,), device=self.device)]
        noise = torch.randn((self.batch, HORIZON, self.actions.shape[1]), device=self.device)
        shares = torch.arange(self.batch, device=self.device) + torch.rand(self.batch, device=self.device)
        timestep = (STEPS * (shares / self.batch)**LATE).long().clamp(max=STEPS - 1)
        loss = self.error(self.learner, rows, noise, timestep)
        self.model.zero_grad(set_to_none=False)
        loss.backward()
        self.loss.lerp_(loss.detach(), 0.01)

    @torch.no_grad()
    def update(self, done, steps, peak):
        """Follows the gradient at a rate that rises during the first steps and falls along a cosine."""
        rate = peak * min(1, done / WARM_UP) * (1 + math.cos(math.pi * done / steps)) / 2
        for optimiser in self.optimisers.values():
            optimiser.param_groups[0]['lr'] = rate
            optimiser.step()
        average, weights = list(self.average.parameters()), list(self.model.parameters())
        if done < WARM_UP:  # an average would only remember the weights of the start
            torch._foreach_copy_(average, weights)
        else:
            torch._foreach_lerp_(average, weights, 1 - AVERAGING)

    def captured(self):
        """`gradient` as a CUDA graph."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.gradient()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.gradient()
        return graph.replay

    @torch.no_grad()
    def validate(self, rows):
        """The averaged model's error on chunks, each with one noise that is always the same."""
        source = torch.Generator(self.device).manual_seed(0)
        noise = torch.randn((len(rows), HORIZON, self.actions.shape[1]), generator=source, device=self.device)
        return self.error(self.average, rows, noise, torch.arange(len(rows), device=self.device) % STEPS).item()


def tensors_of(module, dtype):
    return {name: value.cpu().contiguous().numpy().astype(dtype) for name, value in module.state_dict().items()
            if 'mask' not in name}


def arguments():
    parser = argparse.ArgumentParser(prog='python -m simulation.train', description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('demos', nargs='+', help='as simulation.demonstrations writes them')
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--output', required=True, type=pathlib.Path)
    parser.add_argument('--steps', type=int, default=6000)
    parser.add_argument('--rate', type=float, default=2e-3, help='of learning, at its peak')
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--layers', type=int, default=8)
    parser.add_argument('--heads', type=int, default=4)
    parser.add_argument('--embedding', type=int, default=256)
    parser.add_argument('--n-cond-layers', type=int, default=0)
    parser.add_argument('--dropout', type=float, default=0.0)
    parser.add_argument('--cameras', action='store_true', help='see pictures instead of the poses of objects')
    parser.add_argument('--scenes', type=int, default=12_000, help='random ones that encoders learn from')
    parser.add_argument('--encoder-steps', type=int, default=5000)
    parser.add_argument('--half', action='store_true', help='store weights in half precision')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=os.cpu_count(), help='of the processor')
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision('high')
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')

    obs, action, ends = read_demos(options.demos)
    seen = [column for source in observation_sources(options.task, options.cameras) if 'size' not in source
            for column in columns_of(TASKS[options.task], source, options.task)]
    to_obs = [part[seen] for part in observation_normaliser(obs)]
    to_action = normaliser(action)
    conditions, encoders = obs[:, seen] * to_obs[0] + to_obs[1], None
    if options.cameras:
        from simulation.train_encoders import features_of, train_encoders
        encoders = train_encoders(options.task, options.demos, options.output, options.scenes, options.encoder_steps,
                                  options.seed, device)
        pictures = (pictures_of(demos, options.task) for demos in options.demos)
        features = np.concatenate([features_of(encoders, p) for p in pictures])
        conditions = np.concatenate([features, conditions], axis=-1)
    torch.manual_seed(options.seed)
    rows, episodes = windows(ends)
    is_held_out = episodes >= int((len(ends) - 1) * (1 - VALIDATION_SHARE))
    train, held_out = (torch.from_numpy(rows[some]).to(device) for some in (~is_held_out, is_held_out))
    numbers = {name: getattr(options, name) for name in ('layers', 'heads', 'embedding', 'n_cond_layers')} | {
        'horizon': HORIZON, 'n_obs_steps': N_OBS_STEPS, 'action_dim': action.shape[1],
        'condition_dim': conditions.shape[1]}
    model = Denoiser(**numbers, dropout=options.dropout).to(device)
    training = Training(model, torch.from_numpy(conditions.astype(np.float32)).to(device),
                        torch.from_numpy((action * to_action[0] + to_action[1]).astype(np.float32)).to(device), train,
                        options.batch)
    print(f'{len(ends) - 1} episodes, {len(rows)} chunks, {sum(p.numel() for p in model.parameters())} parameters')

    settings = {name: str(value) for name, value in vars(options).items() if name not in ('threads', 'output', 'half')}
    gradient = training.captured() if device.type == 'cuda' else training.gradient
    progress = Progress(options.output.with_name(f'{options.output.name}.training'), settings, {
        'model': model, 'average': training.average, **training.optimisers}, options.steps)
    for done in progress:
        gradient()
        training.update(done, options.steps, options.rate)
        if progress.is_time_to_say():
            progress.say(f'loss {training.loss.item():.4f}, held out {training.validate(held_out):.4f}')

    dtype = np.float16 if options.half else np.float32
    digest = hashlib.sha256(b''.join(pathlib.Path(demos).read_bytes() for demos in options.demos)).hexdigest()
    write_package(
        options.output, options.task,
        {**numbers, 'n_action_steps': N_ACTION_STEPS, 'first_action_step': N_OBS_STEPS - 1, 'causal': True}, to_obs,
        to_action, tensors_of(training.average, dtype),
        {name: tensors_of(encoder, dtype) for name, encoder in encoders.cameras.items()} if encoders else {},
        {'source': ', '.join(pathlib.Path(demos).name for demos in options.demos), 'source_sha256': digest,
         'importer': 'simulation.train', 'importer_version': f'steps {options.steps}, seed {options.seed}'})
    print(f'{options.output}: error of the predicted noise on held-out episodes {training.validate(held_out):.4f}')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command goes on from what was kept')
