"""Times in a few numbers."""

import numpy as np


def quantiles(values):
    """p50, p95 and the largest; None where there are no values."""
    if not len(values):
        return None
    return {name: round(float(np.quantile(values, q)), 2) for name, q in (('p50', 0.5), ('p95', 0.95), ('max', 1.0))}
