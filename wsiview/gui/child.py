"""Child: the process that computes, held by a pipe of JSON lines; it may crash or hang, and the window lives on."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from wsiview.explain import protocol
from wsiview.gui.timers import single_shot

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "wsiview.explain.service")
GRACE = 2000  # ms between asking the child to stop and killing it
REST = 300  # ms that the child makes way, after it was last asked to
FLUSH = 200  # ms to wait for the last line to leave before the pipe is closed


class Child(QObject):
    """One child process at a time; started by the first message, kept warm after that.

    All of it lives on one thread, whose event loop carries the pipe.
    """

    received = Signal(object)
    died = Signal(str)

    def __init__(self, log_file: Path, command: Sequence[str] = COMMAND, parent: QObject | None = None) -> None:
        """Know how to start the process; start none."""
        super().__init__(parent)
        self._log_file = log_file
        self._command = tuple(command)
        self._process: QProcess | None = None
        self._killed_by_us = self._resting = False
        self._deadline = single_shot(self, GRACE, self.kill)
        self._rest = single_shot(self, REST, self.go_on)

    @property
    def pid(self) -> int | None:
        """The process's number, None while there is none."""
        return int(self._process.processId()) or None if self._process is not None else None

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message, starting the process if there is none."""
        self.go_on()
        if self._process is None:
            self._start()
        if self._process is not None:
            self._process.write(protocol.encode(message))

    def tell(self, message: Mapping[str, Any]) -> None:
        """Write one message, if there is a process to read it."""
        if self._process is not None:
            self._process.write(protocol.encode(message))

    def make_way(self) -> None:
        """The reader moves a slide: stop for a moment, so that the pictures come first.

        A low priority is not enough: even on a processor of its own, what computes takes the memory's time. A window
        that dies meanwhile leaves no process behind that has stopped for ever: the system then sends it a hangup.
        Windows knows no such thing, so there the child goes on.
        """
        if self._process is None or self._deadline.isActive() or os.name == "nt":
            return
        if not self._resting:
            self._resting = True
            with contextlib.suppress(psutil.Error, OSError):
                psutil.Process(self.pid).suspend()
        self._rest.start()

    def go_on(self) -> None:
        """Make way no longer."""
        self._rest.stop()
        if self._resting:
            self._resting = False
            with contextlib.suppress(psutil.Error, OSError):
                psutil.Process(self.pid).resume()

    def kill_soon(self) -> None:
        """Kill the process unless `spare` is called in time."""
        self.go_on()
        if self._process is not None and not self._deadline.isActive():
            self._deadline.start()

    def spare(self) -> None:
        """The process has answered: let it live."""
        self._deadline.stop()

    def kill(self) -> None:
        """End the process now."""
        if self._process is not None:
            self._killed_by_us = True
            self._process.kill()

    def close(self) -> None:
        """Ask the process to quit, kill it if it doesn't, and wait until it is gone."""
        self.go_on()
        self._deadline.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.write(protocol.encode({"do": protocol.QUIT}))
        process.waitForBytesWritten(FLUSH)
        process.closeWriteChannel()
        if not process.waitForFinished(GRACE):
            process.kill()
            process.waitForFinished(GRACE)
        process.deleteLater()

    def _start(self) -> None:
        process = QProcess(self)
        process.setStandardErrorFile(str(self._log_file), QProcess.OpenModeFlag.Append)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.started.connect(self._step_back)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail)
        self._process, self._killed_by_us, self._resting = process, False, False
        process.start(self._command[0], list(self._command[1:]))

    def _step_back(self) -> None:
        """Give the child a low priority, so that looking stays smooth while it works."""
        with contextlib.suppress(psutil.Error, OSError):
            if self.pid is not None:
                low = psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else 19
                psutil.Process(self.pid).nice(low)

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            try:
                message = protocol.decode(line)
            except ValueError:
                log.warning("the child said something that is no message: %r", line[:200])
                continue
            self.received.emit(message)

    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._forget()
            self.died.emit(f"could not be started ({reason})")

    def _end(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        process = self._process
        if process is None:
            return
        by_us = self._killed_by_us
        self._forget()
        if by_us:
            self.died.emit("")
        elif status == QProcess.ExitStatus.CrashExit:
            self.died.emit("stopped unexpectedly (killed or crashed)")
        else:
            self.died.emit(f"stopped unexpectedly (status {code})")

    def _forget(self) -> None:
        self._deadline.stop()
        self._rest.stop()
        if self._process is not None:
            self._process.deleteLater()
        self._process = None


def _environment() -> QProcessEnvironment:
    """This process's environment, in which the child finds the same wsiview wherever the window was started."""
    environment = QProcessEnvironment.systemEnvironment()
    paths = [str(Path(__file__).resolve().parents[2])]
    if others := environment.value("PYTHONPATH"):
        paths.append(others)
    environment.insert("PYTHONPATH", os.pathsep.join(paths))
    return environment
