"""Resources: finds the files that travel with the program, in a checkout and in an installed wheel alike."""

from pathlib import Path

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
