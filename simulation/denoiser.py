"""The transformer diffusion policy's denoiser (DP-T, arXiv 2303.04137), for training.

Its parameters have the names and shapes of `TransformerForDiffusion` of real-stanford/diffusion_policy, so that
`bac-policy import` reads what `train.py` saves.
"""

import math

import torch
from torch import nn


class Denoiser(nn.Module):
    """Noise in a chunk of actions (B, T, A), given its diffusion timestep (B,) and observations (B, To, D)."""

    def __init__(self, action_dim, condition_dim, horizon=10, n_obs_steps=2, layers=8, heads=4, embedding=256,
                 n_cond_layers=0, dropout=0.1):
        super().__init__()
        E = embedding
        block = dict(d_model=E, nhead=heads, dim_feedforward=4 * E, dropout=dropout, activation='gelu',
                     batch_first=True, norm_first=True)
        self.input_emb = nn.Linear(action_dim, E)
        self.pos_emb = nn.Parameter(torch.zeros(1, horizon, E))
        self.cond_obs_emb = nn.Linear(condition_dim, E)
        self.cond_pos_emb = nn.Parameter(torch.zeros(1, 1 + n_obs_steps, E))
        if n_cond_layers:
            self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**block), n_cond_layers,
                                                 enable_nested_tensor=False)
        else:
            self.encoder = nn.Sequential(nn.Linear(E, 4 * E), nn.Mish(), nn.Linear(4 * E, E))
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**block), layers)
        self.ln_f = nn.LayerNorm(E)
        self.head = nn.Linear(E, action_dim)
        # Query t sees actions up to t, and of the condition (time, observations) what is not later than t.
        query = torch.arange(horizon)[:, None]
        self.register_buffer('mask', self._hiding(query < torch.arange(horizon)))
        self.register_buffer('memory_mask', self._hiding(query < torch.arange(1 + n_obs_steps) - 1))
        half = E // 2
        self.register_buffer('frequencies', torch.exp(torch.arange(half) * (-math.log(10000) / (half - 1))),
                             persistent=False)
        for name, parameter in self.named_parameters():
            if name.endswith('weight') and parameter.dim() > 1 or name.endswith('pos_emb'):
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith('bias'):
                nn.init.zeros_(parameter)

    @staticmethod
    def _hiding(hidden):
        return torch.zeros(hidden.shape).masked_fill(hidden, float('-inf'))

    def forward(self, noisy, timestep, observation):
        angle = timestep[:, None].float() * self.frequencies
        time = torch.cat([angle.sin(), angle.cos()], dim=-1)[:, None]  # (B, 1, E)
        condition = torch.cat([time, self.cond_obs_emb(observation)], dim=1)
        memory = self.encoder(condition + self.cond_pos_emb)  # (B, 1 + To, E)
        tokens = self.decoder(self.input_emb(noisy) + self.pos_emb, memory, self.mask, self.memory_mask,
                              tgt_is_causal=False)  # or torch would compare the mask at every call
        return self.head(self.ln_f(tokens))


def noise_levels(steps=100):
    """Cumulative alphas (steps,) of the squared cosine schedule (squaredcos_cap_v2, arXiv 2102.09672)."""
    bar = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = [min(1 - bar((i + 1) / steps) / bar(i / steps), 0.999) for i in range(steps)]
    return torch.cumprod(1 - torch.tensor(betas, dtype=torch.float64), 0).float()
