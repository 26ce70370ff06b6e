"""Rank table: the figures by which a number of classes was chosen, as they lie beside the clustering."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path

from wsiview.clustering.clustering_file import write_file
from wsiview.clustering.rank import RankRow
from wsiview.errors import ClusteringError

_MOST_BYTES = 1 << 16


def rank_table_path(clustering: Path) -> Path:
    """Where it lies: X.k.csv for X.clustering."""
    return clustering.with_name(f"{clustering.stem}.k.csv")


def write_rank_table(clustering: Path, rows: Sequence[RankRow]) -> Path:
    """Write the rows beside the clustering, in the order given; what was not measured stays empty.

    Raises
    ------
    ClusteringError
        If the file can't be written.
    """
    path = rank_table_path(clustering)
    lines = [[one.name for one in fields(RankRow)], *(asdict(row).values() for row in rows)]
    text = "\n".join(",".join("" if one is None else str(one) for one in line) for line in lines) + "\n"
    write_file(path, text.encode())
    return path


def read_rank_table(clustering: Path) -> tuple[RankRow, ...]:
    """The rows for each K that was tried, by K; none where only one was.

    Columns that are not known are passed over.

    Raises
    ------
    ClusteringError
        If there is such a file and it can't be read.
    """
    path = rank_table_path(clustering)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read(_MOST_BYTES)
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ClusteringError(f"{path.name} can't be read ({error}): copy it again, or fit again") from error
    try:
        rows = [_row(line) for line in csv.DictReader(text.splitlines())]
    except (KeyError, ValueError, TypeError) as error:
        raise ClusteringError(f"{path.name} is damaged: copy it again, or fit again") from error
    return tuple(sorted(rows, key=lambda row: row.classes))


def _row(line: dict[str, str]) -> RankRow:
    facts: dict[str, int | float] = {}
    for one in fields(RankRow):
        if one.default is not MISSING and not line.get(one.name):
            continue
        facts[one.name] = (int if one.type in ("int", int) else float)(line[one.name])
    return RankRow(**facts)  # type: ignore[arg-type]
