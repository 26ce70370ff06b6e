"""Target: the one number of a classifier's outputs that an explanation speaks of."""

from __future__ import annotations

from torch import Tensor

from wsiview.errors import ModelError


def contrast_logit(logits: Tensor, target: int, contrast: str) -> Tensor:
    """The target's logit (N,), less what it is measured against; never a probability.

    Parameters
    ----------
    logits
        (N, targets).
    contrast
        "others": minus the mean of the other logits, which is what a softmax responds to; of a single logit there are
        none. "none": the logit as it is.

    Raises
    ------
    ModelError
        If there is no such target or contrast.
    """
    count = logits.shape[1]
    if not 0 <= target < count:
        raise ModelError(f"target {target} is not one of the model's {count} outputs; choose one from 0 to {count - 1}")
    if contrast not in ("others", "none"):
        raise ModelError(f"there is no contrast {contrast!r}; choose others or none")
    chosen = logits[:, target]
    if contrast == "none" or count == 1:
        return chosen
    return chosen - (logits.sum(dim=1) - chosen) / (count - 1)
