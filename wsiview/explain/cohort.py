"""Cohort: which slides a command works on, named one by one or in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wsiview.errors import UsageError

_COLUMNS = ("slide", "patient", "label", "split", "scanner", "stain", "annotation", "used_in_fit", "pseudonym")


@dataclass(frozen=True)
class CohortEntry:
    """One slide; what the CSV doesn't say is an empty string."""

    path: Path
    patient: str = ""
    label: str = ""
    pseudonym: str = ""


def read_cohort(paths: Sequence[Path]) -> list[CohortEntry]:
    """Slides named directly, and the rows of every CSV among them, in order.

    Raises
    ------
    UsageError
        If a CSV can't be read, lacks the column `slide`, or two entries are the same file.
    """
    entries: list[CohortEntry] = []
    for path in paths:
        entries.extend(_rows(path) if path.suffix.lower() == ".csv" else [CohortEntry(path)])
    seen: set[Path] = set()
    for entry in entries:
        place = entry.path.resolve()
        if place in seen:
            raise UsageError(f"{entry.path} is named twice; name it once")
        seen.add(place)
    return entries


def _rows(path: Path) -> list[CohortEntry]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise UsageError(f"{path}: the cohort can't be read ({error.strerror}); check its name and folder") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the cohort can't be read ({error}); save it as CSV in UTF-8") from error
    if not rows or "slide" not in rows[0]:
        known = ", ".join(_COLUMNS)
        raise UsageError(
            f"{path}: no row or no column 'slide' was found; separate by commas, and name the columns {known} above "
            "the rows (only slide is needed)"
        )
    entries = []
    for number, row in enumerate(rows, start=2):
        if "\0" in (row["slide"] or ""):
            raise UsageError(f"{path}, line {number}: the slide's name holds a NUL; save the cohort as CSV in UTF-8")
        if not (row["slide"] or "").strip():
            raise UsageError(f"{path}, line {number}: no slide is named; fill the column 'slide'")
        # A name without a folder lies beside the CSV, so that a cohort can be moved as a whole.
        entries.append(
            CohortEntry(
                path.parent / row["slide"].strip(),
                *((row.get(column) or "").strip() for column in ("patient", "label", "pseudonym")),
            )
        )
    return entries
