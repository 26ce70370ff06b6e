"""Prediction: the model's own label of a patch, from its logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import ModelError


def model_score(logits: NDArray[np.floating], activation: str, target: int) -> NDArray[np.float64]:
    """The target's score, 0 to 1.

    Parameters
    ----------
    logits
        (n, targets).
    activation
        "sigmoid" or "softmax".
    target
        Index of an output.

    Returns
    -------
    (n,) float64.

    Raises
    ------
    ModelError
        If there is no such output or activation.
    """
    values = np.asarray(logits, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"logits must be (n, targets), not {values.shape}")
    if not 0 <= target < values.shape[1]:
        raise ModelError(f"the model has {values.shape[1]} outputs and no output {target}: choose another target")
    if activation == "sigmoid":
        return _sigmoid(values[:, target])
    if activation != "softmax":
        raise ModelError(f"the activation {activation!r} is unknown: use sigmoid or softmax")
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(shifted[:, target] / shifted.sum(axis=1))


def predicted_label(logits: NDArray[np.floating], activation: str, threshold: float, target: int) -> NDArray[np.bool_]:
    """Whether the model labels each patch as its target.

    Score ≥ threshold for one or two outputs, else the largest logit is the target's.

    Parameters
    ----------
    logits
        (n, targets), finite.
    activation, threshold, target
        The bundle's.

    Returns
    -------
    (n,) bool.

    Raises
    ------
    ModelError
        If there is no such output or activation.
    ValueError
        If a logit is not finite: patches that were not computed have no label.
    """
    if not np.isfinite(logits).all():
        raise ValueError("patches without a computed prediction have no label")
    scores = model_score(logits, activation, target)
    if logits.shape[1] <= 2:
        return scores >= threshold
    return np.asarray(np.asarray(logits).argmax(axis=1) == target)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)
