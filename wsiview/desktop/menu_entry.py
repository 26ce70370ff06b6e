"""Menu entry: the text of wsiview.desktop, as the Desktop Entry Specification wants it."""

from __future__ import annotations

from collections.abc import Sequence

from wsiview.desktop.file_types import CLUSTERING, SHARED, SLIDES
from wsiview.errors import WsiviewError

_RESERVED = frozenset(" \t\"'\\><~|&;$*?#()`")
_ESCAPED_IN_QUOTES = '"`$\\'


def menu_entry(command: Sequence[str]) -> str:
    """The entry that starts `command`, a program with its arguments.

    Raises
    ------
    WsiviewError
        If no entry can name that command.
    """
    types = ";".join(kind.name for kind in (*SLIDES, CLUSTERING, *SHARED))
    start = exec_line(command)
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.1",
            "Name=wsiview",
            "GenericName=Whole-slide viewer",
            "Comment=See what a tile classifier sees in a whole-slide image",
            f"Exec={start} %F",
            f"TryExec={_text(command[0])}",
            "Icon=wsiview",
            "Terminal=false",
            "Categories=Science;MedicalSoftware;",
            "Keywords=pathology;histology;microscopy;slide;",
            f"MimeType={types};",
            "StartupNotify=true",
            "StartupWMClass=wsiview",
            "Actions=new-window;",
            "",
            "[Desktop Action new-window]",
            "Name=New Window",
            f"Exec={start} --new-window",
            "",
        )
    )


def exec_line(command: Sequence[str]) -> str:
    """A command as the value of Exec: quoted, field codes taken literally, then escaped as any text is."""
    if "=" in command[0]:
        raise WsiviewError(
            f"a menu can't start {command[0]}, because of the = in its path; install wsiview in another folder"
        )
    # GNOME looks for the program before it reads %% as %, and so would not find it by itself.
    words = ("env", *command) if "%" in command[0] else command
    return _text(" ".join(_quoted(word) for word in words))


def _quoted(word: str) -> str:
    word = word.replace("%", "%%")
    if word and not _RESERVED.intersection(word):
        return word
    return '"' + "".join(f"\\{sign}" if sign in _ESCAPED_IN_QUOTES else sign for sign in word) + '"'


def _text(value: str) -> str:
    """A value of type string."""
    if any(ord(sign) < 32 and sign != "\t" for sign in value) or not _is_text(value):
        raise WsiviewError(
            f"a menu can't name {value!r}, because its path is no plain text; install wsiview in another folder"
        )
    return value.replace("\\", "\\\\").replace("\t", "\\t")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # a path of bytes that are no UTF-8
        return False
    return True
