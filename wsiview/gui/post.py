"""Post: takes calls from other threads to the window's thread.

A thread must not emit a signal of an object that the window's thread may delete meanwhile: Qt reads freed memory then.
Here only one object is ever emitted from, it lives as long as the program, and whoever is to be called is looked up on
the window's own thread, where it can't vanish in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot
from shiboken6 import isValid

Call = tuple[WeakMethod[Callable[..., None]], tuple[object, ...]]


class Address:
    """A method of an object on the window's thread, for calls from any thread; it keeps the object from nothing.

    Calls arrive in the order in which one thread makes them, and not at all once the object is gone.

    Parameters
    ----------
    method
        A bound method of a QObject that belongs to the window's thread.
    """

    __slots__ = ("_method",)

    def __init__(self, method: Callable[..., None]) -> None:
        """Made on the window's thread, while there is a QApplication."""
        self._method: WeakMethod[Callable[..., None]] = WeakMethod(method)
        _office()

    def post(self, *given: object) -> None:
        """Have it called with these; on any thread, and never waits."""
        _calls.append((self._method, given))
        _office().rung.emit()


class _Office(QObject):
    """Carries one call out for each time it is rung."""

    rung = Signal()

    def __init__(self) -> None:
        super().__init__()
        application = QCoreApplication.instance()
        if application is not None:
            self.moveToThread(application.thread())
        self.rung.connect(self._carry_out, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _carry_out(self) -> None:
        reference, given = _calls.popleft()
        method: Any = reference()
        if method is not None and isValid(method.__self__):
            method(*given)


_calls: deque[Call] = deque()
_only: list[_Office] = []


def _office() -> _Office:
    if not _only:
        _only.append(_Office())
    return _only[0]
