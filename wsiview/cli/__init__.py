"""Command line: the second front on the same rooms; it loads a window only to open one."""

from wsiview.cli.command import main

__all__ = ["main"]
