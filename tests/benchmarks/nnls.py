#!/usr/bin/env python3
"""Weighs 200,000 feature vectors with `wsiview.clustering.class_weights` and with scikit-learn's `NMF.transform`.

    python tests/benchmarks/nnls.py [--classes 6 8] [--vectors 200000]

Both sides start from the same vectors and class vectors, on one thread; ours includes the product b = V Hᵀ. Vectors of
128 and of 512 channels, planted with a good part of each below zero and clipped, like a layer after its ReLU. The
baseline of the same run is `transform` with its default tolerance, as float32 and as float64; its largest KKT violation
stands beside ours, as a share of each vector's largest |b|. Best of three for us, one run for it.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.decomposition import NMF
from threadpoolctl import threadpool_limits

from wsiview.clustering import class_weights, kkt_violation

STRIP = 2**16  # numbers taken to float64 at once, as in the sums of a fit


def seconds(work: Callable[[], np.ndarray], times: int) -> tuple[float, np.ndarray]:
    """The shortest of several processor times, and what came of it."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        result = work()
        taken.append(time.process_time() - started)
    return min(taken), result


def layer(n: int, channels: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Feature vectors (n, channels) and class vectors (k, channels), float32."""
    rng = np.random.default_rng(k)
    h = rng.gamma(0.5, 1.0, (k, channels)).astype(np.float32)
    h /= np.linalg.norm(h, axis=1, keepdims=True)
    w = rng.gamma(0.5, 1.0, (n, k)).astype(np.float32)
    v = w @ h
    for first in range(0, n, 20_000):
        part = v[first : first + 20_000]
        part += 0.2 * part.std() * rng.standard_normal(part.shape, dtype=np.float32) - 0.5 * part.mean()
    return np.maximum(v, 0, out=v), h


def weigh(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    wide = h.astype(np.float64)
    b, columns, size = np.empty((len(v), len(h))), np.ascontiguousarray(wide.T), STRIP // v.shape[1]
    for i in range(0, len(v), size):
        b[i : i + size] = v[i : i + size].astype(np.float64) @ columns
    return class_weights(b, wide @ wide.T)


def transform(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    model = NMF(len(h), init="nndsvda", random_state=0)
    model.components_, model.n_components_ = h.astype(v.dtype), len(h)
    model.n_features_in_, model._n_components = h.shape[1], len(h)
    model._beta_loss, model._l1_reg_W = 2, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        return np.asarray(model.transform(v))


def compare(n: int, channels: int, k: int) -> None:
    v, h = layer(n, channels, k)
    b, gram = v.astype(np.float64) @ h.astype(np.float64).T, h.astype(np.float64) @ h.astype(np.float64).T
    ours, w = seconds(lambda: weigh(v, h), 3)
    alone, _ = seconds(lambda: class_weights(b, gram), 3)
    print(
        f"{n:,} × {channels}, K = {k}: wsiview {ours:.3f} processor s ({alone:.3f} without b), "
        f"violation {kkt_violation(b, gram, w).max():.0e}, {np.mean(w > 0):.0%} of weights above 0"
    )
    for kind in (np.float32, np.float64):
        theirs, other = seconds(lambda kind=kind: transform(v.astype(kind), h), 1)
        worst = kkt_violation(b, gram, other).max()
        print(
            f"  scikit-learn {kind.__name__}: {theirs:.3f} s, violation {worst:.0e}; wsiview is {theirs / ours:.1f} × "
            "faster",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", type=int, nargs="+", default=[6, 8])
    parser.add_argument("--vectors", type=int, default=200_000)
    given = parser.parse_args()
    with threadpool_limits(1):
        for channels in (128, 512):
            for k in given.classes:
                compare(given.vectors, channels, k)


if __name__ == "__main__":
    main()
