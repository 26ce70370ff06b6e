"""Map: `wsiview map`."""

from __future__ import annotations

import argparse

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_mpp, check_saliency, check_seed, check_threads
from wsiview.explain.cohort import read_cohort
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Map every slide with every clustering; goes on after a map that fails, and lists those at the end."""
    check_threads(arguments.threads)
    check_seed(arguments.seed)
    check_mpp(arguments.mpp)
    check_saliency(arguments.saliency)
    cohort = read_cohort(arguments.slides, reporter.note)
    from wsiview.cli.map_run import map_slides  # loads torch, for which nobody waits who mistyped a flag

    return map_slides(arguments, cohort, reporter, progress)
