"""Of slow work only the newest start is heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from wsiview.errors import SlideError
from wsiview.gui.jobs import Job
from wsiview.progress import Progress


@pytest.fixture
def job(qtbot: QtBot) -> Iterator[Job]:
    job = Job()
    yield job
    job.close()


def test_the_newest_start_wins_and_the_older_result_is_discarded(qtbot: QtBot) -> None:
    discarded: list[object] = []
    job = Job(discard=discarded.append)
    gate, answers = threading.Event(), []
    job.succeeded.connect(answers.append)

    def slow(progress: Progress) -> str:
        gate.wait(10)
        return "old"

    job.start(slow)
    job.start(lambda progress: "new")
    qtbot.waitUntil(lambda: answers == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: discarded == ["old"])
    assert answers == ["new"]
    job.close()


def test_an_error_is_told_as_it_is(qtbot: QtBot, job: Job) -> None:
    failures: list[Exception] = []
    job.failed.connect(failures.append)

    def fail(progress: Progress) -> None:
        raise SlideError("no such slide")

    job.start(fail)
    qtbot.waitUntil(lambda: bool(failures))
    assert str(failures[0]) == "no such slide"
    assert not job.running


def test_cancelled_work_is_silent(qtbot: QtBot, job: Job) -> None:
    heard: list[object] = []
    job.succeeded.connect(heard.append)
    job.failed.connect(heard.append)
    over = threading.Event()

    def work(progress: Progress) -> None:
        try:
            while True:
                progress.report("counting", 0, 1)
                over.wait(0.001)
        finally:
            over.set()

    job.start(work)
    job.cancel()
    qtbot.waitUntil(over.is_set)
    assert heard == []
