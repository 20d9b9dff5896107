"""Episodes in closed loop, without ROS: many scenes share every call of a policy.

Episodes go on in lockstep: one call of an engine makes the next chunk of all that are still running, and all actions
of it are executed. Every engine sees the same scenes and draws from the same noise.
"""

import sys

import numpy as np

from simulation.engines import noise_shape
from simulation.noise import chunk_noise

FIRST_SCENE, SCENES_OF_A_SEED = 100_000, 10_000  # demonstrations come from scenes below


def scenes(episodes, seed=0):
    """Seeds of the scenes of an evaluation."""
    first = FIRST_SCENE + SCENES_OF_A_SEED * seed
    return range(first, first + episodes)


def run_episodes(robot, observer, engine, seeds, on_chunk=None, **start):
    """Steps to success of each scene, None where there was none. `on_chunk(seed, episode)` sees every window."""
    running = {seed: robot.start(seed, **start) for seed in seeds}
    steps = dict.fromkeys(running)
    shape = noise_shape(observer.description)
    chunk = 0
    while running:
        if on_chunk:
            for seed, episode in running.items():
                on_chunk(seed, episode)
        shown = observer.observe(list(running.values()))
        actions = engine(shown, chunk_noise([[seed, chunk] for seed in running], shape))
        for (seed, episode), action in zip(list(running.items()), actions):
            robot.advance(episode, action)
            if robot.is_over(episode):
                steps[seed] = episode.success_step
                del running[seed]
        chunk += 1
        if sys.stderr.isatty():
            print(f'\r  chunk {chunk}, {len(running)} running ', end='', file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print('\r\033[K', end='', file=sys.stderr, flush=True)
    return list(steps.values())


def wilson(successes, episodes, z=1.96):
    """95 % interval of a success rate (Wilson 1927)."""
    rate, spread = successes / episodes, z * z / episodes
    middle = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(rate * (1 - rate) / episodes + spread / episodes / 4)
    return [round(float(middle - half), 3), round(float(middle + half), 3)]


def summary(steps):
    """Success and steps to success of episodes, from the steps of each (None: no success)."""
    done = [s for s in steps if s is not None]
    return {'success': len(done), 'episodes': len(steps), 'rate': round(len(done) / len(steps), 4),
            'interval': wilson(len(done), len(steps)),
            'steps_to_success': round(float(np.mean(done)), 1) if done else None, 'steps': list(steps)}


def as_line(row):
    """A summary as a person reads it."""
    low, high = row['interval']
    steps = row['steps_to_success']
    return (f'{row["success"]} of {row["episodes"]} ({100 * row["rate"]:.1f} %, 95 % interval {100 * low:.1f} to '
            f'{100 * high:.1f}), steps to success {steps if steps is not None else "-"}')
