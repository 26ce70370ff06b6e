"""Whole file: writes a small file all or nothing, so that a reader or a crash never meets half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target under a temporary name, flush to disk, read back, compare, rename.

    Raises
    ------
    OSError
        If any of it fails; an older file of that name is then untouched and nothing else is left behind.
    """
    temporary = path.with_name(f".wsiview-{secrets.token_hex(8)}.part")
    # unlike tempfile's, its permissions are those that any new file gets here
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if temporary.read_bytes() != content:
            raise OSError("the disk gives back other bytes than were written")
        with contextlib.suppress(FileNotFoundError):  # nothing to replace, nothing to keep
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can (Windows can't open folders)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems have no such call; the file itself is flushed already
        pass
    finally:
        os.close(handle)
