"""Workers do what they are given in its order, and are not waited for for ever."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from wsiview.gui import workers
from wsiview.gui.workers import Workers, abandoned, apart


def test_work_is_done_in_its_order_on_no_more_threads_than_allowed() -> None:
    hands, done, names = Workers(1, "hand"), [], set()

    def note(number: int) -> int:
        done.append(number)
        names.add(threading.current_thread().name)
        return number * number

    futures = [hands.submit(note, number) for number in range(20)]
    assert [future.result(5) for future in futures] == [number * number for number in range(20)]
    assert done == list(range(20))
    assert names == {"hand_0"}
    assert hands.close(5)


def test_an_error_is_the_answer_and_the_thread_goes_on() -> None:
    hands = Workers(1, "hand")
    failing = hands.submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing.result(5)
    assert hands.submit(lambda: "alive").result(5) == "alive"
    assert hands.close(5)


def test_closing_leaves_a_thread_that_hangs_behind_and_cancels_what_waits() -> None:
    hands, gate, begun = Workers(2, "hand"), threading.Event(), threading.Semaphore(0)

    def hang() -> str:
        begun.release()
        gate.wait()
        return "late"

    hanging = [hands.submit(hang) for _ in range(2)]
    waiting = hands.submit(lambda: "never")
    assert begun.acquire(timeout=5)
    assert begun.acquire(timeout=5)
    assert not hands.close(patience=0)
    assert len(abandoned()) == 2
    with pytest.raises(CancelledError):
        waiting.result(0)
    with pytest.raises(RuntimeError):
        hands.submit(lambda: None)
    threads = abandoned()
    gate.set()
    assert [future.result(5) for future in hanging] == ["late", "late"]
    for thread in threads:
        thread.join(5)
    assert not abandoned()


def test_a_thread_of_qt_that_is_left_behind_makes_the_program_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_left", [])
    assert not workers.must_exit_hard()
    workers.leave(object())
    assert workers.must_exit_hard()


def test_what_is_done_apart_holds_nobody_up() -> None:
    gate = threading.Event()
    thread = apart(gate.wait, "closing")
    assert thread.is_alive()
    assert thread.daemon
    gate.set()
    thread.join(5)
