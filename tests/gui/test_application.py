"""The application opens without torch, and a bug is told instead of swallowed."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.gui.application import _Reporter, make_window, open_review, start
from wsiview.gui.dialogs.report_dialog import ReportDialog


def test_a_bug_on_any_thread_is_shown_once_and_the_window_stays(qtbot: QtBot, tmp_path: Path) -> None:
    start()
    window = make_window()
    window.show()
    reporter = _Reporter(window, tmp_path / "log")

    def fail() -> None:
        try:
            raise RuntimeError("a bug")
        except RuntimeError as error:
            reporter.hook(RuntimeError, error, error.__traceback__)

    threads = [threading.Thread(target=fail) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    qtbot.waitUntil(lambda: bool(window.findChildren(ReportDialog)))
    dialogs = window.findChildren(ReportDialog)
    assert len(dialogs) == 1
    assert "a bug" in dialogs[0].details.toPlainText()
    dialogs[0].reject()
    assert window.isVisible()
    window.close()
    window.deleteLater()


def test_a_review_that_can_not_be_read_leaves_the_window_usable(qapp: QApplication, tmp_path: Path) -> None:
    broken = tmp_path / "review.wsireview"
    broken.write_bytes(b"not a database at all" * 100)
    review, fault = open_review(broken)
    assert review is None
    assert "review.wsireview" in fault
    assert broken.read_bytes().startswith(b"not a database")
