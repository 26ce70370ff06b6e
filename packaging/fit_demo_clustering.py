"""Fit the demo case's clustering with the program itself, on slides painted with the seeds the model was trained on.

    python packaging/fit_demo_clustering.py
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wsiview.demo import write_demo_slide

FITTING_SEEDS = (101, 102, 103, 104, 105, 106)
SLIDE_SIZE = (4096, 3072)
CLASSES = 6
DEMO = Path(__file__).parents[1] / "resources" / "demo"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEMO / "model")
    parser.add_argument("--out", type=Path, default=DEMO / "demo.clustering")
    parser.add_argument("-k", type=int, default=CLASSES)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        slides = [str(write_demo_slide(Path(scratch), seed, *SLIDE_SIZE).slide) for seed in FITTING_SEEDS]
        command = [sys.executable, "-m", "wsiview", "fit", *slides]
        fitted = Path(scratch) / args.out.name  # the list of slide names beside it stays behind with the slides
        command += ["--model", str(args.model), "-k", str(args.k), "--out", str(fitted), "--seed", "0"]
        status = subprocess.run(command, check=False).returncode
        if status == 0:
            shutil.copyfile(fitted, args.out)
        return status


if __name__ == "__main__":
    sys.exit(main())
