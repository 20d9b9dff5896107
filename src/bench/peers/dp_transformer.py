"""The transformer diffusion policy (DP-T, Chi et al. 2023) in eager PyTorch.

Parameter names are those of diffusion_policy's ``TransformerForDiffusion``, so that the weights of
a policy package load unchanged. Only what a policy conditioned on observations needs is here.

Letters in shapes: B batch, T horizon, A action dimension, To observation steps, Dc width of one
encoded observation, S = 1 + To condition tokens, E embedding, L decoder layers.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

# Constants that checkpoints carry beside the learned parameters.
NOT_LEARNED = ("mask", "memory_mask", "_dummy_variable")


class TimestepEmbedding(nn.Module):
    """Sines, then cosines, of the timestep at E/2 frequencies from 1 down to 1e-4."""

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.frequency_count = embedding // 2

    def forward(self, timestep: Tensor) -> Tensor:
        """Timestep (B,) to (B, E)."""
        exponents = torch.arange(self.frequency_count, device=timestep.device)
        frequencies = torch.exp(exponents * -(math.log(10000) / (self.frequency_count - 1)))
        angles = timestep[:, None] * frequencies[None, :]
        return torch.cat((angles.sin(), angles.cos()), dim=-1)


def blocked(allowed: Tensor) -> Tensor:
    """Additive attention mask: 0 where ``allowed`` (queries, keys), minus infinity elsewhere."""
    return torch.zeros(allowed.shape).masked_fill(~allowed, -math.inf)


class DiffusionTransformer(nn.Module):
    """Predicts the noise in (or the clean version of) an action chunk.

    ``architecture`` is the entry of that name in a package's ``policy.json``.
    """

    def __init__(self, architecture: dict[str, Any]) -> None:
        super().__init__()
        a = architecture
        horizon, embedding = a["horizon"], a["embedding"]
        condition_tokens = 1 + a["n_obs_steps"]
        layer = dict(
            d_model=embedding,
            nhead=a["heads"],
            dim_feedforward=4 * embedding,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )

        self.input_emb = nn.Linear(a["action_dim"], embedding)
        self.pos_emb = nn.Parameter(torch.zeros(1, horizon, embedding))
        self.time_emb = TimestepEmbedding(embedding)
        self.cond_obs_emb = nn.Linear(a["condition_dim"], embedding)
        self.cond_pos_emb = nn.Parameter(torch.zeros(1, condition_tokens, embedding))
        self.encoder: nn.Module
        if a["n_cond_layers"] > 0:
            self.encoder = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(**layer),
                num_layers=a["n_cond_layers"],
                enable_nested_tensor=False,  # never used with norm_first; silences a warning
            )
        else:
            self.encoder = nn.Sequential(
                nn.Linear(embedding, 4 * embedding), nn.Mish(), nn.Linear(4 * embedding, embedding)
            )
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(**layer), num_layers=a["layers"]
        )
        self.ln_f = nn.LayerNorm(embedding)
        self.head = nn.Linear(embedding, a["action_dim"])

        # Token 0 of the condition is time; observation s - 1 sits at token s.
        query = torch.arange(horizon)[:, None]
        seen = query >= torch.arange(horizon)[None, :]
        seen_condition = query >= torch.arange(condition_tokens)[None, :] - 1
        causal = a["causal"]
        self.register_buffer("mask", blocked(seen) if causal else None, persistent=False)
        self.register_buffer(
            "memory_mask", blocked(seen_condition) if causal else None, persistent=False
        )

    def memory(self, timestep: Tensor, condition: Tensor) -> Tensor:
        """Timestep (B,) and condition (B, To, Dc) to what the decoder attends to (B, S, E)."""
        time = self.time_emb(timestep)[:, None, :]
        tokens = torch.cat((time, self.cond_obs_emb(condition)), dim=1)
        memory: Tensor = self.encoder(tokens + self.cond_pos_emb)
        return memory

    def forward(self, sample: Tensor, timestep: Tensor, condition: Tensor) -> Tensor:
        """Noisy sample (B, T, A), timestep (B,), condition (B, To, Dc) to prediction (B, T, A)."""
        tokens = self.input_emb(sample) + self.pos_emb
        memory = self.memory(timestep, condition)
        tokens = self.decoder(
            tokens,
            memory,
            tgt_mask=self.mask,
            memory_mask=self.memory_mask,
            tgt_is_causal=self.mask is not None,  # else PyTorch compares the mask at every step
        )
        prediction: Tensor = self.head(self.ln_f(tokens))
        return prediction


def load_package(directory: Path) -> tuple[DiffusionTransformer, dict[str, Any]]:
    """Reads a policy package: the model, ready for inference, and its manifest."""
    manifest = json.loads((directory / "policy.json").read_text())
    weights = {
        name: tensor
        for name, tensor in load_file(directory / "denoiser.safetensors").items()
        if name.rpartition(".")[2] not in NOT_LEARNED
    }
    model = DiffusionTransformer(manifest["architecture"])
    model.load_state_dict(weights, strict=True)
    return model.eval().requires_grad_(False), manifest
