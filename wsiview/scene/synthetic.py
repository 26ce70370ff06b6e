"""Synthetic: tells painted tissue by its slide's name, so that it is never taken for a patient's."""

from __future__ import annotations

REMARK = "Synthetic tissue. Not a patient."
_PREFIX = "synthetic-"  # what the demo's painter calls its slides


def remark_on(slide_name: str) -> str:
    """What must stand wherever this slide is shown; empty for a slide that was scanned."""
    return REMARK if slide_name.startswith(_PREFIX) else ""
