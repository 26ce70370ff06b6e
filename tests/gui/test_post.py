"""Calls from other threads arrive in order on the window's thread, and never at what is gone."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from wsiview.gui.canvas.tile_loader import Request, TileLoader
from wsiview.gui.jobs import Job
from wsiview.gui.post import Address


class Ear(QObject):
    """Notes what it hears and where."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[object, str]] = []

    def hear(self, what: object) -> None:
        self.heard.append((what, threading.current_thread().name))


def on_a_thread(call: object, *given: object) -> None:
    thread = threading.Thread(target=call, args=given)
    thread.start()
    thread.join()


def test_calls_arrive_in_order_on_the_thread_of_the_window(qtbot: QtBot) -> None:
    ear = Ear()
    address = Address(ear.hear)
    on_a_thread(lambda: [address.post(n) for n in range(100)])
    assert not ear.heard, "nothing is called on the other thread"
    qtbot.waitUntil(lambda: len(ear.heard) == 100)
    assert ear.heard == [(n, threading.main_thread().name) for n in range(100)]


@pytest.mark.parametrize("how", ["deleted by Qt", "forgotten by Python"])
def test_nobody_is_called_who_is_gone(qtbot: QtBot, how: str) -> None:
    ear, other = Ear(), Ear()
    heard, gone = ear.heard, weakref.ref(ear)
    address, alive = Address(ear.hear), Address(other.hear)
    on_a_thread(address.post, "late")
    on_a_thread(alive.post, "in time")
    if how == "deleted by Qt":
        delete(ear)
    else:
        del ear
        gc.collect()
        assert gone() is None, "an address keeps nobody alive"
    qtbot.waitUntil(lambda: bool(other.heard))
    assert not heard


def test_a_failing_call_takes_none_with_it(qtbot: QtBot) -> None:
    class Faulty(QObject):
        def fail(self) -> None:
            raise ValueError("on purpose")

    faulty, ear = Faulty(), Ear()
    with qtbot.captureExceptions() as caught:
        Address(faulty.fail).post()
        Address(ear.hear).post("after it")
        qtbot.waitUntil(lambda: bool(ear.heard))
    assert [str(error) for _, error, _ in caught] == ["on purpose"]


def test_windows_may_vanish_while_their_threads_work(qtbot: QtBot) -> None:
    """Qt would crash here if a thread were to emit from what is being deleted."""
    for _ in range(200):
        parent = QObject()
        loader, job = TileLoader(parent), Job(parent)
        loader.want([Request(n, lambda _wanted: sum(range(300))) for n in range(30)])
        job.start(lambda progress: [progress.report("busy", n, 300) for n in range(300)])
        QCoreApplication.processEvents()
        workers = [loader._workers, job._workers]
        delete(parent)
        for each in workers:
            if each is not None:
                assert each.close(10)
