"""Linux: installs for the current user what the freedesktop.org specifications ask for, and takes it away again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from wsiview.clustering.whole_file import write_whole
from wsiview.desktop import databases
from wsiview.desktop.menu_entry import menu_entry
from wsiview.desktop.mime_package import mime_package
from wsiview.desktop.outcome import Outcome
from wsiview.desktop.record import PLACE, Record, digest
from wsiview.errors import WsiviewError
from wsiview.resources import resource


def data_home() -> Path:
    """The user's data folder of the desktop: XDG_DATA_HOME, which counts only if it is absolute."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def desktop_files(command: Sequence[str]) -> dict[str, bytes]:
    """Everything to install, by its path relative to the data folder."""
    icons = "icons/hicolor/scalable"
    return {
        "applications/wsiview.desktop": menu_entry(command).encode(),
        f"{icons}/apps/wsiview.svg": resource("icons/wsiview.svg").read_bytes(),
        f"{icons}/mimetypes/wsiview-slide.svg": resource("icons/slide.svg").read_bytes(),
        "mime/packages/wsiview.xml": mime_package(),
    }


def install(home: Path, command: Sequence[str]) -> Outcome:
    """Write all files or none, and have the desktop's databases refreshed; installing again renews what is there.

    Raises
    ------
    WsiviewError
        If the folder can't be written to, or holds another's file of that name.
    """
    files = desktop_files(command)
    with _in_words(home, "written to", "nothing was installed"):
        before = Record.read(home)
        _refuse_strangers(home, files, before)
        there = databases.generated(home)
        with _all_or_nothing(home, [*files, str(PLACE)]) as made:
            for name in (*files, str(PLACE)):
                _make_folders((home / name).parent, made)
            inside = [str(path.relative_to(home)) for path in made if path.is_relative_to(home)]
            record = before.with_files(files, inside)
            record.write(home)  # first, so that whatever happens can be taken away
            for name, content in files.items():
                write_whole(home / name, content)
        notes = databases.refresh(home)
        record.with_derived(sorted(databases.generated(home) - there)).write(home)
    return Outcome(tuple(str(home / name) for name in files), notes)


def remove(home: Path) -> Outcome:
    """Take away what was installed, and nothing else: a file that was changed since stays, and is named.

    Raises
    ------
    WsiviewError
        If something can't be deleted; removing again goes on from there.
    """
    with _in_words(home, "changed", "not all was removed"):
        record = Record.read(home)
        there = {name: path for name in record.files if (path := home / name).is_file()}
        ours = [path for name, path in there.items() if digest(path.read_bytes()) == record.files[name]]
        for path in ours:
            path.unlink()
        strangers = [path for path in there.values() if path not in ours]
        notes = tuple(f"{path} was changed since it was installed, and stays" for path in strangers)
        if record.files:
            notes += databases.refresh(home)
            databases.drop_generated(home, record.derived)
            (home / PLACE).unlink()
            _drop_folders(home, record.folders)
    return Outcome(tuple(map(str, ours)), notes)


def _refuse_strangers(home: Path, files: Mapping[str, bytes], record: Record) -> None:
    for name, content in files.items():
        path = home / name
        if name not in record.files and path.exists() and (not path.is_file() or path.read_bytes() != content):
            raise WsiviewError(f"{path} is there already and was not put there by this command; move it away first")


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those that hold it, and note the new ones."""
    for path in (*reversed(folder.parents), folder):
        if not path.is_dir():
            path.mkdir()
            made.append(path)


def _drop_folders(home: Path, names: Sequence[str]) -> None:
    """Remove what is empty of these folders, innermost first."""
    for name in sorted(names, key=lambda name: len(Path(name).parts), reverse=True):
        with contextlib.suppress(OSError):
            (home / name).rmdir()


@contextmanager
def _all_or_nothing(home: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """While the block runs these files may be written, and folders that it notes be made; if it fails all is undone."""
    before = {path: path.read_bytes() if path.is_file() else None for path in (home / name for name in names)}
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path, content in before.items():
            with contextlib.suppress(OSError):
                if content is None:
                    path.unlink(missing_ok=True)
                elif path.read_bytes() != content:
                    write_whole(path, content)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def _in_words(home: Path, what: str, so: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WsiviewError(
            f"{error.filename or home} can't be {what} ({error.strerror or error}), so {so}; "
            "allow it, or name another folder in XDG_DATA_HOME"
        ) from error
