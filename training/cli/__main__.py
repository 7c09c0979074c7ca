"""`python -m training.cli`, which is how torchrun starts `reproduce-weights`."""

import sys

from training.cli import main

sys.exit(main())
