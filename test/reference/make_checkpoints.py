"""Makes small checkpoints as real-stanford/diffusion_policy saves them, with vectors to check by.

    python test/reference/make_checkpoints.py [-o test/fixtures/checkpoints] [NAME]...

For each variant: NAME.ckpt (torch.save with dill: OmegaConf config, state dicts, dill bytes) with
random weights, and NAME_vectors.safetensors with what the policy makes of them:

    observation    (N, To, Do)     physical units
    initial_noise  (N, T, A)
    step_noise     (K, N, T, A)    entry t is added at timestep t; DDPM only
    samples        (K+1, N, T, A)  normalised; entry 0 is the initial noise
    sample         (N, T, A)       normalised, the last of them
    action         (N, Ta, A)      physical units, executed steps only

The denoising runs through the schedulers of diffusers 0.11.1, which diffusion_policy pins; nothing
of bac_policy's TypeScript is involved. Later versions differ where it shows: they derive beta from
the cumulated alphas, which moves the last step of a linear schedule by 1.7e-4; they take the
variance between the timesteps used when DDPM has fewer than in training; and DDIM with sample
prediction is right only in them. The last two combinations are therefore not among the variants.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import diffusers
import dill
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from safetensors.torch import save_file
from torch import Tensor

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "bench"))
from checkpoint_variants import VARIANTS, Variant, config  # noqa: E402
from peers.dp_transformer import DiffusionTransformer  # noqa: E402

SAMPLES = 3
# Rounding may not grow beyond this in a fixture that others must reproduce in 32-bit floats.
MAX_ROUNDING = 2e-5
StateDict = dict[str, Tensor]


def random_model(v: Variant) -> DiffusionTransformer:
    """A denoiser in which every weight and bias matters."""
    model = DiffusionTransformer(
        {
            "horizon": v.horizon,
            "embedding": v.n_emb,
            "n_obs_steps": v.n_obs_steps,
            "heads": v.n_head,
            "layers": v.n_layer,
            "action_dim": v.action_dim,
            "condition_dim": v.obs_dim,
            "n_cond_layers": v.n_cond_layers,
            "causal": v.causal_attn,
        }
    ).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_layer_norm_scale = "norm" in name or "ln_f" in name
            parameter.normal_(0.0, 0.2 if parameter.dim() == 1 else 0.3)
            if is_layer_norm_scale and name.endswith("weight"):
                parameter.add_(1.0)
        model.head.weight.mul_(0.5)
    return model


def random_normaliser(dim: int, untouched: int) -> StateDict:
    """Limits to [-1, 1], but for the last `untouched` dimensions (upstream leaves rotations)."""
    low = torch.randn(dim) - 1.0
    high = low + torch.rand(dim) * 2 + 0.2
    scale = 2.0 / (high - low)
    offset = -1.0 - scale * low
    if untouched:
        scale[-untouched:], offset[-untouched:] = 1.0, 0.0
        low[-untouched:], high[-untouched:] = -1.0, 1.0
    stats = {"max": high, "mean": (low + high) / 2, "min": low, "std": (high - low) / 4}
    return {"offset": offset, "scale": scale} | {f"input_stats.{k}": s for k, s in stats.items()}


def policy_state(model: DiffusionTransformer, normalisers: dict[str, StateDict]) -> StateDict:
    """The state dict of upstream's DiffusionTransformerLowdimPolicy, names in its order."""
    empty = torch.empty(0)
    weights = model.state_dict()
    positions = {name: weights.pop(name) for name in ("pos_emb", "cond_pos_emb")}
    masks = {name: mask for name, mask in model.named_buffers() if mask is not None}
    state = {"_dummy_variable": empty, "model._dummy_variable": empty.clone()}
    state |= {f"model.{name}": tensor for name, tensor in (positions | masks | weights).items()}
    state["mask_generator._dummy_variable"] = empty.clone()
    for field_name, tensors in normalisers.items():
        state |= {f"normalizer.params_dict.{field_name}.{k}": t for k, t in tensors.items()}
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def optimizer_state(model: DiffusionTransformer) -> dict[str, Any]:
    """The state of AdamW after one step, in two groups with and without weight decay."""
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    groups = [
        {"params": matrices, "weight_decay": 1e-3},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.95))
    optimizer.step()
    return optimizer.state_dict()


@torch.no_grad()
def reference(
    model: DiffusionTransformer, v: Variant, condition: Tensor, initial: Tensor, noise: Tensor
) -> Tensor:
    """Condition (N, To, Do), noises as in the file header, to samples (K+1, N, T, A)."""
    arguments = {key: value for key, value in v.scheduler.items() if key != "_target_"}
    scheduler = (DDIMScheduler if "DDIM" in v.scheduler["_target_"] else DDPMScheduler)(**arguments)
    scheduler.set_timesteps(v.num_inference_steps)
    assert len(scheduler.timesteps) == v.num_inference_steps
    samples = [initial]
    for t in scheduler.timesteps:
        timestep = t.expand(len(initial))
        output = model(samples[-1], timestep, condition)
        with mock.patch("torch.randn", return_value=noise[t]):
            samples.append(scheduler.step(output, t, samples[-1]).prev_sample)
    return torch.stack(samples)


def make(name: str, v: Variant, folder: Path) -> None:
    """Writes one checkpoint and its vectors."""
    torch.manual_seed(v.seed)
    normalisers = {
        "obs": random_normaliser(v.obs_dim, untouched=2),
        "action": random_normaliser(v.action_dim, untouched=0),
    }
    cfg = config(name, v)
    state_dicts: dict[str, Any] = {}
    for state in v.states:
        if state == "optimizer":
            state_dicts[state] = optimizer_state(random_model(v))
        else:
            # The last one made is the one the policy acts with: `ema_model` comes after `model`.
            model = random_model(v).to(v.dtype).float()
            policy = policy_state(model, normalisers)
            state_dicts[state] = {key: tensor.to(v.dtype) for key, tensor in policy.items()}
    payload = {
        "cfg": cfg,
        "state_dicts": state_dicts,
        "pickles": {
            "_output_dir": dill.dumps(f"data/outputs/{name}"),
            "global_step": dill.dumps(1234),
            "epoch": dill.dumps(12),
        },
    }
    path = folder / f"{name}.ckpt"
    if v.resaved:
        torch.save(payload, path, pickle_module=dill)
    else:
        with path.open("wb") as file:
            torch.save(payload, file, pickle_module=dill)

    def stored(entry: str) -> Tensor:
        acting = state_dicts["ema_model" if "ema_model" in v.states else "model"]
        return acting[f"normalizer.params_dict.{entry}"].float()

    low, high = stored("obs.input_stats.min"), stored("obs.input_stats.max")
    observation = low + torch.rand(SAMPLES, v.n_obs_steps, v.obs_dim) * (high - low)
    condition = observation * stored("obs.scale") + stored("obs.offset")
    shape = (SAMPLES, v.horizon, v.action_dim)
    initial, noise = torch.randn(shape), torch.randn(v.scheduler["num_train_timesteps"], *shape)
    samples = reference(model, v, condition, initial, noise)
    exact = reference(model.double(), v, condition.double(), initial.double(), noise.double())
    rounding = float((samples - exact).abs().max())
    assert rounding < MAX_ROUNDING, f"{name}: rounding grows to {rounding}"

    executed = slice(v.n_obs_steps - 1, v.n_obs_steps - 1 + v.n_action_steps)
    tensors = {
        "observation": observation,
        "initial_noise": initial,
        "samples": samples,
        "sample": samples[-1].clone(),
        "action": ((samples[-1] - stored("action.offset")) / stored("action.scale"))[:, executed],
    }
    if "DDPM" in v.scheduler["_target_"]:
        tensors["step_noise"] = noise
    save_file(
        {key: tensor.contiguous() for key, tensor in tensors.items()},
        folder / f"{name}_vectors.safetensors",
        # One entry only: their order in the file would be random.
        metadata={"made_with": f"diffusers {diffusers.__version__}, torch {torch.__version__}"},
    )
    saturated = float((samples[-1].abs() > 0.999).float().mean())
    size = sum(path.stat().st_size for path in folder.glob(f"{name}[._]*")) // 1024
    print(
        f"{name}: {size} KiB, rounding {rounding:.1e}, {saturated:.0%} of the sample at the limits"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(VARIANTS)}; default: all")
    parser.add_argument(
        "-o", "--output", type=Path, default=REPOSITORY / "test/fixtures/checkpoints"
    )
    args = parser.parse_args()
    if diffusers.__version__ != "0.11.1":
        parser.error(f"needs diffusers 0.11.1, this is {diffusers.__version__}")
    args.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in args.names or VARIANTS:
        make(name, VARIANTS[name], args.output)


if __name__ == "__main__":
    main()
