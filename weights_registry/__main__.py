"""`python -m weights_registry`: the same as the command `weights-registry`."""

import sys

from weights_registry.cli import main

if __name__ == "__main__":
    sys.exit(main())
