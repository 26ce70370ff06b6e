"""Keyboard: a digit's key is found by its place on every layout and system, and a sign by what it types first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from wsiview.gui.canvas.keyboard import digit, sign

NONE, SHIFT, PAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
Key = Qt.Key


def pressed(key: int, text: str = "", code: int = 0, keys: Qt.KeyboardModifier = NONE, virtual: int = 0) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, keys, code, virtual, 0, text)


CZECH = "+ěščřžýáíé"
FRENCH = "&é\"'(-è_çà"


def test_the_digit_row_is_found_by_its_place_whatever_it_types() -> None:
    for place, letter in (pair for row in (CZECH, FRENCH, "1234567890") for pair in enumerate(row)):
        expected = (place + 1) % 10
        key = ord(letter.upper())
        assert digit(pressed(key, letter, 10 + place), "xcb") == expected
        assert digit(pressed(key, letter, 10 + place), "wayland-egl") == expected
        assert digit(pressed(key, letter, 2 + place), "windows") == expected
        assert sign(pressed(key, letter, 10 + place), "xcb") is None, "a Czech 1 types +, and is no +"


def test_a_mac_tells_places_by_its_virtual_keys() -> None:
    codes = (0x12, 0x13, 0x14, 0x15, 0x17, 0x16, 0x1A, 0x1C, 0x19, 0x1D)
    assert [digit(pressed(ord("É"), "é", 1, virtual=code), "cocoa") for code in codes] == [*range(1, 10), 0]
    assert digit(pressed(Key.Key_1, "1", 1, PAD, 0x53), "cocoa") == 1
    assert digit(pressed(Key.Key_Left, "", 1, PAD, 0x7B), "cocoa") is None, "a Mac's arrows are marked as the pad's"


PAD_KEYS = {
    1: (87, 0x4F, Key.Key_End), 2: (88, 0x50, Key.Key_Down), 3: (89, 0x51, Key.Key_PageDown),
    4: (83, 0x4B, Key.Key_Left), 5: (84, 0x4C, Key.Key_Clear), 6: (85, 0x4D, Key.Key_Right),
    0: (90, 0x52, Key.Key_Insert),
}  # fmt: skip


def test_the_pad_is_the_same_with_num_lock_on_and_off() -> None:
    for number, (evdev, windows, without) in PAD_KEYS.items():
        typed = ord(str(number))
        for platform, code in (("xcb", evdev), ("windows", windows)):
            assert digit(pressed(typed, str(number), code, PAD), platform) == number
            assert digit(pressed(without, "", code, PAD), platform) == number
        assert digit(pressed(without, "", 0, PAD), "offscreen") == number


def test_the_keys_beside_the_pad_are_no_digits() -> None:
    assert digit(pressed(Key.Key_Left, "", 113), "xcb") is None
    assert digit(pressed(Key.Key_Left, "", 0x14B), "windows") is None
    assert digit(pressed(Key.Key_Home, "", 110), "xcb") is None


def test_where_no_place_is_known_the_character_counts() -> None:
    assert digit(pressed(Key.Key_4, "4")) == 4
    assert digit(pressed(Key.Key_4, "4", 200), "xcb") == 4
    assert digit(pressed(Key.Key_A, "a")) is None


def test_with_control_or_alt_nothing_is_a_digit_or_a_sign() -> None:
    for modifier in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier):
        assert digit(pressed(Key.Key_1, "1", 10, modifier), "xcb") is None
        assert sign(pressed(Key.Key_Plus, "+", 21, modifier), "xcb") is None


def test_a_french_reader_types_digits_with_shift() -> None:
    assert digit(pressed(Key.Key_4, "4", 13, SHIFT), "xcb") == 4


def test_a_sign_is_what_is_typed_and_only_then_a_place() -> None:
    for key, text, code, keys, expected in (
        (Key.Key_Plus, "+", 21, SHIFT, 1),
        (Key.Key_Equal, "=", 21, NONE, 1),
        (Key.Key_Minus, "-", 20, NONE, -1),
        (Key.Key_Plus, "+", 86, PAD, 1),
        (Key.Key_Minus, "-", 82, PAD, -1),
        (Key.Key_Plus, "+", 35, NONE, 1),  # German
        (Key.Key_Equal, "=", 20, NONE, 1),  # Czech: what it types comes first
        (Key.Key_ParenRight, ")", 20, NONE, -1),  # French: it types neither, so its place counts
        (Key.Key_A, "a", 38, NONE, None),
    ):
        assert sign(pressed(key, text, code, keys), "xcb") == expected
