"""Trainings that can be ended and go on: what they have learned is kept beside their output."""

import time

import torch

KEEP_EVERY_S, TIMES_SAID = 60, 40


class Progress:
    """Counts the steps of a training; `for step in progress` goes on where an earlier run with the same settings ended.

    `parts` (name: what has a state_dict) and the state of random numbers are kept in the file `path` once a minute and
    at the end, so that a training which is done is not done again.
    """

    def __init__(self, path, settings, parts, steps):
        self.path, self.settings, self.parts, self.steps = path, settings, parts, steps
        self.done = 0
        if path.exists():
            device = 'cuda' if torch.cuda.is_available() else 'cpu'
            kept = torch.load(path, weights_only=True, map_location=device)
            if kept['settings'] != settings:
                raise SystemExit(f'{path}: is of a training with other settings; remove it or give another --output')
            for name, part in parts.items():
                part.load_state_dict(kept[name])
            torch.set_rng_state(kept['random'].cpu())
            if kept['random_cuda'] is not None:
                torch.cuda.set_rng_state(kept['random_cuda'].cpu())
            self.done = kept['done']
            print(f'{path}: goes on at step {self.done}', flush=True)

    def __iter__(self):
        self.begun, self.began_at, kept_last = time.monotonic(), self.done, time.monotonic()
        while self.done < self.steps:
            yield self.done
            self.done += 1
            if time.monotonic() - kept_last > KEEP_EVERY_S or self.done == self.steps:
                self.keep()
                kept_last = time.monotonic()

    def is_time_to_say(self):
        return (self.done + 1) % max(1, self.steps // TIMES_SAID) == 0

    def say(self, text):
        rate = (self.done + 1 - self.began_at) / (time.monotonic() - self.begun)
        print(f'step {self.done + 1} of {self.steps} ({rate:.1f}/s): {text}', flush=True)

    def keep(self):
        contents = {'settings': self.settings, 'done': self.done, 'random': torch.get_rng_state(),
                    'random_cuda': torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
                    **{name: part.state_dict() for name, part in self.parts.items()}}
        temporary = self.path.with_name(f'{self.path.name}.new')
        torch.save(contents, temporary)
        temporary.rename(self.path)
