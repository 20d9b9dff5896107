"""Teaches a policy's camera encoders where objects are, before the policy itself is trained on what they say.

The encoders see random scenes (random_scenes.py), and together with the robot's joints have to tell the objects' poses
in the world and their places from the hand. What is learned this way needs no demonstrations, so places between those
of the demonstrations are known too; and the denoiser then trains on features that were computed once, as fast as on
poses.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss

from simulation.demonstration_set import ROBOT_VALUES, observation_normaliser
from simulation.encoder_shape import FEATURES
from simulation.image_encoder import ImageEncoder
from simulation.pictures import pictures_of
from simulation.policy_package import CAMERAS, CROP, PICTURE
from simulation.random_scenes import random_scenes, where_objects_are
from simulation.training_state import Progress

PEAK_RATE, WARM_UP, BATCH, HIDDEN = 1e-3, 200, 128, 128
VALIDATION_SHARE = 0.04
BRIGHTNESS = 0.1  # largest change of a picture's brightness in training


class Encoders(nn.Module):
    """One encoder for each camera, and a head that says from features and joints where objects are."""

    def __init__(self, told):
        super().__init__()
        self.cameras = nn.ModuleDict({name: ImageEncoder() for name in CAMERAS})
        self.head = nn.Sequential(nn.Linear(len(CAMERAS) * FEATURES + ROBOT_VALUES, HIDDEN), nn.GELU(),
                                  nn.Linear(HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, told))
        self.to(memory_format=torch.channels_last)

    def features(self, pictures):
        """(B, cameras * FEATURES) of pictures (B, cameras, H, W, 3) uint8, cropped in the middle."""
        y, x = ((size - crop) // 2 for size, crop in zip(PICTURE, CROP))
        middle = pictures[:, :, y:y + CROP[0], x:x + CROP[1]].float() / 255 * 2 - 1
        if self.training:
            middle = middle + BRIGHTNESS * (2 * torch.rand(len(middle), 1, 1, 1, 1, device=middle.device) - 1)
        return torch.cat([encoder(middle[:, i].movedim(-1, 1)).float()
                          for i, encoder in enumerate(self.cameras.values())], dim=-1)


@torch.no_grad()
def features_of(encoders, pictures, at_once=256):
    """Features (n, cameras * FEATURES) float32 of pictures (n, cameras, H, W, 3) uint8."""
    encoders.eval()
    device = next(encoders.parameters()).device
    parts = [encoders.features(torch.from_numpy(np.ascontiguousarray(pictures[i:i + at_once])).to(device)).cpu()
             for i in range(0, len(pictures), at_once)]
    return torch.cat(parts).numpy()


@torch.no_grad()
def standardise(encoders, pictures):
    """Scales every feature to a mean square of 1, which a ReLU lets through exactly. Features always 0 stay so."""
    scale = np.sqrt((features_of(encoders, pictures)**2).mean(axis=0))
    scale = torch.from_numpy(np.where(scale > 1e-6, 1 / np.maximum(scale, 1e-6), 1)).float()
    for encoder, part in zip(encoders.cameras.values(), scale.split(FEATURES)):
        part = part.to(encoder.linear.weight.device)
        encoder.linear.weight *= part[:, None]
        encoder.linear.bias *= part


def train_encoders(task, demos, output, scenes, steps, seed, device):
    """Trained Encoders. `demos` are files; `scenes` random ones are drawn and kept beside `output`."""
    torch.manual_seed(seed)
    drawn = output.with_name(f'{output.name}.scenes.npz')
    if not drawn.exists():
        positions = np.concatenate([np.load(path)['qpos'] for path in demos])
        np.savez_compressed(drawn, qpos=random_scenes(task, positions, scenes, seed))
    pictures = torch.from_numpy(np.ascontiguousarray(pictures_of(drawn, task)))
    with np.load(drawn) as kept:
        observations = where_objects_are(task, kept['qpos'])
    scale, offset = observation_normaliser(observations)
    joints, told = torch.from_numpy(observations * scale + offset).tensor_split([ROBOT_VALUES], dim=1)
    checked = int(len(told) * VALIDATION_SHARE)

    encoders = Encoders(told.shape[1]).to(device)
    optimiser = torch.optim.AdamW(encoders.parameters(), lr=0.0, betas=(0.9, 0.95), weight_decay=1e-3)
    progress = Progress(output.with_name(f'{output.name}.encoders'), {'seed': seed, 'steps': steps, 'scenes': len(told)},
                        {'encoders': encoders, 'optimiser': optimiser}, steps)

    def error(rows):
        with torch.autocast(device.type, torch.bfloat16, enabled=encoders.training):
            features = encoders.features(pictures[rows].to(device))
            return mse_loss(encoders.head(torch.cat([features, joints[rows].to(device)], dim=-1)).float(),
                            told[rows].to(device))

    for step in progress:
        encoders.train()
        rate = PEAK_RATE * min(1, step / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
        optimiser.param_groups[0]['lr'] = rate
        loss = error(torch.randint(checked, len(told), (BATCH,)))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(encoders.parameters(), 1.0)
        optimiser.step()
        if progress.is_time_to_say():
            encoders.eval()
            with torch.no_grad():
                held_out = error(torch.arange(checked))
            progress.say(f'where objects are {loss.item():.4f}, in other scenes {held_out.item():.4f}')
    standardise(encoders, pictures[:2000])
    return encoders
