"""Cohort table: a CSV of slides as spreadsheets write it, row by row with its line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wsiview.errors import UsageError

COLUMNS = ("slide", "patient", "label", "split", "scanner", "stain", "annotation", "used_in_fit", "pseudonym")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """The fields of one row by column, and the line that it ends on."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows of a cohort, and the names of columns that mean nothing here."""

    rows: tuple[Row, ...]
    unknown: tuple[str, ...]


def read_table(path: Path) -> Table:
    """Read a cohort in UTF-8, with or without a byte order mark, its fields separated by commas, semicolons or tabs.

    Spreadsheets of countries that write a decimal comma separate by semicolons; the first line tells. Their plain "CSV"
    is in the encoding of their country, which a file doesn't say: that is refused rather than guessed, for a name read
    wrong would be another slide or patient.

    Raises
    ------
    UsageError
        If it can't be read, has no column `slide` or no row, or a row has more fields than there are columns.
    """
    lines = list(io.StringIO(_text(path), newline=""))
    # Excel reads this line and hides it.
    skipped = 1 if lines and lines[0].strip().lower().startswith("sep=") else 0
    delimiter, columns = _header(path, lines[skipped:])
    try:
        reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
        next(reader)
        numbered = [(skipped + reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise UsageError(f"{path}, line {skipped + reader.line_num}: can't be read as CSV ({error}); mend it") from None
    rows = [Row(line, _fields(path, line, columns, row)) for line, row in numbered if any(row)]
    if not rows:
        raise UsageError(f"{path}: no row was found; name a slide in each line below the columns")
    return Table(tuple(rows), tuple(column for column in columns if column and column not in COLUMNS))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the cohort can't be read ({error.strerror}); check its name and folder") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path}, line {line}: the cohort is not in UTF-8; save it again as CSV in UTF-8 "
            "(in a spreadsheet: Save as, 'CSV UTF-8')"
        ) from None


def _header(path: Path, lines: Sequence[str]) -> tuple[str, list[str]]:
    """What separates the fields, and the columns' names."""
    for delimiter in _DELIMITERS:
        first: list[str] = next(csv.reader(lines[:1], delimiter=delimiter), [])
        columns = [name.strip().lower() for name in first]
        if "slide" in columns:
            named = [column for column in columns if column]
            for column in named:
                if named.count(column) > 1:
                    raise UsageError(f"{path}: two columns are called {column!r}; rename one")
            return delimiter, columns
    raise UsageError(
        f"{path}: no row or no column 'slide' was found; separate by commas or semicolons, and name the columns "
        f"{', '.join(COLUMNS)} above the rows (only slide is needed)"
    )


def _fields(path: Path, line: int, columns: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    if any(field.strip() for field in row[len(columns) :]):
        raise UsageError(
            f"{path}, line {line}: has {len(row)} fields for {len(columns)} columns; put a field that holds the "
            "separator in quotes"
        )
    return {column: field.strip() for column, field in zip(columns, row, strict=False) if column}
