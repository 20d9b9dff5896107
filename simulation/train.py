"""Trains a low-dimensional DP-T on demonstrations, for a given time, and saves it as diffusion_policy does.

    train.py DEMOS.npz... --seconds 240 --output CHECKPOINT.ckpt      then: bac-policy import CHECKPOINT.ckpt -o PKG

DDPM with 100 steps predicts the noise; what is saved is the moving average of the weights. On a GPU the whole step is
one CUDA graph. The learning rate follows the share of the time that has passed.
"""

import argparse
import copy
import math
import time

import numpy as np
import torch
from torch.nn.functional import mse_loss

from denoiser import Denoiser, noise_levels

HORIZON, N_OBS_STEPS, N_ACTION_STEPS, STEPS = 10, 2, 8, 100
PEAK_RATE, WARM_UP, AVERAGING = 6e-4, 500, 0.9995
VALIDATION_SHARE = 0.04


def read_demos(paths):
    obs, action, ends = [], [], [0]
    for path in paths:
        with np.load(path) as demos:
            obs.append(demos['obs'])
            action.append(demos['action'])
            ends += list(demos['ends'] + ends[-1])
    return np.concatenate(obs), np.concatenate(action), np.asarray(ends)


def windows(obs, action, ends):
    """Every chunk of every episode, its ends repeated: observations (N, To, D), actions (N, T, A), episodes (N,)."""
    rows, episodes = [], []
    for i, (start, end) in enumerate(zip(ends[:-1], ends[1:])):
        first = np.arange(start - (N_OBS_STEPS - 1), end - (N_OBS_STEPS - 1))
        rows.append(np.clip(first[:, None] + np.arange(HORIZON), start, end - 1))
        episodes.append(np.full(len(first), i))
    rows = np.concatenate(rows)
    return obs[rows[:, :N_OBS_STEPS]], action[rows], np.concatenate(episodes)


def normaliser(values, identity_from=None):
    """Scale and offset that bring each value's range to [-1, 1]; quaternions (4 of every 7 values) stay as they are."""
    low, high = values.min(0), values.max(0)
    scale = 2 / np.maximum(high - low, 1e-4)
    offset = -1 - scale * low
    if identity_from is not None:
        for first in range(identity_from + 3, values.shape[1], 7):
            scale[first:first + 4], offset[first:first + 4] = 1, 0
    return scale.astype(np.float32), offset.astype(np.float32)


class Training:
    def __init__(self, model, observations, actions, batch):
        self.model, self.observations, self.actions, self.batch = model, observations, actions, batch
        self.device = actions.device
        self.alphas = noise_levels(STEPS).to(self.device)
        self.average = copy.deepcopy(model).eval()
        on_gpu = self.device.type == 'cuda'
        self.rate = torch.tensor(0.0, device=self.device)
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=self.rate if on_gpu else 0.0, betas=(0.9, 0.95),
                                           weight_decay=1e-3, capturable=on_gpu)
        self.loss = torch.zeros((), device=self.device)

    def error(self, model, observation, action, noise, timestep):
        alpha = self.alphas[timestep][:, None, None]
        noisy = alpha.sqrt() * action + (1 - alpha).sqrt() * noise
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False):
            predicted = model(noisy, timestep, observation)
        return mse_loss(predicted.float(), noise)

    def step(self):
        chosen = torch.randint(len(self.actions), (self.batch,), device=self.device)
        action = self.actions[chosen]
        timestep = torch.randint(STEPS, (self.batch,), device=self.device)
        loss = self.error(self.model, self.observations[chosen], action, torch.randn_like(action), timestep)
        self.optimiser.zero_grad(set_to_none=False)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - AVERAGING)
            self.loss.lerp_(loss.detach(), 0.01)

    def set_rate(self, rate):
        if self.device.type == 'cuda':
            self.rate.fill_(rate)
        else:
            self.optimiser.param_groups[0]['lr'] = rate

    def captured(self):
        """`step` as a CUDA graph."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step()
        return graph.replay

    @torch.no_grad()
    def validate(self, model, observation, action):
        noise_source = torch.Generator(self.device).manual_seed(0)
        noise = torch.randn(action.shape, generator=noise_source, device=self.device)
        timestep = torch.arange(len(action), device=self.device) % STEPS
        return self.error(model, observation, action, noise, timestep).item()


def checkpoint(model, numbers, obs_normaliser, action_normaliser, details):
    """The checkpoint's contents: upstream's names for what an importer needs."""
    state = {f'model.{name}': value.cpu() for name, value in model.state_dict().items()}
    for field, (scale, offset) in (('obs', obs_normaliser), ('action', action_normaliser)):
        state[f'normalizer.params_dict.{field}.scale'] = torch.from_numpy(scale)
        state[f'normalizer.params_dict.{field}.offset'] = torch.from_numpy(offset)
    return {'cfg': {'policy': {
        '_target_': 'diffusion_policy.policy.diffusion_transformer_lowdim_policy.DiffusionTransformerLowdimPolicy',
        'model': {
            '_target_': 'diffusion_policy.model.diffusion.transformer_for_diffusion.TransformerForDiffusion',
            'input_dim': numbers['action_dim'], 'output_dim': numbers['action_dim'], 'horizon': HORIZON,
            'n_obs_steps': N_OBS_STEPS, 'cond_dim': numbers['condition_dim'], 'n_layer': numbers['layers'],
            'n_head': numbers['heads'], 'n_emb': numbers['embedding'], 'causal_attn': True, 'time_as_cond': True,
            'obs_as_cond': True, 'n_cond_layers': numbers['n_cond_layers'],
        },
        'noise_scheduler': {
            '_target_': 'diffusers.schedulers.scheduling_ddpm.DDPMScheduler', 'num_train_timesteps': STEPS,
            'beta_start': 0.0001, 'beta_end': 0.02, 'beta_schedule': 'squaredcos_cap_v2',
            'variance_type': 'fixed_small', 'clip_sample': True, 'prediction_type': 'epsilon',
        },
        'horizon': HORIZON, 'obs_dim': numbers['condition_dim'], 'action_dim': numbers['action_dim'],
        'n_action_steps': N_ACTION_STEPS, 'n_obs_steps': N_OBS_STEPS, 'num_inference_steps': STEPS,
        'obs_as_cond': True, 'pred_action_steps_only': False,
    }, 'training': details}, 'state_dicts': {'ema_model': state}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('demos', nargs='+', help='npz with obs, action and ends, as expert.py writes it')
    parser.add_argument('--seconds', type=float, required=True, help='training time')
    parser.add_argument('--output', required=True)
    parser.add_argument('--layers', type=int, default=8)
    parser.add_argument('--heads', type=int, default=4)
    parser.add_argument('--embedding', type=int, default=256)
    parser.add_argument('--n-cond-layers', type=int, default=0)
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--batch', type=int, default=1024)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_float32_matmul_precision('high')
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')

    obs, action, ends = read_demos(options.demos)
    observations, actions, episodes = windows(obs, action, ends)
    obs_normaliser, action_normaliser = normaliser(obs, identity_from=8), normaliser(action)
    observations = torch.from_numpy(observations * obs_normaliser[0] + obs_normaliser[1]).to(device)
    actions = torch.from_numpy(actions * action_normaliser[0] + action_normaliser[1]).to(device)
    held_out = torch.from_numpy(episodes >= int((len(ends) - 1) * (1 - VALIDATION_SHARE))).to(device)
    numbers = dict(action_dim=action.shape[1], condition_dim=obs.shape[1], layers=options.layers,
                   heads=options.heads, embedding=options.embedding, n_cond_layers=options.n_cond_layers)
    model = Denoiser(**numbers, horizon=HORIZON, n_obs_steps=N_OBS_STEPS, dropout=options.dropout).to(device)
    training = Training(model, observations[~held_out], actions[~held_out], options.batch)
    check = observations[held_out][:4000], actions[held_out][:4000]
    print(f'{len(ends) - 1} episodes, {len(actions)} chunks, {sum(p.numel() for p in model.parameters())} parameters')

    step = training.captured() if device.type == 'cuda' else training.step
    begun, said, done = time.monotonic(), 0.0, 0
    while (elapsed := time.monotonic() - begun) < options.seconds:
        share = elapsed / options.seconds
        training.set_rate(PEAK_RATE * min(1, done / WARM_UP) * (1 + math.cos(math.pi * share)) / 2)
        for _ in range(10):
            step()
        done += 10
        if done <= 1000:  # before that the average would only remember the start
            with torch.no_grad():
                for mean, value in zip(training.average.parameters(), model.parameters()):
                    mean.copy_(value)
        if device.type == 'cuda':
            torch.cuda.synchronize()
        if elapsed - said >= options.seconds / 25:
            said = elapsed
            print(f'{elapsed:6.0f} s, step {done}: loss {training.loss.item():.4f}, validation '
                  f'{training.validate(training.average, *check):.4f}', flush=True)
    loss = training.validate(training.average, *check)
    details = {'steps': done, 'batch': options.batch, 'episodes': len(ends) - 1, 'validation_loss': loss}
    print(f'{options.output}: {details}', flush=True)
    torch.save(checkpoint(training.average, numbers, obs_normaliser, action_normaliser, details), options.output)


if __name__ == '__main__':
    main()
