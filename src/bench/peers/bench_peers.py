"""Times the Python peers on a policy package, one chunk at a time, so that a caller can interleave.

    python src/bench/peers/bench_peers.py DIR --input VECTORS [--plan PLAN]... [--threads N]

The input is a safetensors file with condition (N, To, Dc), initial_noise (N, T, A) and step_noise
(K, N, T, A). The first line printed is a greeting:

    {"samples": N, "threads": 1, "torch": "2.x", "engines": ["eager", ...]}

Then one command per line is read, and each is answered by one line of JSON:

    warmup ENGINE PLAN        builds the engine and runs it once   {"ready": true}
    run ENGINE PLAN SAMPLE    makes the chunk of one sample        {"ms": 12.3, "sample": [T*A]}
    quit                      or end of input                      (ends)

PLAN is the index of a --plan option, or `-`. An engine that cannot run answers {"skipped": "why"}
and a command that is wrong {"error": "what"}; both leave the process usable.

With --chunks COUNT no command is read: every engine makes COUNT chunks in turn, interleaved, and
one line per engine is printed:

    {"name": "dense", "engine": "eager", "threads": 1, "latencies_ms": [...], "sample": (n, T, A)}
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from torch import Tensor

    from peers.engines import Chunk


class Bench:
    """Builds engines when they are first asked for and runs them on single samples."""

    def __init__(self, package: Path, vectors: Path, plans: list[Path]) -> None:
        from peers.engines import Workload

        self.work = Workload.load(package, vectors)
        self.plans: list[dict[str, Any]] = [json.loads(path.read_text()) for path in plans]
        self.samples = self.work.condition.shape[0]
        self._engines: dict[tuple[str, str], Chunk | str] = {}

    def engine(self, name: str, plan: str) -> Chunk | str:
        """The warm engine, or in words why there is none."""
        from peers.engines import Unsupported, build_engine

        key = (name, plan)
        if key not in self._engines:
            try:
                chosen = None if plan == "-" else self.plans[int(plan)]
                chunk = build_engine(name, self.work, chosen)
                chunk(0)
                self._engines[key] = chunk
            except Unsupported as reason:
                self._engines[key] = str(reason)
            except Exception as error:  # torch.compile fails in many ways; the row says which.
                if name != "torch-compile":
                    raise
                first_line = (str(error).strip().splitlines() or [""])[0]
                self._engines[key] = f"torch.compile failed: {type(error).__name__}: {first_line}"
        return self._engines[key]

    @staticmethod
    def time_chunk(chunk: Chunk, sample: int) -> tuple[float, Tensor]:
        """Time in ms, and the chunk (1, T, A)."""
        start = time.perf_counter()
        result = chunk(sample)
        return (time.perf_counter() - start) * 1000, result

    def answer(self, line: str) -> dict[str, Any]:
        """Carries out one command of the line protocol."""
        words = line.split()
        if len(words) < 3 or words[0] not in ("warmup", "run"):
            return {"error": f"expected 'warmup ENGINE PLAN' or 'run ENGINE PLAN SAMPLE': {line!r}"}
        try:
            engine = self.engine(words[1], words[2])
            if isinstance(engine, str):
                return {"skipped": engine}
            if words[0] == "warmup":
                return {"ready": True}
            ms, result = self.time_chunk(engine, int(words[3]) % self.samples)
            return {"ms": ms, "sample": result.flatten().tolist()}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}


def serve(bench: Bench) -> None:
    """Answers commands until `quit` or the end of the input."""
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if line.strip():
            emit(bench.answer(line))


def run_all(bench: Bench, engines: list[str], plans: list[Path], threads: int, chunks: int) -> None:
    """Runs every engine `chunks` times, in turn, and prints a row for each."""
    rows: list[tuple[dict[str, Any], Chunk, list[float], list[Any]]] = []
    for name in engines:
        for plan in range(len(plans)) if name == "eager-bac" else ["-"]:
            dense = name in ("eager", "torch-compile")
            label = "dense" if dense else name if plan == "-" else plans[int(plan)].name
            row = {"name": label, "engine": name, "threads": threads}
            engine = bench.engine(name, str(plan))
            if isinstance(engine, str):
                emit(row | {"skipped": engine})
            else:
                rows.append((row, engine, [], []))
    for index in range(chunks):
        for _, engine, latencies, samples in rows:
            ms, result = bench.time_chunk(engine, index % bench.samples)
            latencies.append(round(ms, 3))
            if index < bench.samples:
                samples.extend(result.tolist())
    for row, _, latencies, samples in rows:
        emit(row | {"latencies_ms": latencies, "sample": samples})


def emit(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Python peers of bac-policy bench.")
    parser.add_argument("package", type=Path, help="policy package (directory)")
    parser.add_argument("--input", type=Path, required=True, help="vectors (safetensors)")
    parser.add_argument("--plan", type=Path, action="append", default=[], help="plan; repeatable")
    parser.add_argument("--threads", type=int, default=1, help="threads of one operation")
    parser.add_argument("--engines", nargs="+", help="default: all")
    parser.add_argument("--chunks", type=int, help="run by itself and print so many latencies")
    args = parser.parse_args()

    # Must be set before torch is loaded.
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import torch

    torch.set_num_threads(args.threads)
    from peers.engines import ENGINES

    engines = args.engines or list(ENGINES)
    bench = Bench(args.package, args.input, args.plan)
    if args.chunks:
        run_all(bench, engines, args.plan, args.threads, args.chunks)
        return
    emit(
        {
            "samples": bench.samples,
            "threads": args.threads,
            "torch": torch.__version__,
            "engines": engines,
        }
    )
    serve(bench)


if __name__ == "__main__":
    main()
