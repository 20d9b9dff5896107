"""A small camera encoder, for training: convolutions, then where on the picture the features are.

It is what `bac-policy` calls `conv_spatial_softmax` (docs/formats.md); a policy has one for each camera.
"""

import torch
from torch import nn

from simulation.encoder_shape import CHANNELS_OF_A_GROUP, CONVOLUTIONS, FEATURES, KEYPOINTS


class SpatialSoftmax(nn.Module):
    """The expected place (x and y from -1 to 1) under a softmax over each keypoint's map (arXiv 1509.06113)."""

    def __init__(self, channels, keypoints):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(keypoints, channels, 1, 1) * channels**-0.5)
        self.bias = nn.Parameter(torch.zeros(keypoints))
        self.register_buffer('temperature', torch.ones(1))

    def forward(self, x):
        maps = nn.functional.conv2d(x, self.weight, self.bias).float()
        height, width = maps.shape[2:]
        attention = (maps.flatten(2) / self.temperature).softmax(-1).unflatten(2, (height, width))
        along_x = attention.sum(2) @ torch.linspace(-1, 1, width, device=x.device)
        along_y = attention.sum(3) @ torch.linspace(-1, 1, height, device=x.device)
        return torch.stack([along_x, along_y], dim=-1).flatten(1)  # x0, y0, x1, y1, ...


class ImageEncoder(nn.Module):
    """Features (B, FEATURES) of pictures (B, 3, H, W), normalised to [-1, 1]."""

    def __init__(self):
        super().__init__()
        channels = 3
        for i, c in enumerate(CONVOLUTIONS):
            self.add_module(f'conv{i}', nn.Conv2d(channels, c['channels'], c['kernel'], c['stride'], c['kernel'] // 2,
                                                  bias=False))
            channels = c['channels']
            self.add_module(f'norm{i}', nn.GroupNorm(channels // CHANNELS_OF_A_GROUP, channels))
        self.pool = SpatialSoftmax(channels, KEYPOINTS)
        self.linear = nn.Linear(2 * KEYPOINTS, FEATURES)

    def forward(self, pictures):
        x = pictures
        for i in range(len(CONVOLUTIONS)):
            x = self.get_submodule(f'norm{i}')(self.get_submodule(f'conv{i}')(x)).relu()
        return self.linear(self.pool(x)).relu()
