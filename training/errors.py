"""Every error this package raises on purpose; knows nothing of where they are raised.

TrainingError
├── UnknownRecipe           no recipe of that name (also a LookupError)
├── RecipeError             a recipe breaks a rule, or cannot be read (also a ValueError)
│   ├── SettingError        a setting such as `lr=0.1` names no field, or its value does not fit the field
│   └── BatchMismatch       this hardware cannot keep the recipe's global batch, and no rule for the rate was given
├── DataSetError            the data set is not there, or not as it must be (also a ValueError)
│   ├── DataSetTooSmall     fewer pictures than one optimiser step takes
│   └── TooManyUnreadable   more pictures than the limit cannot be read
├── LossDiverged            the loss, or what the network answers, is no number any more; says where
└── RunError                a run cannot be begun, resumed, read or exported
    └── SnapshotDamaged     a snapshot is not what was written

A wrong argument is a plain `ValueError` or `TypeError`.
"""


class TrainingError(Exception):
    """Root of the tree: catches everything this package raises on purpose."""


class UnknownRecipe(TrainingError, LookupError):
    """No recipe has that name; the message lists the closest ones."""


class RecipeError(TrainingError, ValueError):
    """A recipe contradicts itself, leaves a field's range, or is a record that cannot be read."""


class SettingError(RecipeError):
    """A setting names no field of a recipe, or holds a value of the wrong type."""


class BatchMismatch(RecipeError):
    """The global batch cannot be kept with so many GPUs and so large a batch on each; the message lists what can."""


class DataSetError(TrainingError, ValueError):
    """The data set is not there, or not as it must be; the message says where it was looked for."""


class DataSetTooSmall(DataSetError):
    """The training set holds fewer pictures than one optimiser step takes."""


class TooManyUnreadable(DataSetError):
    """More pictures than the limit cannot be read; the message names some of them."""


class LossDiverged(TrainingError):
    """The loss, or what the network answers, is infinite or no number; the message names the step or the pictures."""


class RunError(TrainingError):
    """A run cannot be begun, resumed, read or exported; the message says what to do."""


class SnapshotDamaged(RunError):
    """A snapshot is not what was written: cut short, changed, or of another kind."""
