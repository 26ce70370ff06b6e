"""`python -m wsiview` is `wsiview`."""

import sys

from wsiview.cli import main

if __name__ == "__main__":
    sys.exit(main())
