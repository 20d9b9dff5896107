"""Makes cached_samples.jsonl: what eager PyTorch with the authors' way of caching makes of a plan.

    node dist/src/cli/main.js import test/fixtures/checkpoints/NAME.ckpt -o PACKAGE
    python test/inference/make_cached_samples.py PACKAGE NAME >> test/inference/cached_samples.jsonl

The network and the cache are those of the bench's peers (src/bench/peers), observations and noises
those of NAME_vectors.safetensors. Each line: {"fixture": NAME, "updates": per block in the order they
run, "sample": (N, T, A) flattened, normalised}.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "src/bench"))
from peers.dp_transformer import load_package  # noqa: E402
from peers.engines import Workload, build_engine  # noqa: E402

KINDS = ("self_attention", "cross_attention", "feed_forward")


def some_plan(manifest: dict[str, Any], seed: int) -> dict[str, Any]:
    """Schedules as BAC makes them: some updates of its own per block, unions, the last step."""
    random.seed(seed)
    steps = manifest["noise_scheduler"]["steps"]
    blocks = []
    union = random.sample(range(steps), 3)
    for layer in range(manifest["architecture"]["layers"]):
        for kind in KINDS:
            updates = {0, steps - 1, *random.sample(range(steps), 3)}
            if kind != "cross_attention":
                updates.update(union)
            blocks.append({"layer": layer, "kind": kind, "updates": sorted(updates)})
    solver = {"kind": manifest["noise_scheduler"]["kind"]}
    return {"blocks": blocks, "steps": steps, "solver": solver}


def main() -> None:
    package, name = Path(sys.argv[1]), sys.argv[2]
    model, manifest = load_package(package)
    vectors = load_file(REPOSITORY / f"test/fixtures/checkpoints/{name}_vectors.safetensors")
    normaliser = manifest["inputs"][0]["normaliser"]
    condition = vectors["observation"] * torch.tensor(normaliser["scale"])
    work = Workload(
        model=model,
        schedule=manifest["noise_scheduler"],
        condition=condition + torch.tensor(normaliser["offset"]),
        initial_noise=vectors["initial_noise"],
        step_noise=vectors.get("step_noise"),
    )
    plan = some_plan(manifest, seed=len(name))
    chunk = build_engine("eager-bac", work, plan)
    samples = torch.cat([chunk(i) for i in range(len(work.condition))])
    row = {
        "fixture": name,
        "updates": [block["updates"] for block in plan["blocks"]],
        "sample": [float(f"{value:.8g}") for value in samples.flatten().tolist()],
    }
    print(json.dumps(row, separators=(",", ":")))


if __name__ == "__main__":
    main()
