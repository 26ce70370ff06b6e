"""Provenance: where a picture came from, as lines to read under it and as JSON inside its PNG."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from wsiview.errors import WsiviewError
from wsiview.maps import NOT_A_DIAGNOSIS
from wsiview.scene.layers import LayerStack
from wsiview.scene.record import layers_from, layers_values, view_from, view_values
from wsiview.scene.viewport import Viewport

VERSION = 1
PNG_KEY = "wsiview"  # the keyword of the PNG's iTXt chunk
PAPER_LOOK = "Paper look: weak signals amplified."
_LONGEST = 1_000_000  # characters of a payload; a longer one is not ours


@dataclass(frozen=True)
class Provenance:
    """Where a picture came from; what is empty or None is not known, or was masked.

    `mpp` is (x, y) in µm per level-0 pixel; `made` is a date and time in ISO 8601; `colors` says of a slide with an ICC
    profile what became of it.
    """

    slide: str
    slide_fingerprint: str
    mpp: tuple[float, float] | None
    software: str
    made: str
    model: str = ""
    clustering: str = ""
    clustering_fingerprint: str = ""
    map_digest: str = ""
    colors: str = ""

    def masked(self) -> Provenance:
        """Without the slide's name, which is often a case number; the fingerprint still finds the slide again."""
        return replace(self, slide="")


def provenance(
    slide_name: str,
    slide_fingerprint: str,
    mpp: tuple[float, float] | None,
    software: str,
    made: datetime,
    map_attributes: Mapping[str, Any] | None = None,
    colors: str = "",
) -> Provenance:
    """Gather it from the open slide and, where one is shown, its map's attributes."""
    about = map_attributes or {}
    clustering = about.get("clustering") or {}
    return Provenance(
        slide=slide_name,
        slide_fingerprint=slide_fingerprint,
        mpp=mpp,
        software=software,
        made=made.isoformat(timespec="minutes"),
        model=str((about.get("model") or {}).get("name") or ""),
        clustering=str(clustering.get("name") or ""),
        clustering_fingerprint=str(clustering.get("fingerprint") or ""),
        map_digest=str(about.get("digest") or ""),
        colors=colors,
    )


def provenance_lines(source: Provenance, stack: LayerStack | None = None) -> tuple[str, ...]:
    """The lines under a picture; with layers that show something, the warning that belongs to them comes first."""
    slide = f"Slide {source.slide}" if source.slide else "Slide name masked"
    lines = [f"{slide} · {_scale(source.mpp)}", *([f"Colours: {source.colors}"] if source.colors else [])]
    if source.clustering:
        made_of = [f"Model {source.model}", f"clustering {source.clustering}"]
        if source.map_digest:
            made_of.append(f"map {source.map_digest[:8]}")
        lines.append(" · ".join(made_of))
    lines.append(f"{source.software} · {source.made}")
    if stack is not None and stack.shows_anything:
        warnings = [NOT_A_DIAGNOSIS, *([PAPER_LOOK] if stack.look == "paper" else [])]
        lines = [*warnings, *lines]
    return tuple(lines)


def png_payload(source: Provenance, viewport: Viewport, stack: LayerStack | None) -> str:
    """View, layers and provenance as JSON, for the PNG's text chunk `PNG_KEY`; `read_payload` reads it back."""
    payload = {
        "version": VERSION,
        "source": asdict(source),
        "view": view_values(viewport),
        "layers": layers_values(stack) if stack is not None else None,
        "notice": NOT_A_DIAGNOSIS,
    }
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, allow_nan=False)


def read_payload(text: str) -> tuple[Provenance, Viewport, LayerStack | None]:
    """What `png_payload` wrote.

    Raises
    ------
    WsiviewError
        If the text is none of ours, damaged, or of a later version.
    """
    try:
        payload = json.loads(text[:_LONGEST])
        version = payload["version"]
        if isinstance(version, int) and version > VERSION:
            raise WsiviewError("the picture was exported by a later wsiview; update wsiview to return to its view")
        layers = payload["layers"]
        return _source(payload["source"]), view_from(payload["view"]), None if layers is None else layers_from(layers)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WsiviewError("the picture's record of its view is damaged; open its slide by hand") from error


def _scale(mpp: tuple[float, float] | None) -> str:
    if mpp is None:
        return "uncalibrated"
    x, y = (f"{value:.4g}" for value in mpp)
    return f"{x} µm/px" if x == y else f"{x} × {y} µm/px"


def _source(values: dict[str, Any]) -> Provenance:
    mpp = values["mpp"]
    texts = {name: str(value) for name, value in values.items() if name != "mpp"}
    return Provenance(**texts, mpp=None if mpp is None else (float(mpp[0]), float(mpp[1])))
