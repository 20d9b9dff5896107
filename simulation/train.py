"""Trains a diffusion policy (DP-T) on demonstrations: demonstrations in, policy package out.

    python -m simulation.train --task stack DEMOS.npz... --output PACKAGE               sees joints and objects' poses
    python -m simulation.train --task lift DEMOS.npz... --output PACKAGE --cameras      sees joints and two cameras

DDPM with 100 steps predicts the noise; what is written is the moving average of the weights. The same seed gives the
same policy on the same machine. Progress is kept in PACKAGE.training: the same command goes on where it was ended.
With a GPU the whole step is one CUDA graph.
"""

import argparse
import copy
import hashlib
import math
import os
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import mse_loss

from simulation.demonstration_set import (HORIZON, N_ACTION_STEPS, N_OBS_STEPS, ROBOT_VALUES, normaliser, read_demos,
                                          windows)
from simulation.denoiser import Denoiser, noise_levels
from simulation.encoder_shape import FEATURES
from simulation.image_encoder import ImageEncoder
from simulation.pictures import pictures_of
from simulation.policy_package import CAMERAS, CROP, PICTURE, write_package
from simulation.robot import TASKS

STEPS = 100  # K
PEAK_RATE, WARM_UP, AVERAGING = 6e-4, 300, 0.999
VALIDATION_SHARE = 0.04
LOCATING = 0.3  # weight of the loss of where the objects are, for policies that see
KEEP_EVERY_S = 60


class Policy(nn.Module):
    """The networks of a policy: encoders of its cameras, if any, and the denoiser.

    `locate` says from a condition where the objects are. It is only trained, so that encoders soon find what matters
    in a picture; it is not part of the package.
    """

    def __init__(self, cameras, vector_dim, object_dim, **denoiser):
        super().__init__()
        self.encoders = nn.ModuleDict({name: ImageEncoder() for name in cameras})
        self.numbers = dict(denoiser, condition_dim=len(cameras) * FEATURES + vector_dim)
        self.denoiser = Denoiser(**self.numbers)
        self.locate = nn.Linear(self.numbers['condition_dim'], object_dim) if cameras else None
        self.to(memory_format=torch.channels_last)

    def condition(self, vectors, pictures):
        """(B, To, Dc) from vectors (B, To, D) and, of each camera, normalised pictures (B, To, 3, H, W)."""
        seen = [encoder(seen.flatten(0, 1)).float().unflatten(0, vectors.shape[:2])
                for encoder, seen in zip(self.encoders.values(), pictures)]
        return torch.cat([*seen, vectors], dim=-1)


class Batches:
    """Draws from the demonstrations: vectors, pictures, actions, and where objects are."""

    def __init__(self, device, obs, action, pictures, rows, vectors_are):
        on_device = lambda values: torch.from_numpy(np.ascontiguousarray(values)).to(device)
        self.vectors, self.action, self.rows = on_device(obs[:, vectors_are]), on_device(action), on_device(rows)
        self.objects = on_device(obs[:, ROBOT_VALUES:])
        self.pictures = None if pictures is None else on_device(pictures)
        self.margin = [size - crop for size, crop in zip(PICTURE, CROP)]
        self.device = device

    def of(self, chosen, is_augmented):
        """The windows `chosen` (B,); pictures are cropped at random places, or in the middle."""
        rows = self.rows[chosen]
        seen = rows[:, :N_OBS_STEPS]
        return self.vectors[seen], self._pictures(seen, is_augmented), self.action[rows], self.objects[seen]

    def _pictures(self, rows, is_augmented):
        if self.pictures is None:
            return []
        pictures = []
        for camera in range(self.pictures.shape[1]):
            along = []
            for margin, crop in zip(self.margin, CROP):
                first = (torch.randint(margin + 1, (len(rows),), device=self.device) if is_augmented else
                         torch.full((len(rows),), margin // 2, device=self.device))
                along.append(first[:, None] + torch.arange(crop, device=self.device))
            y, x = along
            cropped = self.pictures[rows[:, :, None, None], camera, y[:, None, :, None], x[:, None, None, :]]
            pictures.append((cropped.float() / 255 * 2 - 1).movedim(-1, 2))
        return pictures


class Training:
    def __init__(self, policy, train, batch, draws):
        self.policy, self.train, self.batch, self.draws = policy, train, batch, draws
        self.batches, self.chosen = train
        self.device = self.batches.device
        self.alphas = noise_levels(STEPS).to(self.device)
        self.average = copy.deepcopy(policy).eval()
        on_gpu = self.device.type == 'cuda'
        self.rate = torch.tensor(0.0, device=self.device)
        self.optimiser = torch.optim.AdamW(policy.parameters(), lr=self.rate if on_gpu else 0.0, betas=(0.9, 0.95),
                                           weight_decay=1e-3, capturable=on_gpu)
        self.losses = torch.zeros(2, device=self.device)  # running means: of the noise, of where objects are
        self.done = 0

    def error(self, policy, batch, draws, noise=None, timestep=None):
        """Mean square errors of the predicted noise and of where objects are; `draws` noises for each window."""
        vectors, pictures, action, objects = batch
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False), sdpa_kernel(SDPBackend.MATH):
            condition = policy.condition(vectors, pictures)
            located = policy.locate(condition) if policy.locate else None
            condition, action = condition.repeat(draws, 1, 1), action.repeat(draws, 1, 1)
            if noise is None:
                noise = torch.randn_like(action)
                timestep = torch.randint(STEPS, (len(action),), device=self.device)
            alpha = self.alphas[timestep][:, None, None]
            predicted = policy.denoiser(alpha.sqrt() * action + (1 - alpha).sqrt() * noise, timestep, condition)
        place = mse_loss(located.float(), objects) if located is not None else torch.zeros((), device=self.device)
        return mse_loss(predicted.float(), noise), place

    def step(self):
        chosen = self.chosen[torch.randint(len(self.chosen), (self.batch,), device=self.device)]
        noise, place = self.error(self.policy, self.batches.of(chosen, is_augmented=True), self.draws)
        self.optimiser.zero_grad(set_to_none=False)
        (noise + LOCATING * place).backward()
        torch.nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.policy.parameters()), 1 - AVERAGING)
            self.losses.lerp_(torch.stack([noise, place]).detach(), 0.01)

    def set_rate(self, share):
        """Up during the first steps, then down along a cosine to 0 when `share` of the training is 1."""
        rate = PEAK_RATE * min(1, self.done / WARM_UP) * (1 + math.cos(math.pi * share)) / 2
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

    def forget_start(self):
        """Begins the average anew: early on it would only remember the weights of the start."""
        with torch.no_grad():
            torch._foreach_copy_(list(self.average.parameters()), list(self.policy.parameters()))

    @torch.no_grad()
    def validate(self, batches, chosen, at_once=256):
        """The averaged policy's errors on windows, each with one noise that is always the same."""
        total = torch.zeros(2)
        for part in chosen.split(at_once):
            batch = batches.of(part, is_augmented=False)
            source = torch.Generator(self.device).manual_seed(int(part[0]))
            noise = torch.randn(batch[2].shape, generator=source, device=self.device)
            timestep = torch.arange(len(part), device=self.device) % STEPS
            total += torch.stack(self.error(self.average, batch, 1, noise, timestep)).cpu() * len(part)
        return (total / len(chosen)).tolist()

    def state(self):
        on_gpu = self.device.type == 'cuda'
        return {'done': self.done, 'policy': self.policy.state_dict(), 'average': self.average.state_dict(),
                'optimiser': self.optimiser.state_dict(), 'losses': self.losses, 'random': torch.get_rng_state(),
                'random_cuda': torch.cuda.get_rng_state() if on_gpu else None}

    def restore(self, state):
        self.done = state['done']
        self.policy.load_state_dict(state['policy'])
        self.average.load_state_dict(state['average'])
        self.optimiser.load_state_dict(state['optimiser'])
        self.losses.copy_(state['losses'])
        torch.set_rng_state(state['random'].cpu())
        if state['random_cuda'] is not None:
            torch.cuda.set_rng_state(state['random_cuda'].cpu())


def keep(contents, path):
    temporary = path.with_suffix('.new')
    torch.save(contents, temporary)
    temporary.rename(path)


def tensors_of(module, dtype):
    return {name: value.cpu().contiguous().numpy().astype(dtype) for name, value in module.state_dict().items()
            if 'mask' not in name}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('demos', nargs='+', help='as simulation.demonstrations writes them')
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--output', required=True, type=pathlib.Path)
    parser.add_argument('--cameras', action='store_true', help='see pictures instead of the poses of objects')
    parser.add_argument('--steps', type=int, default=6000)
    parser.add_argument('--batch', type=int, default=256, help='windows of a step')
    parser.add_argument('--draws', type=int, default=1, help='noises for each window; more where encoders are slow')
    parser.add_argument('--layers', type=int, default=8)
    parser.add_argument('--heads', type=int, default=4)
    parser.add_argument('--embedding', type=int, default=256)
    parser.add_argument('--n-cond-layers', type=int, default=0)
    parser.add_argument('--dropout', type=float, default=0.0)
    parser.add_argument('--half', action='store_true', help='store weights in half precision')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=os.cpu_count(), help='of the processor')
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision('high')
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')

    obs, action, ends = read_demos(options.demos)
    pictures = (np.concatenate([pictures_of(demos, options.task) for demos in options.demos]) if options.cameras
                else None)
    rows, episodes = windows(ends)
    vectors_are = slice(0, ROBOT_VALUES if options.cameras else obs.shape[1])
    to_obs, to_action = normaliser(obs, identity_from=ROBOT_VALUES), normaliser(action)
    batches = Batches(device, (obs * to_obs[0] + to_obs[1]).astype(np.float32),
                      (action * to_action[0] + to_action[1]).astype(np.float32), pictures, rows, vectors_are)
    is_held_out = torch.from_numpy(episodes >= int((len(ends) - 1) * (1 - VALIDATION_SHARE)))
    train, held_out = (torch.nonzero(some)[:, 0].to(device) for some in (~is_held_out, is_held_out))
    policy = Policy(CAMERAS if options.cameras else {}, batches.vectors.shape[1], obs.shape[1] - ROBOT_VALUES,
                    action_dim=action.shape[1], layers=options.layers, heads=options.heads,
                    embedding=options.embedding, n_cond_layers=options.n_cond_layers, horizon=HORIZON,
                    n_obs_steps=N_OBS_STEPS, dropout=options.dropout).to(device)
    training = Training(policy, (batches, train), options.batch, options.draws)
    print(f'{len(ends) - 1} episodes, {len(rows)} chunks, {sum(p.numel() for p in policy.parameters())} parameters')

    settings = {name: str(value) for name, value in vars(options).items() if name not in ('threads', 'output')}
    kept_at = options.output.with_name(f'{options.output.name}.training')
    if kept_at.exists():
        kept = torch.load(kept_at, weights_only=True, map_location=device)
        if kept['settings'] != settings:
            raise SystemExit(f'{kept_at}: is of a training with other settings; remove it or give another --output')
        training.restore(kept['training'])
        print(f'{kept_at}: goes on at step {training.done}')
    step = training.captured() if device.type == 'cuda' else training.step
    begun, kept_last, said = time.monotonic(), time.monotonic(), training.done
    while training.done < options.steps:
        training.set_rate(training.done / options.steps)
        step()
        training.done += 1
        if training.done <= WARM_UP:
            training.forget_start()
        if training.done % max(1, options.steps // 40) == 0:
            noise, place = training.losses.tolist()
            rate = (training.done - said) / (time.monotonic() - begun)
            print(f'step {training.done} ({rate:.1f}/s): noise {noise:.4f}, objects {place:.4f}; held out '
                  + ', '.join(f'{e:.4f}' for e in training.validate(batches, held_out[::4])), flush=True)
        if time.monotonic() - kept_last > KEEP_EVERY_S:
            keep({'settings': settings, 'training': training.state()}, kept_at)
            kept_last = time.monotonic()

    noise, place = training.validate(batches, held_out)
    dtype = np.float16 if options.half else np.float32
    digest = hashlib.sha256(b''.join(pathlib.Path(demos).read_bytes() for demos in options.demos)).hexdigest()
    architecture = {name: getattr(options, name) for name in ('layers', 'heads', 'embedding', 'n_cond_layers')}
    write_package(
        options.output, options.task,
        {**architecture, 'horizon': HORIZON, 'n_obs_steps': N_OBS_STEPS, 'n_action_steps': N_ACTION_STEPS,
         'first_action_step': N_OBS_STEPS - 1, 'causal': True, 'action_dim': action.shape[1],
         'condition_dim': policy.numbers['condition_dim']},
        [part[vectors_are] for part in to_obs], to_action, tensors_of(training.average.denoiser, dtype),
        {name: tensors_of(encoder, dtype) for name, encoder in training.average.encoders.items()},
        {'source': ', '.join(pathlib.Path(demos).name for demos in options.demos), 'source_sha256': digest,
         'importer': 'simulation.train', 'importer_version': f'steps {options.steps}, seed {options.seed}'})
    kept_at.unlink(missing_ok=True)
    print(f'{options.output}: held-out error of the noise {noise:.4f}, of the objects {place:.4f}')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command goes on from what was kept')
