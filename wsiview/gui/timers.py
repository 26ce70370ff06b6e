"""Timers: those that run once, each time they are started."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, SignalInstance


def single_shot(
    parent: QObject, interval: int, call: Callable[[], object] | SignalInstance, *, precise: bool = False
) -> QTimer:
    """A timer that calls once, so many ms after it was last started; it is not running yet.

    Parameters
    ----------
    precise
        To the millisecond, where Qt otherwise takes a few percent more or less.
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval)
    if precise:
        timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(call)
    return timer
