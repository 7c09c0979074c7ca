"""`python -m training.cli`, for where the script `reproduce-weights` is not at hand.

Python looks into the current folder first there: one called `training/` would be run instead. The script does not.
"""

import sys

from training.cli import main

sys.exit(main())
