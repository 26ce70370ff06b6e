"""Start request: what a start of wsiview asks to have opened, and the message that carries it to a running window."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PROTOCOL = 1
MOST_BYTES = 2**20
_MOST_FILES = 1000
_LONGEST = 4096


@dataclass(frozen=True)
class StartRequest:
    """What was said on the command line, or double-clicked.

    Parameters
    ----------
    files
        Slides and maps, in the order they were named.
    model, clustering
        A bundle and a clustering to lay over them.
    demo
        Open the demo case.
    token
        With this the desktop lets a window come to the front; it is given to whoever is started by a click.
    """

    files: tuple[Path, ...] = ()
    model: Path | None = None
    clustering: Path | None = None
    demo: bool = False
    token: str = ""

    @classmethod
    def from_here(
        cls, files: Sequence[Path], model: Path | None, clustering: Path | None, *, demo: bool = False
    ) -> Self:
        """A request that means the same in every folder."""
        return cls(
            tuple(path.absolute() for path in files),
            model.absolute() if model is not None else None,
            clustering.absolute() if clustering is not None else None,
            demo,
            os.environ.get("XDG_ACTIVATION_TOKEN", ""),
        )

    def encode(self) -> bytes:
        """One line of JSON.

        Raises
        ------
        ValueError
            If it is more than a running window would take.
        """
        facts = {
            "protocol": PROTOCOL,
            "files": [str(path) for path in self.files],
            "model": str(self.model) if self.model is not None else None,
            "clustering": str(self.clustering) if self.clustering is not None else None,
            "demo": self.demo,
            "token": self.token,
        }
        line = json.dumps(facts).encode() + b"\n"
        self.decode(line)
        return line

    @classmethod
    def decode(cls, line: bytes) -> Self:
        """The request in a message that anybody may have written.

        Raises
        ------
        ValueError
            If it is not one line that `encode` could have made.
        """
        if len(line) > MOST_BYTES:
            raise ValueError("too long a message")
        try:
            facts = json.loads(line)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(facts, dict) or facts.get("protocol") != PROTOCOL:
            raise ValueError("no start request of this version")
        files, demo = facts.get("files"), facts.get("demo")
        if not isinstance(files, list) or len(files) > _MOST_FILES or not isinstance(demo, bool):
            raise ValueError("no list of files")
        model, clustering = (None if facts.get(key) is None else _path(facts[key]) for key in ("model", "clustering"))
        return cls(tuple(map(_path, files)), model, clustering, demo, _text(facts.get("token")))


def _path(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise ValueError("a path that means something else elsewhere")
    return path


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise ValueError("no text of reasonable length")
    return value
