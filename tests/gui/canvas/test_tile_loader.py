"""Tile loader: the newest list wins, and no thread is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from wsiview.errors import SlideError
from wsiview.gui.canvas.tile_loader import Request, TileLoader


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[TileLoader]:
    made = TileLoader()
    yield made
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tile")]


def answering(value: object) -> Callable[[Callable[[], bool]], object]:
    return lambda _wanted: value


def test_results_arrive_on_the_thread_of_the_window(qtbot: QtBot, loader: TileLoader) -> None:
    arrived: list[tuple[object, object, str]] = []
    loader.loaded.connect(lambda key, value: arrived.append((key, value, threading.current_thread().name)))
    loader.want([Request(n, answering(n * n)) for n in range(9)])
    qtbot.waitUntil(lambda: len(arrived) == 9)
    assert {(key, value) for key, value, _ in arrived} == {(n, n * n) for n in range(9)}
    assert {name for _, _, name in arrived} == {threading.main_thread().name}
    assert loader.idle


def test_the_newest_list_wins_and_little_is_under_way(qtbot: QtBot, loader: TileLoader) -> None:
    gate, begun, arrived = threading.Event(), [], []
    loader.loaded.connect(lambda key, _value: arrived.append(key))

    def slow(key: int) -> Callable[[Callable[[], bool]], object]:
        def work(_wanted: Callable[[], bool]) -> object:
            begun.append(key)
            gate.wait(5)
            return key

        return work

    loader.want([Request(n, slow(n)) for n in range(100)])
    qtbot.waitUntil(lambda: len(begun) == 2)
    loader.want([Request("new", answering(1))])
    gate.set()
    qtbot.waitUntil(lambda: "new" in arrived and loader.idle)
    assert len(begun) <= 4, "what waited for a thread was given up before it was begun"


def test_a_request_wanted_again_while_it_is_given_up_is_still_done(qtbot: QtBot, loader: TileLoader) -> None:
    gate, arrived = threading.Event(), []
    loader.loaded.connect(lambda key, _value: arrived.append(key))
    hold = [Request(("hold", n), lambda _wanted: gate.wait(5)) for n in range(2)]
    loader.want([*hold, Request("x", answering(1))])
    loader.want([])
    gate.set()
    loader.want([Request("x", answering(1))])
    qtbot.waitUntil(lambda: "x" in arrived)


def test_a_user_error_is_told_and_a_bug_is_raised(qtbot: QtBot, loader: TileLoader) -> None:
    def fail(_wanted: Callable[[], bool]) -> object:
        raise SlideError("slide.svs is odd; open another one")

    def bug(_wanted: Callable[[], bool]) -> object:
        raise ZeroDivisionError

    with qtbot.waitSignal(loader.failed) as told:
        loader.want([Request("a", fail)])
    assert str(told.args[1]) == "slide.svs is odd; open another one"
    with qtbot.capture_exceptions() as caught:
        loader.want([Request("b", bug)])
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError


def test_a_closed_loader_can_be_used_again(qtbot: QtBot, loader: TileLoader) -> None:
    arrived: list[object] = []
    loader.loaded.connect(lambda key, _value: arrived.append(key))
    loader.want([Request(1, answering(1))])
    loader.close()
    loader.want([Request(2, answering(2))])
    qtbot.waitUntil(lambda: 2 in arrived)


def test_no_more_threads_work_than_are_asked_for(qtbot: QtBot, loader: TileLoader) -> None:
    gate, begun, arrived = threading.Event(), [], []
    loader.loaded.connect(lambda key, _value: arrived.append(key))

    def slow(key: int) -> Callable[[Callable[[], bool]], object]:
        def work(_wanted: Callable[[], bool]) -> object:
            begun.append(key)
            gate.wait(30)
            return key

        return work

    loader.want([Request(n, slow(n)) for n in range(4)], threads=1)
    qtbot.waitUntil(lambda: len(begun) == 1)
    loader.want([Request("other", answering(0)), *(Request(n, slow(n)) for n in range(4))], threads=1)
    qtbot.wait(1)  # any thread there is would take the other one
    assert begun == [0]
    loader.want([Request(n, slow(n)) for n in range(4)])
    qtbot.waitUntil(lambda: len(begun) == 2)
    loader.want([Request(n, slow(n)) for n in range(4)], threads=1)
    gate.set()
    qtbot.waitUntil(lambda: loader.idle)
    assert sorted(arrived) == [0, 1, 2, 3]


def asking(wanted: Callable[[], bool]) -> bool:
    return wanted()


def test_threads_wait_while_the_window_paints(
    qtbot: QtBot, loader: TileLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wsiview.gui.canvas.tile_loader._LONGEST_HOLD", 600.0)
    arrived: list[object] = []
    loader.loaded.connect(lambda key, _value: arrived.append(key))
    other = TileLoader()
    loader.hold()
    loader.want([Request("held", asking)])
    other.want([Request("free", asking)])
    qtbot.waitUntil(lambda: other.idle)
    assert not arrived
    loader.go_on()
    qtbot.waitUntil(lambda: arrived == ["held"])
    other.close()


def test_a_window_that_does_not_come_to_paint_holds_nobody_up(qtbot: QtBot, loader: TileLoader) -> None:
    arrived: list[object] = []
    loader.loaded.connect(lambda key, _value: arrived.append(key))
    loader.hold()
    loader.want([Request(n, asking) for n in range(5)])
    qtbot.waitUntil(lambda: len(arrived) == 5)
