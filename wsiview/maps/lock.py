"""Lock: one writer per map, told by a small file that names its process."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from wsiview.maps.faults import MapLocked

NAME = ".lock"
_SAME_START = 5.0  # seconds by which the system's idea of a process's start may wander
_BEING_WRITTEN = 10.0  # seconds for which an unreadable lock is taken for one that is just being written


@dataclass(frozen=True)
class Lock:
    """A held lock; `release` gives it up."""

    path: Path
    token: str

    def is_held(self) -> bool:
        """Whether the lock is still there and still ours."""
        holder = _read(self.path)
        return holder is not None and holder.token == self.token

    def release(self) -> None:
        """Give the lock up; harmless when it is gone already."""
        if self.is_held():
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Holder:
    """Who a lock file names."""

    host: str
    pid: int
    started: float
    token: str

    def __str__(self) -> str:
        """The holder in words."""
        return f"process {self.pid} on {self.host}" if self.pid else "another process"

    @property
    def is_here(self) -> bool:
        """Whether the process is one of this computer's."""
        return self.host == platform.node()

    @property
    def is_gone(self) -> bool:
        """Whether the process certainly runs no more: one of this computer, ended, or its number used again.

        One that ended stays listed, as a zombie, until its parent asks how it ended, which some never do.
        """
        if not self.is_here:
            return False
        if self.pid == 0:
            return True
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            return bool(abs(process.create_time() - self.started) > _SAME_START)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


def take(path: Path, thing: Path) -> Lock:
    """Take the lock file `path` of the map `thing`, over from a dead process if need be.

    Raises
    ------
    MapLocked
        If a live process, or one on another computer, has it.
    OSError
        If the file can't be written.
    """
    token = uuid.uuid4().hex
    try:
        _write_new(path, token)
        return Lock(path, token)
    except FileExistsError:
        holder = _read(path)
    if holder is None:  # released in this very moment
        return take(path, thing)
    if not holder.is_gone:
        raise MapLocked(thing, str(holder), _remedy(holder, path))
    # Several may find the same dead lock. Whoever gets the lock named after its token may replace it, once:
    # the others then read another token. A process that dies here leaves a dead lock of the same kind.
    with _held(path.with_name(f"{path.name}.{holder.token[:12]}"), thing):
        found = _read(path)
        if found is None or found.token != holder.token:
            return take(path, thing)
        replacement = path.with_name(f"{path.name}.{token}.new")
        _write_new(replacement, token)
        os.replace(replacement, path)
    return Lock(path, token)


def is_dead(path: Path) -> bool:
    """Whether the lock file at `path` is a dead process's, or was never written into a folder that waits for it."""
    holder = _read(path)
    if holder is not None:
        return holder.is_gone
    try:
        return time.time() - path.parent.stat().st_mtime > _BEING_WRITTEN
    except OSError:
        return False


@contextmanager
def _held(path: Path, thing: Path) -> Iterator[None]:
    lock = take(path, thing)
    try:
        yield
    finally:
        lock.release()


def _write_new(path: Path, token: str) -> None:
    process = psutil.Process()
    holder = {"host": platform.node(), "pid": process.pid, "started": process.create_time(), "token": token}
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        os.write(descriptor, json.dumps(holder).encode())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _read(path: Path) -> Holder | None:
    """Who holds the lock; None when nobody does."""
    try:
        text, written = path.read_bytes(), path.stat()
    except FileNotFoundError:
        return None
    try:
        found = json.loads(text)
        return Holder(str(found["host"]), int(found["pid"]), float(found["started"]), str(found["token"]))
    except (ValueError, KeyError, TypeError):
        # Torn, by a process that died between creating and filling it, or just being filled.
        is_old = time.time() - written.st_mtime > _BEING_WRITTEN
        return Holder(platform.node() if is_old else "", 0, 0.0, f"torn{written.st_mtime_ns:x}")


def _remedy(holder: Holder, path: Path) -> str:
    if holder.is_here or not holder.host:
        return "it can be looked at meanwhile; to write, wait for it or stop it"
    return f"wait for it, or, if it surely runs no more, delete the file {path}"
