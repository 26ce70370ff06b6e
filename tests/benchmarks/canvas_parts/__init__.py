"""What the canvas is measured with, for the benchmarks beside this folder; without a screen unless one is asked for."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is loaded
