"""Standby: a child process that waits for slides to try, so that trying one doesn't first cost a start of Python."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from wsiview.slide.slide import SlideUnopenable
from wsiview.slide.trial_process import NO_CONSOLE, command, environment, too_slow
from wsiview.slide.tried import remember, stamps_of

_PATIENCE = 1.0  # s for a killed process to be gone; one that reads from a dead share never is


@dataclass(frozen=True, slots=True)
class _Child:
    """The process; `answers` gets its lines, and None when it has ended."""

    process: subprocess.Popen[bytes]
    answers: SimpleQueue[bytes | None]
    listener: threading.Thread


class Standby:
    """One process that tries one slide after another; when it dies, the next one is started.

    All of it may be called by any thread, and nobody waits for a slide of somebody else's.

    Parameters
    ----------
    make_command
        Says how the process is started, which does as `wsiview.slide.trial` does without a file.
    """

    def __init__(self, make_command: Callable[[], list[str]] = lambda: command("wsiview.slide.trial")) -> None:
        """Start nothing yet; without a start, nothing is tried either."""
        self._make_command = make_command
        self._asking = threading.Lock()
        self._changing = threading.Lock()
        self._child: _Child | None = None
        self._open = False

    @property
    def pid(self) -> int | None:
        """The process's number, None while there is none."""
        child = self._child
        return None if child is None else child.process.pid

    def start(self) -> None:
        """Have a process stand by from now on; returns before it is ready."""
        with self._changing:
            self._open = True
            if self._child is None:
                self._child = self._started()

    def has_tried(self, path: Path, timeout: float) -> bool:
        """Whether the process has opened a slide and lived, in which case that is remembered.

        False says nothing of the slide: there is no process, or it is busy, or it died, be it of this slide or of an
        earlier one.

        Raises
        ------
        SlideUnopenable
            If the file is refused, or took too long.
        """
        if not self._asking.acquire(blocking=False):
            return False
        try:
            return self._ask(path, timeout)
        finally:
            self._asking.release()

    def close(self) -> None:
        """End the process, whatever it is at."""
        with self._changing:
            self._open = False
            child, self._child = self._child, None
        if child is not None:
            _end(child)

    def _ask(self, path: Path, timeout: float) -> bool:
        child, seen = self._child, stamps_of(path)
        if child is None:
            return False
        try:
            answer = _answer(child, path, timeout)
        except Empty:
            self._replace(child)
            raise too_slow(path, timeout) from None
        except (OSError, ValueError):
            self._replace(child)
            if not self._open:
                raise SlideUnopenable(path, "the program is being closed") from None
            return False
        if answer["reason"] is not None:
            raise SlideUnopenable(path, answer["reason"])
        remember(path, seen, compared=answer["direct"])
        return True

    def _replace(self, old: _Child) -> None:
        """End a process and start the next, unless they were closed meanwhile."""
        with self._changing:
            if self._child is not old:
                return
            self._child = self._started()
        _end(old)

    def _started(self) -> _Child | None:
        try:
            process = subprocess.Popen(
                self._make_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                creationflags=NO_CONSOLE,
            )
        except OSError:  # no more processes, say: slides are tried without it
            return None
        answers: SimpleQueue[bytes | None] = SimpleQueue()
        listener = threading.Thread(target=_listen, args=(process, answers), name="slide-standby", daemon=True)
        listener.start()
        return _Child(process, answers, listener)


def _listen(process: subprocess.Popen[bytes], answers: SimpleQueue[bytes | None]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put(None)


def _answer(child: _Child, path: Path, timeout: float) -> dict[str, Any]:
    """What the child finds of a path, see `wsiview.slide.trial`.

    Raises
    ------
    Empty
        If it took too long.
    OSError, ValueError
        If it died, or said something that is no answer.
    """
    until = time.monotonic() + timeout
    stdin = child.process.stdin
    assert stdin is not None
    stdin.write(json.dumps(os.fspath(path.absolute())).encode() + b"\n")
    stdin.flush()
    line = child.answers.get(timeout=max(0.0, until - time.monotonic()))
    if line is None:
        raise ConnectionAbortedError
    answer: dict[str, Any] = json.loads(line)
    return answer


def _end(child: _Child) -> None:
    child.process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(_PATIENCE)
        child.listener.join(_PATIENCE)
    with contextlib.suppress(OSError):  # it takes no more, so what was still to be written is lost
        assert child.process.stdin is not None
        child.process.stdin.close()


standby = Standby()
"""The one of this program; the window starts it, a command for one slide has no use for it."""
