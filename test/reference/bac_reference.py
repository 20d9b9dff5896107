"""Block-wise adaptive caching (arXiv 2506.13456) from raw features, the slow and plain way.

An independent statement of what `bac-policy plan --method bac` must give, to hold it against:

    python test/reference/bac_reference.py FEATURES.safetensors --updates 10 --bubbling 5

FEATURES holds one tensor ``features.LAYER.KIND`` (K, N, T, E) per block, in denoising order: the
branch outputs of K steps for N samples. Prints JSON: {"blocks": [{"layer", "kind", "updates",
"error"}, ...], "bubbled": [{"layer", "kind"}, ...]}, both ordered as the blocks run.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

Array = NDArray[np.float64]
Block = tuple[int, str]
KINDS = ("self_attention", "cross_attention", "feed_forward")


def similarity(features: Array, metric: str) -> Array:
    """Features (K, F) to (K, K): how alike the features of two steps are; larger is more alike."""
    if metric == "cosine":
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        return unit @ unit.T
    distance = {
        "l1": lambda difference: np.abs(difference).mean(axis=1),
        "l2": lambda difference: np.sqrt((difference**2).sum(axis=1)),
        "mse": lambda difference: (difference**2).mean(axis=1),
    }[metric]
    return -np.stack([distance(features - row) for row in features])


def segment_scores(alike: Array, objective: str) -> Array:
    """(K, K) to (K, K): entry [a, b] is the score of steps a..b living on an update at a."""
    steps = len(alike)
    scores = np.full((steps, steps), -np.inf)
    for a in range(steps):
        for b in range(a, steps):
            if objective == "anchor":
                scores[a, b] = sum(alike[a, t] for t in range(a, b + 1))
            else:
                scores[a, b] = sum(alike[t - 1, t] for t in range(a + 1, b + 1))
    return scores


def adaptive_schedule(scores: Array, updates: int) -> list[int]:
    """The first steps of the `updates` segments that cover 0..K-1 with the highest total score."""
    steps = len(scores)
    # best[b] = score and segment starts of the best cover of 0..b with the segments so far.
    best: list[tuple[float, list[int]]] = [(scores[0, b], [0]) for b in range(steps)]
    for _ in range(updates - 1):
        longer: list[tuple[float, list[int]]] = []
        for b in range(steps):
            options = [(best[a - 1][0] + scores[a, b], a) for a in range(1, b + 1)]
            total, a = max(options, default=(-np.inf, 0))
            longer.append((total, best[a - 1][1] + [a] if options else []))
        best = longer
    return best[-1][1]


def block_error(features: Array) -> float:
    """Features (K, F): mean absolute difference over all pairs of steps."""
    steps = len(features)
    return float(
        np.mean(
            [
                np.abs(features[i] - features[j]).mean()
                for i in range(steps)
                for j in range(i + 1, steps)
            ]
        )
    )


def bubbling_union(
    schedules: dict[Block, list[int]], errors: dict[Block, float], count: int
) -> tuple[dict[Block, list[int]], list[Block]]:
    """Gives the `count` blocks of largest error the updates of all feed-forwards behind them."""
    bubbled = sorted(errors, key=lambda block: -errors[block])[:count]
    result = dict(schedules)
    for block in bubbled:
        union = set(schedules[block])
        for (layer, kind), updates in schedules.items():
            if kind == "feed_forward" and layer >= block[0]:
                union.update(updates)
        result[block] = sorted(union)
    return result, bubbled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("features")
    parser.add_argument("--updates", type=int, required=True, help="S")
    parser.add_argument("--bubbling", type=int, default=5, help="n; 0 leaves the union out")
    parser.add_argument("--metric", choices=("cosine", "l1", "l2", "mse"), default="cosine")
    parser.add_argument("--objective", choices=("anchor", "consecutive"), default="anchor")
    parser.add_argument("--final-update", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()

    schedules: dict[Block, list[int]] = {}
    errors: dict[Block, float] = {}
    last_step = 0
    for name, tensor in load_file(args.features).items():
        prefix, layer, kind = name.split(".")
        assert prefix == "features" and kind in KINDS, name
        assert 1 <= args.updates <= len(tensor), f"{args.updates} updates in {len(tensor)} steps"
        features = tensor.reshape(len(tensor), -1).astype(np.float64)
        scores = segment_scores(similarity(features, args.metric), args.objective)
        schedules[int(layer), kind] = adaptive_schedule(scores, args.updates)
        errors[int(layer), kind] = block_error(features)
        last_step = len(tensor) - 1
    schedules, bubbled = bubbling_union(schedules, errors, args.bubbling)

    def order(block: Block) -> tuple[int, int]:
        return block[0], KINDS.index(block[1])

    blocks = []
    for block in sorted(schedules, key=order):
        updates = set(schedules[block]) | ({last_step} if args.final_update else set())
        layer, kind = block
        blocks.append(
            {"layer": layer, "kind": kind, "updates": sorted(updates), "error": errors[block]}
        )
    print(
        json.dumps(
            {
                "blocks": blocks,
                "bubbled": [
                    {"layer": layer, "kind": kind} for layer, kind in sorted(bubbled, key=order)
                ],
            }
        )
    )


if __name__ == "__main__":
    main()
