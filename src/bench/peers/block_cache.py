"""Block-wise adaptive caching as its authors apply it to eager PyTorch (github.com/ky-ji/HAS).

Each decoder layer's ``forward`` is replaced by one that keeps every branch's output and adds the
kept one at steps that do not update the block. As with the authors, everything outside the decoder
layers (condition encoder, embeddings, head) runs at every step. Written anew, and small.
"""

from __future__ import annotations

import types
from typing import Any

from torch import Tensor, nn

from peers.dp_transformer import DiffusionTransformer

# (layer, kind of block), as in a plan.
Block = tuple[int, str]


class BlockCache:
    """The kept branch outputs of one model, and when to renew them.

    Give it the ``blocks`` of a plan; call :meth:`start_step` before every run of the network.
    """

    def __init__(self, blocks: list[dict[str, Any]]) -> None:
        self.updates: dict[Block, set[int]] = {
            (block["layer"], block["kind"]): set(block["updates"]) for block in blocks
        }
        self.step = 0
        self.kept: dict[Block, Tensor] = {}

    def start_step(self, step: int) -> None:
        """``step`` counts in denoising order; 0 begins a new chunk and forgets the last one."""
        self.step = step
        if step == 0:
            self.kept.clear()

    def needs_update(self, block: Block) -> bool:
        return block not in self.kept or self.step in self.updates[block]


def apply_block_cache(model: DiffusionTransformer, cache: BlockCache) -> None:
    """Makes the decoder layers of ``model`` use ``cache``, in place."""
    for index, layer in enumerate(model.decoder.layers):
        layer.forward = types.MethodType(_cached_forward(index, cache), layer)


def _cached_forward(index: int, cache: BlockCache) -> Any:
    self_attention = (index, "self_attention")
    cross_attention = (index, "cross_attention")
    feed_forward = (index, "feed_forward")

    def forward(
        layer: nn.TransformerDecoderLayer,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        **_unused: Any,
    ) -> Tensor:
        """tgt (B, T, E) and memory (B, S, E) to (B, T, E)."""
        x = tgt
        if cache.needs_update(self_attention):
            cache.kept[self_attention] = layer._sa_block(layer.norm1(x), tgt_mask, None)
        x = x + cache.kept[self_attention]
        if cache.needs_update(cross_attention):
            cache.kept[cross_attention] = layer._mha_block(
                layer.norm2(x), memory, memory_mask, None
            )
        x = x + cache.kept[cross_attention]
        if cache.needs_update(feed_forward):
            cache.kept[feed_forward] = layer._ff_block(layer.norm3(x))
        return x + cache.kept[feed_forward]

    return forward
