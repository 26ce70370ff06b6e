"""Resources: finds the files that travel with the program, in a checkout and in an installed wheel alike."""

import os
from pathlib import Path

import platformdirs

_HERE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The path of one file or folder of `resources/`.

    Raises
    ------
    FileNotFoundError
        If the program was installed without it.
    """
    for folder in (_HERE / "_resources", _HERE.parent / "resources"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"wsiview was installed without its file {name!r}; install it again")


def user_data_folder() -> Path:
    """Where reviews, preferences, logs and homeless maps are kept; WSIVIEW_DATA names another folder."""
    return _folder("WSIVIEW_DATA", platformdirs.user_data_path("wsiview", appauthor=False))


def user_cache_folder() -> Path:
    """Where things lie that can be made again; WSIVIEW_CACHE names another folder."""
    return _folder("WSIVIEW_CACHE", platformdirs.user_cache_path("wsiview", appauthor=False))


def _folder(variable: str, usual: Path) -> Path:
    path = Path(os.environ.get(variable) or usual)
    path.mkdir(parents=True, exist_ok=True)
    return path
