"""Single instance: hands what is to be opened to the window that is there already, or waits for others to do so.

A second start imports this module and no other of the window's, and is gone before one could notice it.
"""

from __future__ import annotations

import ctypes
import enum
import getpass
import hashlib
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from wsiview.gui.start_request import MOST_BYTES, StartRequest
from wsiview.gui.timers import single_shot
from wsiview.resources import user_data_folder

PATIENCE = 2000  # ms that the running window may take to answer
_PROBE = 200  # ms within which a living process takes a connection
_LINGER = 5000  # ms after which a connection that says nothing is closed
_LONGEST_ADDRESS = 100  # bytes; a socket's path has room for a few more
_ANY_PROCESS = 0xFFFFFFFF
_READY, _GO, _REFUSED, _HEIR = b"ready\n", b"go\n", b"refused\n", b"heir\n"


class Answer(enum.Enum):
    """What became of a request."""

    TAKEN = "taken"
    NOBODY = "no window is open"
    SILENT = "a window is open and does not answer as it should"


def hand_over(request: StartRequest, patience: int = PATIENCE) -> Answer:
    """Ask the running window to open what is requested; after `patience` ms without an answer it never will.

    The window says that it is ready, and opens only when told to go: one that was too busy to answer in time does not
    open the slide a second time later.
    """
    address = _address()
    if address is None:
        return Answer.NOBODY
    try:
        line = request.encode()
    except ValueError:  # thousands of files: too much to hand over
        return Answer.SILENT
    until = time.monotonic() + patience / 1000
    socket = QLocalSocket()
    socket.connectToServer(address)
    if not socket.waitForConnected(patience):
        return Answer.NOBODY
    _let_come_forward()
    socket.write(line)
    while not socket.canReadLine():
        left = int((until - time.monotonic()) * 1000)
        if left <= 0 or not socket.waitForReadyRead(left):
            socket.abort()
            return Answer.SILENT
    if socket.readLine().data() != _READY:
        return Answer.SILENT
    socket.write(_GO)
    socket.disconnectFromServer()
    if socket.state() != QLocalSocket.LocalSocketState.UnconnectedState:
        socket.waitForDisconnected(PATIENCE)
    return Answer.TAKEN


class SingleInstance(QObject):
    """Waits, for one window, for what other starts hand over.

    Signals
    -------
    asked(StartRequest)
        Another start wants this opened, and the window brought to the front.
    """

    asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Hear nothing yet."""
        super().__init__(parent)
        self._server = QLocalServer(self)
        if os.name == "nt":
            self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)
        self._before = QLocalSocket(self)
        self._before.connected.connect(lambda: self._before.write(_HEIR))
        self._before.disconnected.connect(self.listen)

    def listen(self) -> bool:
        """Be the one that others hand over to; False where another process is, or nobody can be.

        Where another is, it is waited for: once it is gone, we are the one.
        """
        address = _address()
        if address is None:
            return False
        turn = QLockFile(f"{address}.lock") if os.name == "posix" else None
        if turn is not None and not turn.tryLock(PATIENCE):
            return False
        try:
            if self._server.listen(address):
                return True
            if os.name != "posix" or _answers(address):
                self._before.connectToServer(address)
                return False
            QLocalServer.removeServer(address)  # left by a crash
            return self._server.listen(address)
        finally:
            if turn is not None:
                turn.unlock()

    def close(self) -> None:
        """Hear nothing more: the next start opens a window of its own."""
        self._before.blockSignals(True)
        self._before.abort()
        self._server.close()
        for visitor in self.findChildren(_Visitor):
            visitor.leave()

    def _welcome(self) -> None:
        while self._server.hasPendingConnections():
            visitor = _Visitor(self._server.nextPendingConnection(), self)
            visitor.asked.connect(self.asked)
            visitor.read()


class _Visitor(QObject):
    """One connection: a request, our word that we are ready, and the word to go; or a window that waits for our end."""

    asked = Signal(object)

    def __init__(self, socket: QLocalSocket, parent: QObject) -> None:
        super().__init__(parent)
        self._socket = socket
        self._request: StartRequest | None = None
        socket.setParent(self)
        socket.setReadBufferSize(MOST_BYTES + 1)
        socket.readyRead.connect(self.read)
        socket.disconnected.connect(self._end)
        self._linger = single_shot(self, _LINGER, self.leave)
        self._linger.start()

    def read(self) -> None:
        """Take what has come."""
        while self._socket.canReadLine():
            self._hear(bytes(self._socket.readLine().data()))
        if self._socket.bytesAvailable() > MOST_BYTES:
            self.leave()

    def leave(self) -> None:
        """End the connection."""
        self._linger.stop()
        self._socket.blockSignals(True)
        self._socket.abort()
        self.deleteLater()

    def _end(self) -> None:
        self.read()
        self.leave()

    def _hear(self, line: bytes) -> None:
        if self._request is not None:
            if line == _GO:
                request, self._request = self._request, None
                self.asked.emit(request)
            return
        if line == _HEIR:
            self._linger.stop()
            return
        try:
            self._request = StartRequest.decode(line)
        except ValueError:
            self._socket.write(_REFUSED)
        else:
            self._socket.write(_READY)


def _address() -> str | None:
    """Where the window of this user, data folder and screen is reached; None where that can't be had safely."""
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or ""
    whose = "\0".join((getpass.getuser() if os.name == "nt" else "", str(user_data_folder().resolve()), screen))
    name = f"wsiview-{hashlib.sha256(os.fsencode(whose)).hexdigest()[:16]}"
    if os.name == "nt":
        return name
    for folder in _private_folders():
        address = str(folder / name)
        if len(os.fsencode(address)) <= _LONGEST_ADDRESS:
            return address
    return None


def _private_folders() -> list[Path]:
    """Folders where nobody else could put, or listen at, a socket of ours; the best first."""
    if sys.platform == "win32":  # pipes have no folder there
        return []
    user = os.getuid()
    own = Path(tempfile.gettempdir()) / f"wsiview-{user}"
    given = os.environ.get("XDG_RUNTIME_DIR")
    found = []
    for folder in (*([Path(given)] if given else []), own):
        try:
            if folder == own:
                folder.mkdir(mode=0o700, exist_ok=True)
            facts = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == user and not facts.st_mode & 0o077:
            found.append(folder)
    return found


def _answers(address: str) -> bool:
    """Whether a living process listens."""
    socket = QLocalSocket()
    socket.connectToServer(address)
    alive = socket.waitForConnected(_PROBE)
    socket.abort()
    return alive


def _let_come_forward() -> None:
    """Windows lets only the program that was clicked last bring a window to the front, unless it passes that on."""
    if sys.platform == "win32":
        ctypes.windll.user32.AllowSetForegroundWindow(_ANY_PROCESS)
