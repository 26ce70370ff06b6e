"""Cohorts: read as spreadsheets write them, and every fault named with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wsiview.errors import SlideError, UsageError
from wsiview.explain.cohort import CohortEntry, patient_groups, read_cohort, to_fit_on, was_fitted_on

Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a cohort beside two slides."""
    for name in ("a.tiff", "č.tiff"):
        (tmp_path / name).touch()

    def write_cohort(content: bytes | str) -> Path:
        path = tmp_path / "cohort.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_cohort


def test_every_column_is_read_and_files_lie_beside_the_cohort(write: Write, tmp_path: Path) -> None:
    path = write(
        "slide,patient,label,split,scanner,stain,annotation,used_in_fit,pseudonym\n"
        "a.tiff, P1 ,tumour,train,P1000,H&E,marks/a.geojson,yes,K-1\n"
        "/elsewhere/b.tiff,P2,,,,,,NO,\n"
    )
    first, second = read_cohort([path])
    assert first == CohortEntry(
        tmp_path / "a.tiff", "P1", "tumour", "K-1", "train", "P1000", "H&E", tmp_path / "marks/a.geojson", True,
        f"{path}, line 2",
    )  # fmt: skip
    assert (second.path, second.used_in_fit, second.annotation) == (Path("/elsewhere/b.tiff"), False, None)


@pytest.mark.parametrize(
    "content",
    [
        "slide;patient\nč.tiff;Novák, J.\n",
        "\ufeffslide;patient\r\nč.tiff;Novák, J.\r\n",
        "sep=;\r\nslide;patient\r\nč.tiff;Novák, J.\r\n",
        "slide\tpatient\nč.tiff\tNovák, J.\n",
        'Slide,PATIENT\nč.tiff,"Novák, J."\n',
        '"slide";"patient";\n"č.tiff";"Novák, J.";\n;;\n\n',
        "slide;patient;label\rč.tiff;Novák, J.;a\u2028b\r",
    ],
)
def test_spreadsheets_of_every_country_write_the_same_cohort(write: Write, tmp_path: Path, content: str) -> None:
    notes: list[str] = []
    (entry,) = read_cohort([write(content)], notes.append)
    assert (entry.path, entry.patient) == (tmp_path / "č.tiff", "Novák, J.")
    assert notes == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("slide;patient\na.tiff;Novák\nč.tiff;Žák\n".encode("cp1250"), r"line 2: .*not in UTF-8; save it again as CSV"),
        ("slide\na.tiff\n".encode("utf-16"), r"line 1: .*not in UTF-8"),
        ("", r"no column 'slide'"),
        ("file,patient\na.tiff,1\n", r"no column 'slide'.*commas or semicolons"),
        ("slide,patient\n", r"no row was found"),
        ("slide,patient\na.tiff,1\n\n ,2\n", r"line 4: no slide is named"),
        ("slide,patient\na.tiff,Novák, J.\n", r"line 2: has 3 fields for 2 columns; put a field .* in quotes"),
        ("slide,slide\na.tiff,b.tiff\n", r"two columns are called 'slide'"),
        ("slide,used_in_fit\na.tiff,maybe\n", r"line 2: used_in_fit is 'maybe'; write yes or no"),
        ("slide\na.tiff\nč.tiff\nx/../a.tiff\n", r"line 4: .*a\.tiff is named twice \(first in .*line 2\)"),
        ("slide,pseudonym\na.tiff,K\nč.tiff,K\n", r"line 3: the pseudonym 'K' stands for a\.tiff already"),
        ('slide,label\na.tiff,"x\n', r"can't be read as CSV"),
        ("slide,label\na.tiff,x\0y\n", r"line 2: a field holds a NUL"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_line(write: Write, content: bytes | str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_cohort([write(content)])
    assert "cohort.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_are_counted_as_an_editor_counts_them(write: Write) -> None:
    entries = read_cohort([write('slide,label\na.tiff,"two\nlines"\n\nč.tiff,\n')])
    assert [entry.where.rpartition(" ")[2] for entry in entries] == ["3", "5"]
    assert entries[1].told(SlideError("č.tiff is damaged")).endswith("cohort.csv, line 5: č.tiff is damaged")
    assert CohortEntry(Path("a.svs")).told(SlideError("a.svs is damaged")) == "a.svs is damaged"


def test_strange_columns_and_missing_slides_are_told_and_do_not_stop_the_rest(write: Write) -> None:
    notes: list[str] = []
    path = write("slide,grade\na.tiff,3\ngone.tiff,4\n")
    assert len(read_cohort([path], notes.append)) == 2
    strange, missing = notes
    assert "the columns grade are passed over; known are slide, patient" in strange
    assert "1 of 2 slides are not there" in missing
    assert "line 3: gone.tiff" in missing


def test_places_that_windows_wrote_mean_the_same_elsewhere(write: Write, tmp_path: Path) -> None:
    rows = "slide,annotation\nscans\\a.svs,marks\\a.xml\nD:\\scans\\b.svs,\n"
    first, second = read_cohort([write(rows)])
    assert (first.path, first.annotation) == (tmp_path / "scans" / "a.svs", tmp_path / "marks" / "a.xml")
    assert second.path.name == "D:\\scans\\b.svs"  # on another computer's disk: it is not there, and named whole
    (tmp_path / "odd\\name.svs").touch()
    (odd,) = read_cohort([write("slide\nodd\\name.svs\n")])
    assert odd.path == tmp_path / "odd\\name.svs"


def test_slides_of_one_patient_stay_together() -> None:
    names = ("a", "b", "c", "d", "e")
    patients = ("P1", "", "P2", "P1", "")
    entries = [CohortEntry(Path(name), patient) for name, patient in zip(names, patients, strict=True)]
    assert patient_groups(entries) == (0, 1, 2, 0, 3)


def test_slides_of_the_fit_are_known_by_the_cohort_and_by_their_fingerprint() -> None:
    said, denied, silent = (CohortEntry(Path("a"), used_in_fit=answer) for answer in (True, False, None))
    assert to_fit_on([said, denied, silent]) == [said, silent]
    with pytest.raises(UsageError, match="none to fit on"):
        to_fit_on([denied])
    assert [was_fitted_on("f", ("f",), answer) for answer in (True, False, None)] == [True, True, True]
    assert [was_fitted_on("g", ("f",), answer) for answer in (True, False, None)] == [True, False, False]
