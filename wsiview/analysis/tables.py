"""Tables: the paper's analyses as CSV files and one JSON file that says what they are of."""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wsiview.analysis.agreement import AgreementPart, warning_of_agreement
from wsiview.analysis.paper_tables import PaperTables
from wsiview.analysis.scores import Scores
from wsiview.analysis.surrogate_model import SurrogateModel
from wsiview.clustering.clustering import LETTERS
from wsiview.clustering.whole_file import write_whole
from wsiview.errors import WsiviewError

_FORMULA = "=+-@＝＋－＠"

Row = Sequence[str | int | float | None]


def write_tables(
    folder: Path | str,
    tables: PaperTables,
    provenance: Mapping[str, Any],
    class_names: Sequence[str] | None = None,
    linear_head: bool | None = None,
) -> tuple[Path, ...]:
    """Write fig4-correlation.csv, fig4-cosine.csv, table1.csv, table2.csv and analysis.json, all or nothing.

    Undefined numbers are empty fields; the counts beside them say how many values were left out.

    Parameters
    ----------
    folder
        Made if it is not there.
    tables
        What to write.
    provenance
        Plain JSON: seed, sampling, patches excluded and why, maps, software.
    class_names
        K names beside the letters; empty ones for classes without.
    linear_head
        Whether the model pools globally and then is linear; None if that is not known.

    Returns
    -------
    The files.

    Raises
    ------
    WsiviewError
        If they can't be written; older ones are then untouched.
    """
    names = [""] * len(tables.cosine) if class_names is None else list(class_names)
    if len(names) != len(tables.cosine):
        raise ValueError(f"{len(names)} names for {len(tables.cosine)} classes")
    warning = warning_of_agreement(linear_head)
    texts = {
        "fig4-correlation.csv": _csv(_correlation(tables, names)),
        "fig4-cosine.csv": _csv(_cosine(tables, names)),
        "table1.csv": _csv(_table1(tables, names)),
        "table2.csv": _csv(_table2(tables, names, warning)),
        "analysis.json": _description(tables, provenance, names, warning),
    }
    return _write(Path(folder), texts)


def _write(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """All files or none: tables of two analyses must not lie side by side."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".wsiview-", suffix=".part", dir=folder) as staged:
            for name, text in texts.items():
                write_whole(Path(staged) / name, text.encode("utf-8"))
            return tuple(Path(staged, name).replace(folder / name) for name in texts)
    except OSError as error:
        raise WsiviewError(
            f"the tables can't be written to {folder} ({error.strerror or error}): "
            "free some space or choose another folder"
        ) from error


def _csv(rows: Iterator[Row]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([_field(value) for value in row] for row in rows)
    return stream.getvalue()


def _field(value: str | int | float | None) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or not math.isfinite(value) else format(value, ".10g")


def plain(text: str) -> str:
    """A user's text such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip()[:1] in tuple(_FORMULA) else text


def _labels(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(letter, plain(name)) for letter, name in zip(LETTERS, names, strict=False)]


def _correlation(tables: PaperTables, names: Sequence[str]) -> Iterator[Row]:
    one = tables.correlation
    yield "class", "name", "other", "other_name", "mean", "sd", "n", "undefined"
    for i, first in enumerate(_labels(names)):
        for j, second in enumerate(_labels(names)):
            numbers = (float(one.mean[i, j]), float(one.sd[i, j]), int(one.n[i, j]), int(one.undefined[i, j]))
            yield (*first, *second, *numbers)


def _cosine(tables: PaperTables, names: Sequence[str]) -> Iterator[Row]:
    yield "class", "name", "other", "other_name", "cosine"
    for i, first in enumerate(_labels(names)):
        for j, second in enumerate(_labels(names)):
            yield (*first, *second, float(tables.cosine[i, j]))


def _table1(tables: PaperTables, names: Sequence[str]) -> Iterator[Row]:
    yield "feature", "evaluation", "quantity", "class", "name", "value", "low", "high", "n", "note"
    for feature, model in tables.surrogate.items():
        for row in _coefficients(model, names):
            yield (feature, "in-sample", *row)
        for evaluation, row in _scores(model):
            yield (feature, evaluation, *row)


def _coefficients(model: SurrogateModel, names: Sequence[str]) -> Iterator[Row]:
    note = model.problem or ("labels can be separated: only the penalty keeps it finite" if model.separated else "")
    for quantity, values in (("coefficient", model.raw), ("standardised coefficient", model.standardised)):
        for (letter, name), value, constant in zip(_labels(names), values, model.constant, strict=True):
            yield quantity, letter, name, float(value), None, None, model.n, "does not vary" if constant else note
    yield "intercept", "", "", model.intercept, None, None, model.n, note
    yield "positives", "", "", model.positives, None, None, model.n, note


def _scores(model: SurrogateModel) -> Iterator[tuple[str, Row]]:
    inside = model.in_sample or Scores(*[math.nan] * 5)
    for name, value in asdict(inside).items():
        yield "in-sample", (name, "", "", value, None, None, model.n, model.problem or "")
    checked = model.cross_validation
    if checked is None:
        yield "cross-validated", ("none", "", "", None, None, None, 0, model.no_cross_validation or "")
        return
    low, high, defined = (
        asdict(one) for one in (checked.intervals.low, checked.intervals.high, checked.intervals.defined)
    )
    note = f"{checked.n_groups} groups in {checked.n_folds} folds, {checked.left_out} patches left out"
    for name, value in asdict(checked.scores).items():
        drawn = f"; 95 % interval over groups, defined in {defined[name]:.0f} of {checked.intervals.draws} draws"
        row = (name, "", "", value, low[name], high[name], model.n - checked.left_out, note + drawn)
        yield "cross-validated", row


def _table2(tables: PaperTables, names: Sequence[str], warning: str) -> Iterator[Row]:
    measures = ("iou", "corr_relu", "corr_signed")
    columns = [f"{measure}_{part}" for measure in measures for part in ("mean", "sd", "n", "undefined")]
    yield "method", "predicted", "class", "name", "patches", *columns, "note"
    for method, result in tables.agreement.items():
        for predicted, part in (("all", result.all), ("negative", result.negative), ("positive", result.positive)):
            for k, label in enumerate(_labels(names)):
                yield plain(method), predicted, *label, part.n_patches, *_measures(part, k), warning


def _measures(part: AgreementPart, k: int) -> Iterator[float]:
    for one in (part.iou, part.corr_relu, part.corr_signed):
        yield from (float(one.mean[k]), float(one.sd[k]), int(one.n[k]), int(one.undefined[k]))


def _description(tables: PaperTables, provenance: Mapping[str, Any], names: Sequence[str], warning: str) -> str:
    return json.dumps(
        {
            "version": 1,
            "patches": tables.n_patches,
            "positives": tables.positives,
            "classes": [{"letter": letter, "name": name} for letter, name in zip(LETTERS, names, strict=False)],
            "saliency": sorted(tables.agreement),
            "not_estimable": {name: one.problem for name, one in tables.surrogate.items() if one.problem},
            "not_cross_validated": {
                name: one.no_cross_validation for name, one in tables.surrogate.items() if one.no_cross_validation
            },
            "warnings": [warning] if warning else [],
            "provenance": dict(provenance),
        },
        ensure_ascii=False,
        allow_nan=False,
        indent=1,
    )
