"""Failures of several slides: the rest goes on, and all are listed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures
from wsiview.errors import SlideError, UsageError
from wsiview.explain.cohort import CohortEntry

COHORT = [CohortEntry(Path(name), where=f"cohort.csv, line {line}") for line, name in enumerate("abc", start=2)]


def work(failures: Failures, bad: str) -> list[str]:
    done = []
    for entry in COHORT:
        with failures.of(entry):
            if entry.path.name in bad:
                raise SlideError(f"{entry.path} can't be read;\nscan it again")
            done.append(entry.path.name)
    return done


def test_after_a_slide_fails_the_rest_goes_on_and_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures(3, "maps could not be made", Reporter(as_json=False))
    assert work(failures, "ac") == ["b"]
    assert failures.status(partial=True) == 1
    first, second, all_of_them = capsys.readouterr().err.splitlines()
    assert first == "wsiview: cohort.csv, line 2: a can't be read; scan it again"
    assert second.startswith("wsiview: cohort.csv, line 4: c")
    assert all_of_them.startswith("wsiview: 2 of 3 maps could not be made: cohort.csv, line 2: a can't")
    assert "| cohort.csv, line 4: c" in all_of_them


def test_without_failures_the_status_tells_whether_parts_were_unreadable(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures(3, "maps could not be made", Reporter(as_json=False))
    assert work(failures, "") == ["a", "b", "c"]
    assert (failures.status(partial=False), failures.status(partial=True), len(failures)) == (0, 3, 0)
    assert capsys.readouterr().err == ""


def test_a_single_failure_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures(1, "maps could not be made", Reporter(as_json=False))
    with failures.of(CohortEntry(Path("a.svs"))):
        raise SlideError("a.svs is damaged")
    assert failures.status(partial=False) == 1
    assert capsys.readouterr().err == "wsiview: a.svs is damaged\n"


def test_wrong_usage_stops_at_once() -> None:
    failures = Failures(3, "maps could not be made", Reporter(as_json=False))
    with pytest.raises(UsageError), failures.of(COHORT[0]):
        raise UsageError("patches leave gaps")
