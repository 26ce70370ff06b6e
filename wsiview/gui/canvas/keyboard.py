"""Keyboard: digits and signs by the place of their keys, since what a key types depends on the layout.

A Czech digit row types +ěščřž, a French one &é"'(-; the key is the same. On the number pad a digit is a digit whether
num lock is on or off: nobody looks at its lamp before changing the objective.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

_EVDEV_ROW = {10: 1, 11: 2, 12: 3, 13: 4, 14: 5, 15: 6, 16: 7, 17: 8, 18: 9, 19: 0}
_EVDEV_PAD = {87: 1, 88: 2, 89: 3, 83: 4, 84: 5, 85: 6, 79: 7, 80: 8, 81: 9, 90: 0}
_EVDEV_SIGNS = {20: -1, 21: 1, 82: -1, 86: 1}
_WINDOWS_ROW = {2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9, 11: 0}
# The arrows beside the pad share these codes and add 256.
_WINDOWS_PAD = {0x4F: 1, 0x50: 2, 0x51: 3, 0x4B: 4, 0x4C: 5, 0x4D: 6, 0x47: 7, 0x48: 8, 0x49: 9, 0x52: 0}
_WINDOWS_SIGNS = {0x0C: -1, 0x0D: 1, 0x4A: -1, 0x4E: 1}
_MAC_ROW = {0x12: 1, 0x13: 2, 0x14: 3, 0x15: 4, 0x17: 5, 0x16: 6, 0x1A: 7, 0x1C: 8, 0x19: 9, 0x1D: 0}
_MAC_PAD = {0x53: 1, 0x54: 2, 0x55: 3, 0x56: 4, 0x57: 5, 0x58: 6, 0x59: 7, 0x5B: 8, 0x5C: 9, 0x52: 0}
_MAC_SIGNS = {0x1B: -1, 0x18: 1, 0x4E: -1, 0x45: 1}
_DIGITS = {
    "xcb": {**_EVDEV_ROW, **_EVDEV_PAD},
    "wayland": {**_EVDEV_ROW, **_EVDEV_PAD},
    "windows": {**_WINDOWS_ROW, **_WINDOWS_PAD},
    "cocoa": {**_MAC_ROW, **_MAC_PAD},
}
_SIGNS = {"xcb": _EVDEV_SIGNS, "wayland": _EVDEV_SIGNS, "windows": _WINDOWS_SIGNS, "cocoa": _MAC_SIGNS}

_BY_CHARACTER = {Qt.Key(Qt.Key.Key_0.value + digit): digit for digit in range(10)}
_WITHOUT_NUM_LOCK = {
    Qt.Key.Key_End: 1, Qt.Key.Key_Down: 2, Qt.Key.Key_PageDown: 3, Qt.Key.Key_Left: 4, Qt.Key.Key_Clear: 5,
    Qt.Key.Key_Right: 6, Qt.Key.Key_Home: 7, Qt.Key.Key_Up: 8, Qt.Key.Key_PageUp: 9, Qt.Key.Key_Insert: 0,
}  # fmt: skip
_SIGN_CHARACTERS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1, Qt.Key.Key_Underscore: -1}
# Shift is allowed because a French row types its digits with it.
_PLAIN = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier


def digit(event: QKeyEvent, platform: str = "") -> int | None:
    """The digit whose key was pressed, in the row or on the pad; None for any other key, or with Ctrl, Alt or Meta.

    Parameters
    ----------
    platform
        Qt's name of the window system, by default the one in use: it says what the native codes mean.
    """
    if event.modifiers() & ~_PLAIN:
        return None
    platform = _family(platform)
    placed = _DIGITS.get(platform, {}).get(_code(event, platform))
    if placed is not None:
        return placed
    key, on_pad = Qt.Key(event.key()), event.modifiers() & Qt.KeyboardModifier.KeypadModifier
    if on_pad and not event.nativeScanCode() and platform != "cocoa":  # a Mac marks its arrows as keys of the pad
        return _WITHOUT_NUM_LOCK.get(key, _BY_CHARACTER.get(key))
    return _BY_CHARACTER.get(key)


def sign(event: QKeyEvent, platform: str = "") -> int | None:
    """1 for the key of +, -1 for that of −, in the row or on the pad; None for any other key.

    What the key types comes first; the two keys right of 0 count where they type neither.
    """
    if event.modifiers() & ~_PLAIN or digit(event, platform) is not None:
        return None
    typed = _SIGN_CHARACTERS.get(Qt.Key(event.key()))
    platform = _family(platform)
    return typed if typed is not None else _SIGNS.get(platform, {}).get(_code(event, platform))


def _family(platform: str) -> str:
    name = platform or QGuiApplication.platformName()
    return "wayland" if name.startswith("wayland") else name


def _code(event: QKeyEvent, platform: str) -> int:
    """What tells the place of a key; Cocoa has no scan codes, but its virtual keys are places."""
    return event.nativeVirtualKey() if platform == "cocoa" else event.nativeScanCode()
