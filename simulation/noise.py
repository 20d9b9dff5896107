"""The noise that the node denoises from, so that an evaluation without ROS can use the same.

A port of src/inference/seeded_noise.ts: noise follows from a seed and from a chunk's number, counted from 0 since the
node was activated. An integer generator (xoroshiro128+), Box-Muller in double precision, rounded to single at the end.
"""

import hashlib

import numpy as np

WORD, MASK = np.uint64(32), np.uint64(2**32 - 1)


def chunk_noise(pairs, shape):
    """Noise (N, 1 + K, T, A), float32, of N pairs (seed, chunk), `shape` being (1 + K, T, A).

    First comes the initial noise, then that added at timestep 0..K-1.
    """
    digests = [hashlib.sha256(f'bac_policy noise {seed} {chunk}'.encode()).digest() for seed, chunk in pairs]
    state = list(np.array([np.frombuffer(digest, '<u4', 4) for digest in digests], np.uint64).T)
    state = [state[0] << WORD | state[1], state[2] << WORD | state[3]]
    size = int(np.prod(shape[1:]))
    noise = [_normals(state, size), _normals(state, (shape[0] - 1) * size)]
    return np.concatenate(noise, axis=1).reshape(len(pairs), *shape)


def _normals(state, count):
    """Standard normal numbers (N, count), float32, in pairs; `state` goes on."""
    draws = count + count % 2
    uniform = (np.stack([_next(state) for _ in range(draws)], axis=-1) + 0.5) / 2**32
    radius, angle = np.sqrt(-2 * np.log(uniform[:, ::2])), 2 * np.pi * uniform[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return pairs.reshape(-1, draws)[:, :count].astype(np.float32)


def _next(state):
    """The lower halves of the generators' next outputs, (N,); `state` is two words of each, (2, N) uint64."""
    first, second = state
    mixed = first ^ second
    state[:] = _rotated(first, 24) ^ mixed ^ mixed << np.uint64(16), _rotated(mixed, 37)
    return (first + second) & MASK


def _rotated(words, bits):
    return words << np.uint64(bits) | words >> np.uint64(64 - bits)
