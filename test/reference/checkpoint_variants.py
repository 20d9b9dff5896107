"""The synthetic checkpoints of make_checkpoints.py, and the configuration stored in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from omegaconf import OmegaConf

DDPM: dict[str, Any] = {
    "_target_": "diffusers.schedulers.scheduling_ddpm.DDPMScheduler",
    "num_train_timesteps": 100,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "squaredcos_cap_v2",
    "variance_type": "fixed_small",
    "clip_sample": True,
    "prediction_type": "epsilon",
}
DDIM: dict[str, Any] = {
    "_target_": "diffusers.schedulers.scheduling_ddim.DDIMScheduler",
    "num_train_timesteps": 100,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": True,
    "set_alpha_to_one": True,
    "steps_offset": 0,
    "prediction_type": "epsilon",
}


@dataclass(frozen=True)
class Variant:
    """What sets one checkpoint apart; the names are those of upstream's configuration."""

    seed: int
    n_layer: int = 2
    n_head: int = 4
    n_emb: int = 16
    horizon: int = 10
    n_obs_steps: int = 2
    n_action_steps: int = 8
    obs_dim: int = 7
    action_dim: int = 4
    causal_attn: bool = True
    n_cond_layers: int = 0
    num_inference_steps: int = 100
    scheduler: dict[str, Any] = field(default_factory=lambda: DDPM)
    states: tuple[str, ...] = ("ema_model",)
    dtype: torch.dtype = torch.float32
    resolved: bool = True
    """Whether interpolations are replaced by values, as upstream's train.py does."""
    resaved: bool = False
    """Saved by path, not by file object as upstream: the folder in the zip is the file's name."""


VARIANTS: dict[str, Variant] = {
    "cond_layers": Variant(seed=1, n_cond_layers=2),
    "non_causal": Variant(
        seed=2,
        causal_attn=False,
        horizon=16,
        n_obs_steps=3,
        n_action_steps=5,
        n_head=2,
        num_inference_steps=50,
        scheduler=DDPM | {"num_train_timesteps": 50, "variance_type": "fixed_small_log"},
    ),
    "ddim": Variant(seed=3, n_layer=3, num_inference_steps=16, scheduler=DDIM),
    "sample_prediction": Variant(
        seed=4,
        n_emb=24,
        n_head=8,
        num_inference_steps=50,
        scheduler=DDPM
        | {"num_train_timesteps": 50, "beta_schedule": "linear", "prediction_type": "sample"},
    ),
    "model_only": Variant(
        seed=5,
        states=("model",),
        resaved=True,
        num_inference_steps=20,
        scheduler=DDPM | {"num_train_timesteps": 20},
    ),
    "full": Variant(
        seed=6,
        n_emb=12,
        states=("model", "ema_model", "optimizer"),
        num_inference_steps=20,
        scheduler=DDPM | {"num_train_timesteps": 20},
    ),
    "fixed_large_noclip": Variant(
        seed=7,
        n_emb=20,
        n_head=5,
        num_inference_steps=50,
        scheduler=DDPM
        | {
            "num_train_timesteps": 50,
            "beta_schedule": "scaled_linear",
            "variance_type": "fixed_large",
            "clip_sample": False,
        },
    ),
    "no_obs_history": Variant(
        seed=8,
        n_obs_steps=1,
        horizon=8,
        num_inference_steps=25,
        scheduler=DDPM | {"num_train_timesteps": 25},
        resolved=False,
    ),
    "half": Variant(
        seed=9,
        dtype=torch.float16,
        num_inference_steps=20,
        scheduler=DDPM | {"num_train_timesteps": 20},
    ),
}


def config(name: str, v: Variant) -> Any:
    """The configuration that upstream's low-dim transformer workspace stores, as OmegaConf."""
    cfg = OmegaConf.create(
        {
            "name": "train_diffusion_transformer_lowdim",
            "_target_": "diffusion_policy.workspace.train_diffusion_transformer_lowdim_workspace"
            ".TrainDiffusionTransformerLowdimWorkspace",
            "obs_dim": "${task.obs_dim}",
            "action_dim": "${task.action_dim}",
            "task_name": "${task.name}",
            "exp_name": name,
            "horizon": v.horizon,
            "n_obs_steps": v.n_obs_steps,
            "n_action_steps": v.n_action_steps,
            "n_latency_steps": 0,
            "past_action_visible": False,
            "keypoint_visible_rate": 1.0,
            "obs_as_cond": True,
            "pred_action_steps_only": False,
            "policy": {
                "_target_": "diffusion_policy.policy.diffusion_transformer_lowdim_policy"
                ".DiffusionTransformerLowdimPolicy",
                "model": {
                    "_target_": "diffusion_policy.model.diffusion.transformer_for_diffusion"
                    ".TransformerForDiffusion",
                    "input_dim": "${eval:'${action_dim} if ${obs_as_cond} else"
                    " ${obs_dim} + ${action_dim}'}",
                    "output_dim": "${policy.model.input_dim}",
                    "horizon": "${horizon}",
                    "n_obs_steps": "${n_obs_steps}",
                    "cond_dim": "${eval:'${obs_dim} if ${obs_as_cond} else 0'}",
                    "n_layer": v.n_layer,
                    "n_head": v.n_head,
                    "n_emb": v.n_emb,
                    "p_drop_emb": 0.0,
                    "p_drop_attn": 0.3,
                    "causal_attn": v.causal_attn,
                    "time_as_cond": True,
                    "obs_as_cond": "${obs_as_cond}",
                    "n_cond_layers": v.n_cond_layers,
                },
                "noise_scheduler": v.scheduler,
                "horizon": "${horizon}",
                "obs_dim": "${obs_dim}",
                "action_dim": "${action_dim}",
                "n_action_steps": "${n_action_steps}",
                "n_obs_steps": "${n_obs_steps}",
                "num_inference_steps": v.num_inference_steps,
                "obs_as_cond": "${obs_as_cond}",
                "pred_action_steps_only": "${pred_action_steps_only}",
            },
            "ema": {
                "_target_": "diffusion_policy.model.diffusion.ema_model.EMAModel",
                "power": 0.75,
                "max_value": 0.9999,
            },
            "optimizer": {"learning_rate": 1e-4, "weight_decay": 1e-3, "betas": [0.9, 0.95]},
            "training": {
                "device": "cuda:0",
                "seed": 42,
                "use_ema": "ema_model" in v.states,
                "max_train_steps": None,
            },
            "logging": {"mode": "online", "tags": ["${name}", "${task_name}", "${exp_name}"]},
            "task": {"name": "synthetic", "obs_dim": v.obs_dim, "action_dim": v.action_dim},
        }
    )
    if v.resolved:
        # As upstream's train.py; the only expressions it meets are the two above.
        OmegaConf.register_new_resolver("eval", eval, replace=True)
        OmegaConf.resolve(cfg)
    return cfg
