"""Faults: the ways in which a map can be refused, each a sentence that names it and says what to do."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsiview.errors import MapError


class NotAMap(MapError):
    """The path holds something else, or nothing."""

    def __init__(self, path: Path, reason: str) -> None:
        """Word it."""
        super().__init__(f"{path} is not a cluster map ({reason}); choose another one, or move it away to map anew")
        self.path, self.reason = path, reason


class NewerMap(MapError):
    """The map was written by a later wsiview."""

    def __init__(self, path: Path, version: int, known: int) -> None:
        """Word it."""
        super().__init__(
            f"the map {path} has format version {version}, and this wsiview reads up to {known}; update wsiview"
        )
        self.path, self.version, self.known = path, version, known


class DamagedMap(MapError):
    """The map's files contradict themselves or can't be decoded."""

    def __init__(self, path: Path, reason: str) -> None:
        """Word it."""
        super().__init__(f"the map {path} is damaged ({reason}); delete it and map the slide again")
        self.path, self.reason = path, reason


class MapMismatch(MapError):
    """The map belongs to something else than what is open or asked for."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        """Word it."""
        super().__init__(f"the map {path} does not fit: {reason}; {remedy}")
        self.path, self.reason = path, reason


class MapLocked(MapError):
    """Another writer has the map."""

    def __init__(self, path: Path, holder: str, remedy: str) -> None:
        """Word it."""
        super().__init__(f"the map {path} is being written by {holder}; {remedy}")
        self.path, self.holder = path, holder


@contextmanager
def reading(path: Path, name: str) -> Iterator[None]:
    """Turn what zarr says of a broken file into a sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedMap(path, f"its {name} is missing") from error
    except OSError as error:  # the disk or the network, not the map: nothing to delete
        raise MapError(
            f"the map {path} can't be read ({error.strerror or error}); check its disk and try again"
        ) from error
    except KeyError as error:
        raise DamagedMap(path, f"its {name} is missing") from error
    except (ValueError, TypeError, RuntimeError, zipfile.BadZipFile) as error:
        raise DamagedMap(path, f"its {name} can't be read") from error
