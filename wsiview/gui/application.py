"""Application: starts Qt, opens the window, and keeps a log of what should not have happened."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

import wsiview
from wsiview.errors import ReviewError
from wsiview.gui.arrivals import Arrivals, carry_out
from wsiview.gui.child import COMMAND
from wsiview.gui.dialogs.report_dialog import ReportDialog
from wsiview.gui.explainer import Explainer
from wsiview.gui.main_window import MainWindow
from wsiview.gui.notebook import Notebook
from wsiview.gui.post import Address
from wsiview.gui.preferences import Preferences
from wsiview.gui.session import Session
from wsiview.gui.start_request import StartRequest
from wsiview.gui.workers import must_exit_hard
from wsiview.heap import share_heap
from wsiview.resources import resource, user_data_folder
from wsiview.review.store import ReviewStore, default_path

_TURN = 0.0005
"""Seconds that a thread which draws or reads keeps the interpreter while the window's own waits for it."""
log = logging.getLogger("wsiview")


def open_window(request: StartRequest, *, reachable: bool = True, shared: bool = True) -> int:
    """Open a window, with what is requested in it, and return when it is closed; the return value is the exit status.

    Parameters
    ----------
    reachable
        Let other starts hand over to this window.
    shared
        If another start has opened a window at this very moment, hand over to that one instead.
    """
    application = start()
    instance = None
    if reachable:
        from wsiview.gui.single_instance import Answer, SingleInstance, hand_over

        instance = SingleInstance()
        if not instance.listen() and shared and hand_over(request) is Answer.TAKEN:
            return 0
    window = make_window()
    if instance is not None:
        Arrivals(window, instance)
    reporter = _Reporter(window, log_path())
    sys.excepthook = reporter.hook
    threading.excepthook = reporter.thread_hook
    with_signals = _interruptible(window)
    window.show()
    window.activateWindow()  # where no window manager does, keys would go nowhere until the first click
    carry_out(request, window)
    status = application.exec()
    with_signals.stop()
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    if must_exit_hard():  # everything is saved by now, and what hangs in a dead share never comes back
        logging.shutdown()
        os._exit(status)
    return status


def start() -> QApplication:
    """The one QApplication, dressed."""
    existing = QApplication.instance()
    if existing is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    QCoreApplication.setApplicationName("wsiview")
    QCoreApplication.setApplicationVersion(wsiview.__version__)
    QGuiApplication.setApplicationDisplayName("wsiview")
    QGuiApplication.setDesktopFileName("wsiview")
    application.setStyle("Fusion")  # the same measures on every system, and dark where the system is dark
    application.setStyleSheet(resource("style.qss").read_text(encoding="utf-8"))
    application.setWindowIcon(QIcon(str(resource("icons/wsiview.svg"))))
    sys.setswitchinterval(_TURN)
    share_heap()
    return application


def make_window(command: Sequence[str] = COMMAND) -> MainWindow:
    """A window with a session of its own; `command` starts the child that computes."""
    _start_log()
    review, fault = open_review(default_path())
    preferences = Preferences()
    session = Session(preferences, Explainer(log_path(), command), Notebook(preferences, review, fault))
    window = MainWindow(session, QIcon(str(resource("icons/wsiview.svg"))))
    session.setParent(window)
    return window


def open_review(path: Path) -> tuple[ReviewStore | None, str]:
    """The reader's file, or None and why not; a file that can't be read is left as it is."""
    try:
        return ReviewStore(path, reader=os.environ.get("USER") or os.environ.get("USERNAME") or "reader"), ""
    except ReviewError as error:
        return None, str(error)


def log_path() -> Path:
    """Where errors are written down."""
    folder = user_data_folder() / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "wsiview.log"


def _start_log() -> None:
    if any(isinstance(handler, RotatingFileHandler) for handler in log.handlers):
        return
    handler = RotatingFileHandler(log_path(), maxBytes=2**20, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def _interruptible(window: MainWindow) -> QTimer:
    """Ctrl-C in the terminal closes the window: Python must run now and then to see the signal."""
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)
    timer.start(300)
    if threading.current_thread() is threading.main_thread():
        # By the event loop, which a window that is closed before it runs would leave waiting for ever.
        signal.signal(signal.SIGINT, lambda number, frame: QTimer.singleShot(0, window, window.close))
    return timer


class _Reporter(QObject):
    """Takes exceptions that nobody caught, from any thread, to the log and to the reader."""

    def __init__(self, window: MainWindow, log_file: Path) -> None:
        """Listen to nobody yet."""
        super().__init__(window)
        self._window, self._log_file = window, log_file
        self._dialog: ReportDialog | None = None
        self._met = Address(self._show)

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For `sys.excepthook`."""
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        log.critical("an exception nobody caught", exc_info=(kind, error, trace))
        self._met.post("".join(traceback.format_exception(kind, error, trace)))

    def thread_hook(self, met: threading.ExceptHookArgs) -> None:
        """For `threading.excepthook`."""
        if met.exc_value is not None:
            self.hook(met.exc_type, met.exc_value, met.exc_traceback)

    def _show(self, trace: str) -> None:
        if self._dialog is None:  # one at a time, however often it happens
            self._dialog = ReportDialog(trace, self._log_file, self._window)
            self._dialog.finished.connect(self._forget)
            self._dialog.open()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = None
