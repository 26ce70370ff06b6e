"""Cohort: which slides a command works on, named one by one or in a CSV file, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from wsiview.errors import UsageError
from wsiview.explain.cohort_table import COLUMNS, Row, read_table

_YES, _NO = ("yes", "true", "1", "y", "ano"), ("no", "false", "0", "n", "ne")


@dataclass(frozen=True)
class CohortEntry:
    """One slide; what the CSV doesn't say is an empty string or None.

    Attributes
    ----------
    path, annotation
        Files; what the CSV names without a whole path lies beside it, so that a cohort can be moved as one.
    used_in_fit
        Whether the clustering was fitted on it, as the CSV says.
    pseudonym
        Stands for the slide's name in everything that is shared.
    where
        File and line that name it; empty for a slide named on the command line.
    """

    path: Path
    patient: str = ""
    label: str = ""
    pseudonym: str = ""
    split: str = ""
    scanner: str = ""
    stain: str = ""
    annotation: Path | None = None
    used_in_fit: bool | None = None
    where: str = ""

    def told(self, error: Exception) -> str:
        """What went wrong with it, after the place that names it."""
        return f"{self.where}: {error}" if self.where else str(error)


def read_cohort(paths: Sequence[Path], note: Callable[[str], None] = lambda text: None) -> list[CohortEntry]:
    """Slides named directly, and the rows of every CSV among them, in order.

    Parameters
    ----------
    note
        Hears of columns that mean nothing here, and of files that are not there: these fail when their turn comes.

    Raises
    ------
    UsageError
        If a CSV can't be read, lacks the column `slide`, or says of two slides that they are the same.
    """
    entries: list[CohortEntry] = []
    for path in paths:
        entries.extend(_entries(path, note) if path.suffix.lower() == ".csv" else [CohortEntry(path)])
    _check_once(entries)
    missing = [entry for entry in entries if entry.where and not entry.path.exists()]
    if missing:
        few = "; ".join(f"{entry.where}: {entry.path.name}" for entry in missing[:5])
        note(f"{len(missing)} of {len(entries)} slides are not there ({few}{'; …' if len(missing) > 5 else ''})")
    return entries


def patient_groups(entries: Sequence[CohortEntry]) -> tuple[int, ...]:
    """A number for each entry, the same for slides of one patient; a slide of an unknown patient stands alone.

    What is resampled or held out must be whole patients: two slides of one are no independent evidence.
    """
    numbers: dict[str | Path, int] = {}
    return tuple(numbers.setdefault(entry.patient or entry.path.resolve(), len(numbers)) for entry in entries)


def to_fit_on(entries: Sequence[CohortEntry]) -> list[CohortEntry]:
    """The slides that a fit may use: all but those whose `used_in_fit` says no.

    Raises
    ------
    UsageError
        If none is left.
    """
    kept = [entry for entry in entries if entry.used_in_fit is not False]
    if not kept:
        raise UsageError("every slide of the cohort says no in used_in_fit, so there is none to fit on")
    return kept


def was_fitted_on(fingerprint: str, fitted: Collection[str], used_in_fit: bool | None) -> bool:
    """Whether a clustering knows the slide already, by the slide's fingerprint or by what its cohort says.

    Parameters
    ----------
    fitted
        Fingerprints of the slides that the clustering was fitted on.
    """
    return fingerprint in fitted or used_in_fit is True


def _entries(path: Path, note: Callable[[str], None]) -> list[CohortEntry]:
    table = read_table(path)
    if table.unknown:
        note(f"{path}: the columns {', '.join(table.unknown)} are passed over; known are {', '.join(COLUMNS)}")
    return [_entry(path, row) for row in table.rows]


def _entry(path: Path, row: Row) -> CohortEntry:
    def text(column: str) -> str:
        return row.values.get(column, "")

    where = f"{path}, line {row.line}"
    if any("\0" in value for value in row.values.values()):
        raise UsageError(f"{where}: a field holds a NUL; save the cohort as CSV in UTF-8")
    if not text("slide"):
        raise UsageError(f"{where}: no slide is named; fill the column 'slide'")
    return CohortEntry(
        path=_beside(path, text("slide")),
        patient=text("patient"),
        label=text("label"),
        pseudonym=text("pseudonym"),
        split=text("split"),
        scanner=text("scanner"),
        stain=text("stain"),
        annotation=_beside(path, text("annotation")) if text("annotation") else None,
        used_in_fit=_answer(text("used_in_fit"), where),
        where=where,
    )


def _beside(table: Path, text: str) -> Path:
    r"""A file named in the CSV; `scans\a.svs`, as Windows writes it, means the same on other systems.

    A whole path of another computer, `D:\scans\a.svs`, is left as it is: what it would be here nobody has said.
    """
    plain, theirs = table.parent / text, PureWindowsPath(text)
    return plain if plain.exists() or theirs.anchor or "\\" not in text else table.parent.joinpath(*theirs.parts)


def _answer(text: str, where: str) -> bool | None:
    if not text:
        return None
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    raise UsageError(f"{where}: used_in_fit is {text!r}; write yes or no, or leave it empty")


def _check_once(entries: Sequence[CohortEntry]) -> None:
    """Refuse a slide that is named twice, and a pseudonym that stands for two slides."""
    places: dict[Path, CohortEntry] = {}
    pseudonyms: dict[str, CohortEntry] = {}
    for entry in entries:
        before = places.setdefault(entry.path.resolve(), entry)
        if before is not entry:
            at = f"{entry.where}: " if entry.where else ""
            first = f" (first in {before.where})" if before.where else ""
            raise UsageError(f"{at}{entry.path} is named twice{first}; name it once")
        if entry.pseudonym and (other := pseudonyms.setdefault(entry.pseudonym, entry)) is not entry:
            raise UsageError(
                f"{entry.where}: the pseudonym {entry.pseudonym!r} stands for {other.path.name} already; choose another"
            )
