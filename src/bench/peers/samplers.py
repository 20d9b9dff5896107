"""Denoising loops with the arithmetic of diffusers 0.11.1, the version diffusion_policy pins.

Coefficients are computed once, in 32-bit floats as diffusers does at every step; so the peers are
spared a few small tensor operations per step, not charged for them.

Letters in shapes: B batch, K denoising steps, T horizon, A action dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

# (step in denoising order, sample (B, T, A), timestep (B,)) to the network's prediction (B, T, A).
Network = Callable[[int, Tensor, Tensor], Tensor]


def betas(schedule: dict[str, Any]) -> Tensor:
    """Variances of the forward process (train_steps,), from a package's ``noise_scheduler``."""
    n: int = schedule["train_steps"]
    start: float = schedule["beta_start"]
    end: float = schedule["beta_end"]
    kind = schedule["beta_schedule"]
    if kind == "linear":
        return torch.linspace(start, end, n)
    if kind == "scaled_linear":
        return torch.linspace(start**0.5, end**0.5, n).square()
    if kind == "sigmoid":
        return torch.sigmoid(torch.linspace(-6, 6, n)) * (end - start) + start
    if kind == "squaredcos_cap_v2":

        def remaining(time: float) -> float:
            return math.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2

        return torch.tensor(
            [min(1 - remaining((i + 1) / n) / remaining(i / n), 0.999) for i in range(n)]
        )
    raise ValueError(f"beta schedule {kind!r} is not known")


@dataclass(frozen=True)
class Step:
    """next = x0 * of_x0 + sample * of_sample + direction * of_direction + noise * of_noise."""

    timestep: int
    sqrt_alpha: float
    """Root of the cumulated alpha of this timestep: how much signal is left."""
    sqrt_beta: float
    """Root of 1 - that: how much noise is in."""
    of_x0: float
    of_sample: float = 0.0
    of_direction: float = 0.0
    of_noise: float = 0.0


def ddpm_steps(schedule: dict[str, Any], count: int) -> list[Step]:
    """Ancestral sampling (Ho et al. 2020, formula 7), in denoising order: noisiest first.

    With fewer steps than the schedule was trained with, the formula is that of later diffusers
    (the variance between the two timesteps used); 0.11.1 kept the variance of a single step.
    """
    beta = betas(schedule)
    alphas = 1.0 - beta
    cumulated = torch.cumprod(alphas, dim=0)
    one = torch.tensor(1.0)
    stride = schedule["train_steps"] // count
    steps = []
    for t in range((count - 1) * stride, -1, -stride):
        now = cumulated[t]
        before = cumulated[t - stride] if t >= stride else one
        if stride == 1:
            alpha_t, beta_t = alphas[t], beta[t]
        else:
            alpha_t = now / before
            beta_t = 1 - alpha_t
        small = torch.clamp((1 - before) / (1 - now) * beta_t, min=1e-20)
        variance = {
            "fixed_small": small**0.5,
            "fixed_small_log": torch.exp(0.5 * torch.log(small)),
            "fixed_large": beta_t**0.5,
            # diffusers takes the root of the logarithm here, which is not a number.
            "fixed_large_log": torch.exp(0.5 * torch.log(beta_t)),
        }[schedule["variance"]]
        steps.append(
            Step(
                timestep=t,
                sqrt_alpha=float(now**0.5),
                sqrt_beta=float((1 - now) ** 0.5),
                of_x0=float(before**0.5 * beta_t / (1 - now)),
                of_sample=float(alpha_t**0.5 * (1 - before) / (1 - now)),
                of_noise=float(variance) if t > 0 else 0.0,
            )
        )
    return steps


def ddim_steps(schedule: dict[str, Any], count: int) -> list[Step]:
    """DDIM with eta 0 (Song et al. 2021, formula 12), timesteps "leading", in denoising order."""
    cumulated = torch.cumprod(1.0 - betas(schedule), dim=0)
    final = torch.tensor(1.0) if schedule["set_alpha_to_one"] else cumulated[0]
    stride = schedule["train_steps"] // count
    steps = []
    for i in range(count - 1, -1, -1):
        t = i * stride + schedule["steps_offset"]
        now = cumulated[t]
        before = cumulated[t - stride] if t >= stride else final
        steps.append(
            Step(
                timestep=t,
                sqrt_alpha=float(now**0.5),
                sqrt_beta=float((1 - now) ** 0.5),
                of_x0=float(before**0.5),
                of_direction=float((1 - before) ** 0.5),
            )
        )
    return steps


def denoise(
    network: Network,
    schedule: dict[str, Any],
    steps: list[Step],
    initial: Tensor,
    noise: Tensor | None,
    record: list[Tensor] | None = None,
) -> Tensor:
    """Runs the loop.

    initial: (B, T, A), normalised.
    noise: (K, B, T, A), entry t added at timestep t (in general: the last step's first); DDPM only.
    record: takes the sample after every step.
    Returns the sample (B, T, A), normalised.
    """
    sample, kind, clip = initial, schedule["prediction_type"], schedule["clip_range"]
    for index, step in enumerate(steps):
        timestep = torch.full((sample.shape[0],), step.timestep, dtype=torch.long)
        output = network(index, sample, timestep)
        if kind == "epsilon":
            x0, direction = (sample - step.sqrt_beta * output) / step.sqrt_alpha, output
        elif kind == "sample":
            # diffusers 0.11.1 took the output itself for the direction; later versions do this.
            x0 = output
            direction = (sample - step.sqrt_alpha * output) / step.sqrt_beta
        else:
            x0 = step.sqrt_alpha * sample - step.sqrt_beta * output
            direction = step.sqrt_alpha * output + step.sqrt_beta * sample
        after = step.of_x0 * (x0 if clip is None else x0.clamp(-clip, clip))
        if step.of_sample:
            after = after + step.of_sample * sample
        if step.of_direction:
            after = after + step.of_direction * direction
        if step.of_noise:
            assert noise is not None, "DDPM needs step noise"
            after = after + step.of_noise * noise[len(steps) - 1 - index]
        sample = after
        if record is not None:
            record.append(sample)
    return sample
