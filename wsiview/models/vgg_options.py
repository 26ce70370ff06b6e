"""VGG options: how a `vgg-pool` trunk is laid out, from the object `wsiview.architecture` of a bundle's config."""

from __future__ import annotations

from typing import Any

from wsiview.models.config import Config

_FIELDS = ("blocks", "batch_norm", "conv_bias", "pool", "dropout", "last_pooling")


def read_vgg_options(extra: Config) -> dict[str, Any]:
    """Blocks (channels of each convolution), batch_norm, conv_bias, pool, dropout, last_pooling.

    Only `blocks` is needed; by default: no batch norm, convolutions with bias where there is none, average pooling,
    no dropout, and no pooling after the last block.

    Raises
    ------
    BundleError
        If an option is missing, unknown or out of range.
    """
    options = extra.inner("architecture")
    for field in options:
        if field not in _FIELDS:
            raise options.fault(field, f"is not an option of vgg-pool; there are {', '.join(_FIELDS)}")
    normed = options.flag("batch_norm", False)
    return {
        "blocks": _blocks(options),
        "batch_norm": normed,
        "conv_bias": options.flag("conv_bias", not normed),
        "pool": options.text("pool", "avg", ("avg", "max")),
        "dropout": options.number("dropout", 0, 1, 0.0),
        "last_pooling": options.flag("last_pooling", False),
    }


def _blocks(options: Config) -> tuple[tuple[int, ...], ...]:
    blocks = options.items("blocks")
    good = all(isinstance(block, list) and block and all(_is_width(width) for width in block) for block in blocks)
    if not good or not 1 <= len(blocks) <= 8:
        raise options.fault("blocks", "must be 1 to 8 lists of channel numbers, one list for each block")
    return tuple(tuple(block) for block in blocks)


def _is_width(width: object) -> bool:
    return type(width) is int and 1 <= width <= 8192
