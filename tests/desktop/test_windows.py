"""What would be written on Windows: keys, values and the shortcut, without a Windows."""

from __future__ import annotations

from pathlib import PureWindowsPath

from wsiview.desktop.windows import (
    CLASSES,
    keys_to_clear,
    registry_plan,
    shortcut_settings,
    without_console,
)

ICON = PureWindowsPath(r"C:\Program Files\wsiview\wsiview.ico")
COMMAND = (r"C:\my venv\Scripts\pythonw.exe", "-P", "-m", "wsiview")
PLAN = {(value.key, value.name): value.text for value in registry_plan(COMMAND, ICON)}


def test_a_double_click_starts_wsiview_with_the_file() -> None:
    for program in ("wsiview.slide", "wsiview.clustering"):
        command = PLAN[rf"{CLASSES}\{program}\shell\open\command", ""]
        assert command == r'"C:\my venv\Scripts\pythonw.exe" -P -m wsiview "%1"'
        assert PLAN[rf"{CLASSES}\{program}\DefaultIcon", ""] == str(ICON)


def test_suffixes_are_offered_and_no_choice_of_the_users_is_touched() -> None:
    offered = {key.split("\\")[2]: name for (key, name) in PLAN if key.endswith("OpenWithProgids")}
    assert offered[".svs"] == offered[".tiff"] == offered[".dcm"] == offered[".mrxs"] == "wsiview.slide"
    assert offered[".clustering"] == "wsiview.clustering"
    assert not any(key == rf"{CLASSES}\.svs" for key, _ in PLAN)
    assert all(key.startswith(CLASSES + "\\") for key, _ in PLAN)


def test_keys_are_cleared_from_the_inside_and_never_the_users_classes_themselves() -> None:
    keys = keys_to_clear(registry_plan(COMMAND, ICON))
    own = rf"{CLASSES}\wsiview.slide"
    order = [keys.index(key) for key in (rf"{own}\shell\open\command", rf"{own}\shell\open", rf"{own}\shell", own)]
    assert order == sorted(order)
    assert CLASSES not in keys
    assert len(set(keys)) == len(keys)


def test_the_shortcut_goes_through_the_environment_unquoted() -> None:
    link = PureWindowsPath(r"C:\Users\O'Neil\wsiview.lnk")
    settings = shortcut_settings(link, COMMAND, ICON)
    assert settings["WSIVIEW_LINK"] == str(link)
    assert settings["WSIVIEW_PROGRAM"] == COMMAND[0]
    assert settings["WSIVIEW_ARGUMENTS"] == "-P -m wsiview"


def test_no_console_window_stays_open_beside_ours() -> None:
    assert without_console((r"C:\venv\Scripts\python.exe", "-m", "wsiview"))[0] == r"C:\venv\Scripts\pythonw.exe"
    assert without_console((r"C:\tools\wsiview.exe",)) == (r"C:\tools\wsiview.exe",)
