"""Installation: does on this system what installing for the current user means there."""

from __future__ import annotations

import sys

from wsiview.desktop import linux
from wsiview.desktop.outcome import Outcome
from wsiview.desktop.starting import starting_command
from wsiview.errors import WsiviewError

_ON_MACOS = (
    "on macOS file types belong to application bundles, and wsiview is none yet: drop slides onto its window, or "
    "start it as `wsiview FILE`"
)


def install() -> Outcome:
    """Menu entry, icons and file types for the current user.

    Raises
    ------
    WsiviewError
        If that can't be done, here or at all; nothing has been changed then.
    """
    _refuse_macos()
    if sys.platform == "win32":
        from wsiview.desktop import registry

        return registry.install(starting_command())
    else:
        return linux.install(linux.data_home(), starting_command())


def remove() -> Outcome:
    """Take away what `install` has put there.

    Raises
    ------
    WsiviewError
        If some of it can't be taken away.
    """
    _refuse_macos()
    if sys.platform == "win32":
        from wsiview.desktop import registry

        return registry.remove(starting_command())
    else:
        return linux.remove(linux.data_home())


def _refuse_macos() -> None:
    if sys.platform == "darwin":
        raise WsiviewError(_ON_MACOS)
