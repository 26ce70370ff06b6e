"""Strength key: which key shows how strong a class is."""

from __future__ import annotations


def strength_key(letter: str) -> str:
    """Shift and the letter; N's is taken by the field before, since N leads to the next one."""
    return f"Ctrl+Shift+{letter}" if letter == "N" else f"Shift+{letter}"
