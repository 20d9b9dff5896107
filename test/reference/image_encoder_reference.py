"""The camera encoder in plain PyTorch, with weights and images that come from a formula.

    python test/reference/image_encoder_reference.py [-o test/fixtures/encoder/features.json]

The network is what real-stanford/diffusion_policy's hybrid image policy evaluates: normalised image,
centre crop, ResNet18 with GroupNorm (channels / 16 groups), SpatialSoftmax, linear layer, ReLU. Every
weight is a hash of its name and index (``pattern``), so that the fixture needs to hold only the features
and the test makes the same 11 million weights for itself. Computed in double precision.
"""

from __future__ import annotations

import argparse
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Case:
    """One camera; sizes are (height, width)."""

    name: str
    size: tuple[int, int]
    crop: tuple[int, int]
    scale: tuple[float, float, float]
    offset: tuple[float, float, float]
    keypoints: int
    feature_dim: int
    frames: int


# Odd margins (1.5 and 2.5 pixels), a feature map that is not square, channels that differ; then no crop,
# and a feature map of a single row.
CASES = (
    Case("wrist", (51, 70), (48, 65), (2.0, 1.5, 4.0), (-1.0, -0.25, -2.0), 5, 7, 2),
    Case("front", (24, 90), (24, 90), (2.0, 2.0, 2.0), (-1.0, -1.0, -1.0), 8, 16, 1),
)


def pattern(name: str, count: int) -> NDArray[np.uint32]:
    """`count` hashed integers that depend on the name."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    h = h + np.uint32(zlib.crc32(name.encode()))
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x735A2D97)
    return h ^ (h >> np.uint32(15))


def weight(name: str, shape: tuple[int, ...]) -> Tensor:
    """Uniform around 0 (around 1 for a norm's scale), wide enough that no layer goes quiet."""
    count = int(np.prod(shape))
    if name.endswith("temperature"):
        return torch.tensor([0.7])
    if len(shape) > 1:
        middle, width = 0.0, 4 / np.sqrt(count // shape[0])
    else:
        middle, width = float(name.endswith("weight")), 0.25
    unit = (pattern(name, count) >> np.uint32(8)) / 2**23 - 1
    return torch.from_numpy((middle + width * unit).astype(np.float32)).reshape(shape)


def image(name: str, frame: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) of noise."""
    values = pattern(f"{name}.{frame}", size[0] * size[1] * 3) >> np.uint32(24)
    return values.astype(np.uint8).reshape(*size, 3)


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // 16, channels)


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = norm(outputs)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))
            if stride > 1
            else nn.Sequential()
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.downsample(x))


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = norm(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(functional.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class KeypointPool(nn.Module):
    """SpatialSoftmax; its 1x1 convolution is the module's own weight and bias."""

    def __init__(self, keypoints: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(keypoints, 512, 1, 1))
        self.bias = nn.Parameter(torch.zeros(keypoints))
        self.temperature = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[-2:]
        maps = functional.conv2d(x, self.weight, self.bias).flatten(2)
        attention = torch.softmax(maps / self.temperature, dim=-1)
        xs, ys = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
        grid = torch.from_numpy(np.stack([xs.ravel(), ys.ravel()], axis=1))
        return (attention @ grid).flatten(1)


class Encoder(nn.Module):
    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.backbone = Backbone()
        self.pool = KeypointPool(case.keypoints)
        self.linear = nn.Linear(2 * case.keypoints, case.feature_dim)
        tensors = {
            name: weight(f"{case.name}.{name}", tuple(tensor.shape))
            for name, tensor in self.state_dict().items()
        }
        self.load_state_dict(tensors)
        self.double()

    def forward(self, frame: NDArray[np.uint8]) -> Tensor:
        """(H, W, 3) to (feature_dim)."""
        x = torch.from_numpy(frame).double().movedim(-1, 0) / 255
        x = x * torch.tensor(self.case.scale)[:, None, None]
        x = x + torch.tensor(self.case.offset)[:, None, None]
        # torchvision's center_crop: Python's round, half to even.
        (height, width), (rows, columns) = self.case.size, self.case.crop
        top, left = round((height - rows) / 2), round((width - columns) / 2)
        x = x[:, top : top + rows, left : left + columns]
        return functional.relu(self.linear(self.pool(self.backbone(x[None]))))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    repository = Path(__file__).resolve().parents[2]
    default = repository / "test/fixtures/encoder/features.json"
    parser.add_argument("-o", "--output", type=Path, default=default)
    output: Path = parser.parse_args().output
    results = []
    with torch.no_grad():
        for case in CASES:
            encoder = Encoder(case)
            frames = [encoder(image(case.name, i, case.size)) for i in range(case.frames)]
            results.append(asdict(case) | {"features": [frame.tolist() for frame in frames]})
    output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
