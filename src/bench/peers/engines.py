"""The ways a peer makes one action chunk: batch 1, 32-bit floats, the package's weights.

eager          PyTorch as diffusion_policy runs it: the whole network at each of the K steps
eager-bac      the same with block-wise adaptive caching as its authors apply it; needs a plan
torch-compile  the network compiled by torch.compile, the loop around it in Python
ddim-10, ddim-5, ddim-3   eager, but DDIM with eta 0 and so many steps, whatever the package says
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from peers.block_cache import BlockCache, apply_block_cache
from peers.dp_transformer import DiffusionTransformer, load_package
from peers.samplers import Step, ddim_steps, ddpm_steps, denoise

ENGINES = ("eager", "eager-bac", "torch-compile", "ddim-10", "ddim-5", "ddim-3")

# Index of a sample in the input to its chunk (1, T, A), normalised.
Chunk = Callable[[int], Tensor]


class Unsupported(Exception):
    """This engine cannot run this package or plan; the text says why."""


@dataclass(frozen=True)
class Workload:
    """What every engine runs on."""

    model: DiffusionTransformer
    schedule: dict[str, Any]
    condition: Tensor
    """(N, To, Dc), encoded and normalised."""
    initial_noise: Tensor
    """(N, T, A)."""
    step_noise: Tensor | None
    """(K, N, T, A), entry t added at timestep t; absent where the solver adds none."""

    @staticmethod
    def load(package: Path, vectors: Path) -> Workload:
        model, manifest = load_package(package)
        tensors = load_file(vectors)
        return Workload(
            model=model,
            schedule=manifest["noise_scheduler"],
            condition=tensors["condition"],
            initial_noise=tensors["initial_noise"],
            step_noise=tensors.get("step_noise"),
        )


def steps_of(schedule: dict[str, Any], kind: str, count: int) -> list[Step]:
    """Denoising steps of a solver named as in packages and plans."""
    if kind == "ddpm":
        return ddpm_steps(schedule, count)
    if kind == "ddim":
        return ddim_steps(schedule, count)
    raise Unsupported(f"the peers have no solver {kind!r}")


def build_engine(name: str, work: Workload, plan: dict[str, Any] | None) -> Chunk:
    """Makes an engine. Raises Unsupported where it cannot run this workload or plan."""
    kind, count = work.schedule["kind"], work.schedule["steps"]
    model: Callable[..., Tensor] = work.model
    cache: BlockCache | None = None
    if name == "eager-bac":
        if plan is None:
            raise Unsupported("needs a plan")
        if plan.get("correction") or any(
            block.get("predict", {}).get("kind", "reuse") != "reuse" for block in plan["blocks"]
        ):
            raise Unsupported(
                "the plan has predictors or a correction, which the authors' code lacks"
            )
        kind, count = plan["solver"]["kind"], plan["steps"]
        cached, cache = copy.deepcopy(work.model), BlockCache(plan["blocks"])
        apply_block_cache(cached, cache)
        model = cached
    elif name == "torch-compile":
        model = torch.compile(work.model, dynamic=False)
    elif name.startswith("ddim-"):
        kind, count = "ddim", int(name.removeprefix("ddim-"))
    elif name != "eager":
        raise Unsupported(f"is not one of {', '.join(ENGINES)}")
    steps = steps_of(work.schedule, kind, count)
    if kind == "ddpm" and work.step_noise is None:
        raise Unsupported("the input holds no step_noise")

    @torch.no_grad()
    def chunk(index: int) -> Tensor:
        condition = work.condition[index : index + 1]

        def network(step: int, sample: Tensor, timestep: Tensor) -> Tensor:
            if cache:
                cache.start_step(step)
            return model(sample, timestep, condition)

        noise = None if work.step_noise is None else work.step_noise[:, index : index + 1]
        return denoise(network, work.schedule, steps, work.initial_noise[index : index + 1], noise)

    return chunk
