"""Alignment account: what points found about two slides, in a sentence from which a slip of the hand can be seen."""

from __future__ import annotations

import math

from wsiview.scene.registration import Registration

_DOUBTFUL = 1.25
"""Sections are not cut this much larger or smaller: rather, a point was meant otherwise."""
_NOTEWORTHY = 0.005
_COUNTS = {2: "two", 3: "three"}


def account_of(found: Registration, first_mpp: float | None, second_mpp: float | None) -> tuple[str, bool]:
    """The sentence, and whether it is a warning.

    Parameters
    ----------
    first_mpp, second_mpp
        µm per level-0 pixel of both slides, None where unknown.
    """
    words = [f"turned {found.angle:.1f}°"]
    if found.mirrored:
        words.append("mirrored")
    growth = None if first_mpp is None or second_mpp is None else found.scale * second_mpp / first_mpp
    if growth is not None and abs(growth - 1) >= _NOTEWORTHY:
        words.append(f"{100 * abs(growth - 1):.1f} % {'larger' if growth > 1 else 'smaller'}")
    if found.stretch - 1 >= _NOTEWORTHY:
        words.append(f"stretched by {100 * (found.stretch - 1):.1f} %")
    count, residual = _COUNTS[len(found.pairs)], _residual(found, first_mpp, second_mpp)
    sentence = f"Aligned by {count} points: {', '.join(words)}; {residual}."
    if growth is not None and not 1 / _DOUBTFUL < growth < _DOUBTFUL:
        return f"{sentence} Sections seldom differ so much in size: check the points.", True
    return sentence, False


def _residual(found: Registration, first_mpp: float | None, second_mpp: float | None) -> str:
    """How far the points are from lying alike in both slides."""
    if len(found.pairs) > 2:
        if second_mpp is None:
            return f"the points lie within {found.misfit:.0f} px of a turn and one scale"
        return f"the points lie within {found.misfit * second_mpp:.0f} µm of a turn and one scale"
    if first_mpp is None or second_mpp is None:
        return "how far the points fit can't be told, since the slides' scales are unknown"
    (a, b), (c, d) = [(pair.first, pair.second) for pair in found.pairs]
    apart_first = math.hypot(a.x - c.x, a.y - c.y) * first_mpp
    apart_second = math.hypot(b.x - d.x, b.y - d.y) * second_mpp
    return f"their distance differs by {abs(apart_first - apart_second):.0f} µm between the slides"
