"""Command: from words on the command line to a status."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from wsiview.cli.arguments import parse
from wsiview.cli.reporting import Reporter
from wsiview.errors import UsageError, WsiviewError
from wsiview.progress import Cancelled, Progress

SUCCESS, FAILURE, USAGE, PARTIAL = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    0 success, 2 wrong usage, 3 finished with parts that could not be read, 1 everything else.
    """
    arguments = parse(sys.argv[1:] if argv is None else argv)
    reporter = Reporter(as_json=arguments.json)
    progress = Progress(reporter.step)
    # Torch's idle threads would spin, which slows small networks many times over where other programs compute as well;
    # read when torch is first loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Each command is a module with a `run`; only the one asked for is loaded, with what it needs.
    module = importlib.import_module(f"wsiview.cli.{arguments.module}")
    try:
        with _interruptible(progress, arguments.module != "window_command"):
            status = module.run(arguments, reporter, progress)
    except Cancelled:
        reporter.error("stopped; the same command goes on from here")
        return FAILURE
    except UsageError as error:
        reporter.error(str(error))
        return USAGE
    except WsiviewError as error:
        reporter.error(str(error))
        return FAILURE
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    finally:
        reporter.close()
    return int(status)


@contextmanager
def _interruptible(progress: Progress, gently: bool) -> Iterator[None]:
    """The first Ctrl-C asks the work to stop at its next step; the second stops it at once."""
    if not gently:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        progress.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled from None
    finally:
        signal.signal(signal.SIGINT, before)
