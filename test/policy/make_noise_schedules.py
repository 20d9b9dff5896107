"""Makes noise_schedules.jsonl: what the schedulers of the diffusers library do at every step.

    python test/policy/make_noise_schedules.py >> test/policy/noise_schedules.jsonl

Each line of the output is one scheduler as policy.json describes it, with `version` of diffusers and,
in denoising order, `timesteps` and `next`: the samples after that step for every probe [x, m, z]
(sample, network's output, noise). Run once with diffusers 0.11.1, which diffusion_policy pins, and once
with 0.30.3 for what 0.11.1 gets wrong (see test/reference/make_checkpoints.py).
"""

from __future__ import annotations

import json
import sys
from typing import Any
from unittest import mock

import diffusers
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

PROBES_EXACT = [[0.3125, -0.6875, 0.5], [-1.875, 0.375, -1.25], [0.0625, 0.03125, 1.0]]
PROBES = torch.tensor(PROBES_EXACT)
COS, LINEAR = "squaredcos_cap_v2", "linear"
SCALED, SIGMOID = "scaled_linear", "sigmoid"


def scheduler(kind: str, train_steps: int, steps: int, **changes: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "train_steps": train_steps,
        "steps": steps,
        "beta_schedule": COS,
        "beta_start": 0.0001,
        "beta_end": 0.02,
        "prediction_type": "epsilon",
        "clip_range": 1,
        "variance": "fixed_small",
        "set_alpha_to_one": True,
        "steps_offset": 0,
    } | changes


WITH_0_11_1 = [
    scheduler("ddpm", 100, 100),
    scheduler("ddpm", 20, 20, variance="fixed_large", clip_range=None),
    scheduler("ddpm", 20, 20, variance="fixed_small_log", beta_schedule=LINEAR),
    scheduler("ddpm", 20, 20, prediction_type="sample", beta_schedule=SCALED, beta_end=0.3),
    scheduler("ddpm", 20, 20, beta_schedule=SIGMOID, beta_start=0.002, beta_end=0.4),
    scheduler("ddim", 100, 10),
    scheduler("ddim", 100, 8, set_alpha_to_one=False, steps_offset=1),
    scheduler("ddim", 20, 12, clip_range=None),
    scheduler("ddim", 20, 20, beta_schedule=LINEAR, beta_end=0.3),
]
WITH_0_30_3 = [
    scheduler("ddpm", 100, 10),
    scheduler("ddpm", 100, 20, variance="fixed_large", beta_schedule=LINEAR, beta_end=0.1),
    scheduler("ddpm", 20, 20, prediction_type="v_prediction"),
    scheduler("ddim", 100, 10, prediction_type="v_prediction"),
    scheduler("ddim", 100, 10, prediction_type="sample", clip_range=None),
    scheduler("ddim", 100, 10, prediction_type="sample", clip_range=0.5),
]


def steps_of(s: dict[str, Any]) -> dict[str, Any]:
    is_ddpm = s["kind"] == "ddpm"
    common = {
        "num_train_timesteps": s["train_steps"],
        "beta_start": s["beta_start"],
        "beta_end": s["beta_end"],
        "beta_schedule": s["beta_schedule"],
        "clip_sample": s["clip_range"] is not None,
        "prediction_type": s["prediction_type"],
    }
    if s["clip_range"] not in (None, 1):
        common["clip_sample_range"] = s["clip_range"]
    made = (
        DDPMScheduler(**common, variance_type=s["variance"])
        if is_ddpm
        else DDIMScheduler(
            **common, set_alpha_to_one=s["set_alpha_to_one"], steps_offset=s["steps_offset"]
        )
    )
    made.set_timesteps(s["steps"])
    assert len(made.timesteps) == s["steps"]
    x, output, noise = PROBES.T.reshape(3, 1, -1)
    following = []
    for t in made.timesteps:
        # Both names: the function moved between versions.
        module = sys.modules[type(made).__module__]
        name = "randn_tensor" if hasattr(module, "randn_tensor") else "randn"
        target = module if name == "randn_tensor" else torch
        with mock.patch.object(target, name, lambda *_, **__: noise):
            after = made.step(output, t, x).prev_sample
        following.append([float(f"{float(value):.9g}") for value in after.flatten()])
    return {"timesteps": made.timesteps.tolist(), "next": following}


def main() -> None:
    wanted = {"0.11.1": WITH_0_11_1, "0.30.3": WITH_0_30_3}[diffusers.__version__]
    for s in wanted:
        row = {"version": diffusers.__version__, "scheduler": s, "probes": PROBES_EXACT}
        print(json.dumps(row | steps_of(s), separators=(",", ":")))


if __name__ == "__main__":
    main()
