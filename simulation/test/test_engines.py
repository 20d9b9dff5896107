"""The engine gives chunks to one process of the command line and says why when that ends. With a stand-in for it."""

import pathlib
import tempfile
import unittest

import numpy as np
from safetensors.numpy import load_file

from simulation.engines import BacPolicy

COPIES = """
import { copyFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { input, output } = JSON.parse(line);
  copyFileSync(input, output);
  console.log('{}');
}
"""
FAILS = "process.stderr.write('bac-policy: plan.json: is damaged; make it again\\\\n'); process.exit(2);"


class Engine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def engine(self, program):
        cli = self.folder / 'main.mjs'
        cli.write_text(program)
        return BacPolicy(self.folder, cli=cli)

    def test_one_process_answers_again_and_again(self):
        engine = self.engine(COPIES)
        for value in range(3):
            made = engine({'action': np.full((2, 8, 8), value, np.float32)}, np.zeros((2, 101, 10, 8), np.float32))
            np.testing.assert_array_equal(made, np.full((2, 8, 8), value))

    def test_noise_goes_first_by_sample_then_by_step(self):
        engine = self.engine(COPIES.replace('copyFileSync(input, output)', 'copyFileSync(input, input + ".kept");'
                                            'copyFileSync(input, output)'))
        noise = np.random.default_rng(0).normal(size=(2, 4, 3, 5)).astype(np.float32)
        engine({'action': np.zeros(1, np.float32)}, noise)
        given = load_file(pathlib.Path(engine._folder.name, 'in.safetensors.kept'))
        np.testing.assert_array_equal(given['initial_noise'], noise[:, 0])
        np.testing.assert_array_equal(given['step_noise'][2, 1], noise[1, 3])

    def test_says_why_it_ended(self):
        with self.assertRaisesRegex(RuntimeError, r'plan\.json: is damaged; make it again'):
            engine = self.engine(FAILS)
            engine({'action': np.zeros(1, np.float32)}, np.zeros((1, 2, 1, 1), np.float32))


if __name__ == '__main__':
    unittest.main()
