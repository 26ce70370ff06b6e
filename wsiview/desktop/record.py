"""Record: which files and folders were put into a data folder, so that exactly these can be taken away again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from wsiview.clustering.whole_file import write_whole
from wsiview.errors import WsiviewError

PLACE = Path("wsiview/desktop.json")


@dataclass(frozen=True)
class Record:
    """What is installed in a data folder; all paths are relative to it.

    Parameters
    ----------
    files
        SHA-256 of each file as it was written.
    folders
        Folders that did not exist before, outermost first.
    derived
        Files that the system's own tools made from ours where they had none before.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()

    @classmethod
    def read(cls, home: Path) -> Self:
        """The record of a data folder, an empty one if nothing is installed there.

        Raises
        ------
        WsiviewError
            If it is damaged.
        """
        path = home / PLACE
        try:
            facts: Any = json.loads(path.read_text(encoding="utf-8"))
            record = cls(dict(facts["files"]), tuple(facts["folders"]), tuple(facts["derived"]))
            record._check()
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError) as error:
            raise WsiviewError(
                f"{path}, the list of what was installed, is damaged; delete it, and wsiview's files beside it"
            ) from error
        return record

    def write(self, home: Path) -> None:
        """Keep the record in its data folder, which must have the record's folder."""
        facts = {"files": dict(self.files), "folders": list(self.folders), "derived": list(self.derived)}
        write_whole(home / PLACE, json.dumps(facts, indent=1).encode())

    def with_files(self, files: Mapping[str, bytes], folders: Iterable[str]) -> Self:
        """The record once these files and folders are there as well."""
        known = {**self.files, **{name: digest(content) for name, content in files.items()}}
        return replace(self, files=known, folders=tuple(dict.fromkeys((*self.folders, *folders))))

    def with_derived(self, names: Iterable[str]) -> Self:
        """The record once the system's tools have made these files as well."""
        return replace(self, derived=tuple(dict.fromkeys((*self.derived, *names))))

    def _check(self) -> None:
        names = (*self.files, *self.folders, *self.derived)
        if not all(isinstance(name, str) for name in (*names, *self.files.values())):
            raise ValueError("no list of names")
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in names):
            raise ValueError("a name that leads out of the folder")


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
