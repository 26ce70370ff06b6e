"""Desktop: `wsiview desktop --install` and `--remove`."""

from __future__ import annotations

import argparse

from wsiview.cli.reporting import Reporter
from wsiview.desktop import Outcome, install, remove
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Install for the current user, or remove, and say what was written or taken away."""
    outcome = install() if arguments.install else remove()
    for note in outcome.notes:
        reporter.note(note)
    reporter.result(
        "\n".join((_headline(outcome, arguments.install), *(f"  {place}" for place in outcome.places))),
        installed=arguments.install,
        places=list(outcome.places),
    )
    return 0


def _headline(outcome: Outcome, installed: bool) -> str:
    if installed:
        return "wsiview is in the menu, and slides can be opened with it:"
    return "removed:" if outcome.places else "nothing was installed here"
