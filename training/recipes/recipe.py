"""How a checkpoint was trained, as data: every setting that shapes the run. Knows neither torch nor any data set."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_type_hints

from training.errors import RecipeError
from training.recipes.fields import checked
from training.recipes.recipe_fields import OTHER_FIELDS, RUN_FIELDS
from training.recipes.rules import broken_rules
from weights_registry.checkpoint import Metrics
from weights_registry.preprocessing import Interpolation, Preprocessing

Optimizer = Literal["sgd", "lamb"]
LrSchedule = Literal["step", "cosine"]
DecayStart = Literal["warmup_end", "start"]
ScheduleUnit = Literal["epoch", "step"]
Amp = Literal["off", "float16", "bfloat16"]
Loss = Literal["cross_entropy", "bce"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One way to train one architecture; an ingredient that is not named is off.

    `recipe_fields.RUN_FIELDS` holds meaning, unit, range and source of every field that shapes the run. Two recipes
    describe the same run if `digest()` of them agrees, whatever they are called. A variant under its own id is
    `variant(recipe, lr=0.1)`.
    Raises RecipeError for a value of the wrong type or out of its range, and for fields that contradict each other.
    """

    id: str
    architecture: str
    epochs: int
    num_gpus: int
    batch_size_per_gpu: int

    optimizer: Optimizer
    lr: float
    momentum: float | None = None
    nesterov: bool = False
    betas: tuple[float, float] | None = None
    eps: float | None = None
    weight_decay: float = 0.0
    norm_weight_decay: float | None = None
    bias_weight_decay: float | None = None
    grad_clip_norm: float | None = None
    amp: Amp = "off"
    sync_bn: bool = False

    lr_schedule: LrSchedule
    lr_step_epochs: int | None = None
    lr_gamma: float | None = None
    lr_min: float = 0.0
    warmup_epochs: int = 0
    warmup_start_factor: float | None = None
    warmup_start_lr: float | None = None
    decay_counts_from: DecayStart = "warmup_end"
    schedule_unit: ScheduleUnit = "epoch"

    ema_decay: float | None = None
    ema_every_steps: int | None = None

    loss: Loss = "cross_entropy"
    bce_target_threshold: float | None = None
    label_smoothing: float = 0.0
    mixup_alpha: float = 0.0
    cutmix_alpha: float = 0.0
    stochastic_depth: float = 0.0
    zero_init_residual: bool = False

    train_crop_size: int
    train_scale: tuple[float, float] = (0.08, 1.0)
    train_ratio: tuple[float, float] = (3 / 4, 4 / 3)
    train_interpolation: Interpolation = "bilinear"
    horizontal_flip: float = 0.5
    auto_augment: str | None = None
    random_erasing: float = 0.0
    repeated_augmentations: int = 1

    inference: Preprocessing

    of: str | None = None
    published: tuple[Metrics, ...] = ()
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        facts = {**RUN_FIELDS, **OTHER_FIELDS}
        for name, kind in field_types().items():
            # 1 and 1.0 are the same rate and must have the same digest, so whole numbers become floats here.
            object.__setattr__(self, name, checked(name, getattr(self, name), kind, facts[name]))
        if broken := broken_rules(self):
            raise RecipeError(f"`{self.id}` contradicts itself: {'; '.join(broken)}")

    @property
    def global_batch_size(self) -> int:
        """Pictures of one optimiser step, over all GPUs."""
        return self.num_gpus * self.batch_size_per_gpu

    @property
    def variant(self) -> str:
        """The id without its architecture: `v2`, `a1`, `rung-03`."""
        return self.id.removeprefix(f"{self.architecture}/")

    @property
    def headline(self) -> Metrics | None:
        """The published evaluation to quote, None if there is none."""
        return next(iter(self.published), None)


@cache
def field_types() -> dict[str, Any]:
    """The type of every field of a `Recipe`, by name, such as `float | None`."""
    return get_type_hints(Recipe)
