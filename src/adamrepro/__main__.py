"""`python -m adamrepro`: the same as the command `adamrepro`."""

import sys

from adamrepro.cli import main

if __name__ == "__main__":
    sys.exit(main())
