"""Faults: the ways in which a review file can be refused, each a sentence; the file is never touched then."""

from __future__ import annotations

from pathlib import Path

from wsiview.errors import ReviewError


class NotAReview(ReviewError):
    """The file is something else, or not there."""

    def __init__(self, path: Path, reason: str) -> None:
        """Word it."""
        super().__init__(f"{path} is not a review file ({reason}); choose another one")
        self.path, self.reason = path, reason


class NewerReview(ReviewError):
    """The file was written by a later wsiview."""

    def __init__(self, path: Path, version: int, known: int) -> None:
        """Word it."""
        super().__init__(
            f"the review {path} has format version {version}, and this wsiview reads up to {known}; update wsiview"
        )
        self.path, self.version, self.known = path, version, known


class DamagedReview(ReviewError):
    """The file can't be read to its end."""

    def __init__(self, path: Path, reason: str) -> None:
        """Word it."""
        super().__init__(
            f"the review {path} is damaged ({reason}); bring back a copy from a backup, or move it away to begin anew"
        )
        self.path, self.reason = path, reason


class ReadOnlyReview(ReviewError):
    """The file can be read here but not written."""

    def __init__(self, path: Path, reason: str) -> None:
        """Word it."""
        super().__init__(f"the review {path} is read-only here ({reason}); nothing was saved")
        self.path, self.reason = path, reason
