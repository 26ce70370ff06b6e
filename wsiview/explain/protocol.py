"""Protocol: the JSON lines that pass between the window and the child process that computes for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# To the child ("do"), and from it ("event"); every message is one object on one line.
MAP, FOCUS, CANCEL, QUIT = "map", "focus", "cancel", "quit"
READY, OPENED, PROGRESS, BLOCK, FINISHED, FAILED, CANCELLED = (
    "ready",
    "opened",
    "progress",
    "block",
    "finished",
    "failed",
    "cancelled",
)


def encode(message: Mapping[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message on a line.

    Raises
    ------
    ValueError
        If the line holds no JSON object.
    """
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")
    return message
