"""Slide file: bytes at any position of one file, for many threads at once; notices when it goes or is replaced."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO, Protocol

GONE = "the file can't be reached any more; check the disk or network connection"
REPLACED = "the file was replaced by another one; open the slide again"
_END = 1 << 16


class FileVanished(Exception):
    """The path no longer leads to the file that was opened; its text is a sentence."""


class SlideFile:
    """One open file whose reads never wait for each other and never come from another file.

    Parameters
    ----------
    path
        A regular file.

    Raises
    ------
    OSError
        If it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source: _Source | None = _open(path)
        self._status = self._source.status()
        self._ends = _digest_of_ends(self._source, self._status.st_size)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._status.st_size

    def check(self) -> None:
        """See whether the path still leads to the file that was opened.

        Raises
        ------
        FileVanished
            If there is nothing, or another file; once the file is back, the next check passes.
        """
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise FileVanished(GONE) from error
        known = self._status
        if found.st_size != known.st_size or found.st_mtime_ns != known.st_mtime_ns:
            raise FileVanished(REPLACED)
        if found.st_ino != known.st_ino:
            self._reopen()

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; fewer only at the file's end.

        Raises
        ------
        FileVanished
            If the file can't be reached or was replaced.
        OSError
            If the file is there and the disk can't read these bytes.
        ValueError
            If the file was closed.
        """
        source = self._source
        if source is None:
            raise ValueError("the slide file is closed")
        try:
            return source.read(offset, count)
        except OSError:
            # A network share that was gone leaves handles behind that never work again.
            return self._reopen().read(offset, count)

    def close(self) -> None:
        """Let go of the file; threads that are reading finish first."""
        self._source = None

    def _reopen(self) -> _Source:
        """Open the path anew, if it holds the same bytes; some network shares number their files anew every time."""
        try:
            source = _open(self._path)
            status = source.status()
            ends = _digest_of_ends(source, status.st_size)
        except OSError as error:
            raise FileVanished(GONE) from error
        same = status.st_size == self._status.st_size and status.st_mtime_ns == self._status.st_mtime_ns
        if not same or ends != self._ends:
            raise FileVanished(REPLACED)
        if self._source is not None:
            self._source, self._status = source, status
        return source


class _Source(Protocol):
    def read(self, offset: int, count: int) -> bytes: ...
    def status(self) -> os.stat_result: ...


class _Positioned:
    """One descriptor for all threads; it is closed when the last of them lets go, so its number is never another's."""

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)

    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


class _PerThread:
    """A handle for each thread, where the system has no positioned reads."""

    def __init__(self, path: Path) -> None:
        self._path, self._local = path, threading.local()
        self._first = os.fstat(self._handle().file.fileno())

    def read(self, offset: int, count: int) -> bytes:
        file = self._handle().file
        file.seek(offset)
        return file.read(count)

    def status(self) -> os.stat_result:
        return self._first

    def _handle(self) -> _Handle:
        handle: _Handle | None = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._local.handle = _Handle(self._path)
            first = getattr(self, "_first", None)
            opened = os.fstat(handle.file.fileno())
            if first is not None and (opened.st_size, opened.st_mtime_ns) != (first.st_size, first.st_mtime_ns):
                del self._local.handle
                raise FileVanished(REPLACED)
        return handle


class _Handle:
    """One thread's handle, closed with the thread."""

    def __init__(self, path: Path) -> None:
        self.file: BinaryIO = path.open("rb", buffering=0)

    def __del__(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


def _open(path: Path) -> _Source:
    return _Positioned(path) if hasattr(os, "pread") else _PerThread(path)


def _digest_of_ends(source: _Source, size: int) -> bytes:
    ends = source.read(0, _END) + source.read(max(0, size - _END), _END)
    return hashlib.sha256(ends).digest()
