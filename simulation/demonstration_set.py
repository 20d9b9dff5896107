"""Demonstrations as training sees them: windows of observations, and the chunks of actions that followed."""

import numpy as np

HORIZON, N_OBS_STEPS, N_ACTION_STEPS = 10, 2, 8  # T, To, Ta
ROBOT_VALUES = 8  # joints and finger, the first values of an observation
HAND_SCALE = 10.0  # 1/m: an object 10 cm from the hand is 1 away


def read_demos(paths):
    """obs (n, D), action (n, A) of all files, and where episodes begin and end (episodes + 1,)."""
    obs, action, ends = [], [], [0]
    for path in paths:
        with np.load(path) as demos:
            obs.append(demos['obs'])
            action.append(demos['action'])
            ends += list(demos['ends'] + ends[-1])
    return np.concatenate(obs), np.concatenate(action), np.asarray(ends)


def windows(ends):
    """Steps that every chunk of every episode is made of (N, T), ends repeated; and the episode of each (N,)."""
    rows, episodes = [], []
    for i, (start, end) in enumerate(zip(ends[:-1], ends[1:])):
        first = np.arange(start - (N_OBS_STEPS - 1), end - (N_OBS_STEPS - 1))
        rows.append(np.clip(first[:, None] + np.arange(HORIZON), start, end - 1))
        episodes.append(np.full(len(first), i))
    return np.concatenate(rows), np.concatenate(episodes)


def normaliser(values):
    """Scale and offset that bring each value's range to [-1, 1]."""
    low, high = values.min(0), values.max(0)
    scale = 2 / np.maximum(high - low, 1e-4)
    return scale.astype(np.float32), (-1 - scale * low).astype(np.float32)


def observation_normaliser(observations):
    """The same of the robot's observations (n, D), but that quaternions stay as they are and places from the hand,
    the second half of the poses, count from there.
    """
    scale, offset = normaliser(observations)
    for first in range(ROBOT_VALUES, len(scale), 7):
        scale[first + 3:first + 7], offset[first + 3:first + 7] = 1, 0
        if first >= (ROBOT_VALUES + len(scale)) / 2:
            scale[first:first + 3], offset[first:first + 3] = HAND_SCALE, 0
    return scale, offset
