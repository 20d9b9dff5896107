"""The noise is the node's: what src/inference/seeded_noise.ts makes stands here."""

import unittest

import numpy as np

from simulation.noise import chunk_noise

# seededChunkNoise(2, 3, 2, 3, 1): an odd count, so that the last number of each part is half of a pair.
FROM_NODE = [-0.6408983469009399, -0.8631583452224731, 0.5560022592544556, 1.613718867301941, -0.5345621705055237,
             0.7606721520423889, -1.0996239185333252, 1.1103564500808716, -0.874322772026062]


class Noise(unittest.TestCase):
    def test_is_that_of_the_node(self):
        np.testing.assert_array_equal(chunk_noise([(2, 3)], (3, 3, 1)).ravel(), np.float32(FROM_NODE))

    def test_of_one_chunk_does_not_depend_on_others(self):
        both = chunk_noise([(100_001, 0), (2, 3)], (3, 3, 1))
        np.testing.assert_array_equal(both[1].ravel(), np.float32(FROM_NODE))
        self.assertFalse((both[0] == both[1]).any())


if __name__ == '__main__':
    unittest.main()
