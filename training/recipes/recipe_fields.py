"""The meaning, unit, range and source of every field of a recipe, as one table. Knows nothing of values.

`tv --flag` is a flag of torchvision's references/classification/train.py, `timm --flag` one of timm's train.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from training.recipes.fields import Facts

_LAMB: Final = "https://arxiv.org/abs/1904.00962"
_OURS: Final = "this project"

# The fields that shape a run: they make the digest, and `--set` changes them.
RUN_FIELDS: Final[Mapping[str, Facts]] = MappingProxyType(
    {
        # How long, and how much at a time.
        "architecture": Facts("builder of the network", "name", "tv --model"),
        "epochs": Facts("passes over the training set", "epochs", "tv --epochs", low=1),
        "num_gpus": Facts("processes with a replica each; 1 on a CPU", "processes", "torchrun --nproc_per_node", low=1),
        "batch_size_per_gpu": Facts("pictures a replica and its batch norm see at once", "pictures", "tv -b", low=1),
        # The optimiser.
        "optimizer": Facts("update rule", "name", "tv --opt, timm --opt"),
        "lr": Facts("peak learning rate", "1", "tv --lr", low=0, above_low=True),
        "momentum": Facts("momentum of SGD", "share", "tv --momentum", low=0, high=1),
        "nesterov": Facts("SGD looks ahead by its momentum", "flag", "tv --opt sgd_nesterov"),
        "betas": Facts("decay of LAMB's two running means", "share", _LAMB, low=0, high=1),
        "eps": Facts("added to LAMB's denominator", "1", _LAMB, low=0, above_low=True),
        "weight_decay": Facts("weight decay of all that has none of its own", "1", "tv --weight-decay", low=0),
        "norm_weight_decay": Facts("of norm layers; none: as `weight_decay`", "1", "tv --norm-weight-decay", low=0),
        "bias_weight_decay": Facts("of biases; none: as `weight_decay`", "1", "tv --bias-weight-decay", low=0),
        "grad_clip_norm": Facts(
            "largest global norm of the gradient; none: not clipped", "1", "tv --clip-grad-norm", low=0, above_low=True
        ),
        "amp": Facts("number format of autocast; off: float32 throughout", "dtype", "tv --amp, timm --amp-dtype"),
        "sync_bn": Facts("batch norm looks at all GPUs together", "flag", "tv --sync-bn"),
        # The learning rate over time.
        "lr_schedule": Facts("shape of the decay", "name", "tv --lr-scheduler"),
        "lr_step_epochs": Facts("from one step down to the next", "epochs", "tv --lr-step-size", low=1),
        "lr_gamma": Facts("factor of a step down", "factor", "tv --lr-gamma", low=0, high=1, above_low=True),
        "lr_min": Facts("rate at which the cosine ends", "1", "tv --lr-min, timm --min-lr", low=0),
        "warmup_epochs": Facts("linear rise at the start, within `epochs`", "epochs", "tv --lr-warmup-epochs", low=0),
        "warmup_start_factor": Facts(
            "first rate of the rise, as a share of `lr`", "share", "tv --lr-warmup-decay", low=0, high=1, above_low=True
        ),
        "warmup_start_lr": Facts("first rate of the rise", "1", "timm --warmup-lr", low=0),
        "decay_counts_from": Facts(
            "where the decay starts to count: warmup_end as torchvision, start as timm", "name", "timm warmup_prefix"
        ),
        "schedule_unit": Facts(
            "how often the rate changes; as published: each epoch", "name", "timm --sched-on-updates"
        ),
        # The average of the weights.
        "ema_decay": Facts(
            "decay of the average, before the adjustment of `schedule.ema_decay`; none: no average",
            "share",
            "tv --model-ema-decay",
            low=0,
            high=1,
        ),
        "ema_every_steps": Facts("from one update of the average to the next", "steps", "tv --model-ema-steps", low=1),
        # The loss, and what softens it.
        "loss": Facts("loss; bce: its mean over batch and categories", "name", "timm --bce-loss"),
        "bce_target_threshold": Facts(
            "targets above it count as 1, the others as 0; none: soft",
            "share",
            "timm --bce-target-thresh",
            low=0,
            high=1,
        ),
        "label_smoothing": Facts(
            "share spread evenly over all categories", "share", "tv --label-smoothing", low=0, high=1
        ),
        "mixup_alpha": Facts("alpha of mixup's Beta; 0: off", "1", "tv --mixup-alpha", low=0),
        "cutmix_alpha": Facts(
            "alpha of CutMix's Beta; 0: off; beside mixup each batch takes one of the two, evenly",
            "1",
            "tv --cutmix-alpha",
            low=0,
        ),
        "stochastic_depth": Facts(
            "chance to skip the last block, falling to 0 at the first", "probability", "timm --drop-path", low=0, high=1
        ),
        "zero_init_residual": Facts("last norm of each block starts at 0", "flag", "timm zero_init_last"),
        # What a training picture goes through.
        "train_crop_size": Facts("side of the random crop", "pixels", "tv --train-crop-size", low=1),
        "train_scale": Facts(
            "area of the random crop", "share of picture", "timm --scale", low=0, high=1, above_low=True
        ),
        "train_ratio": Facts("width over height of the random crop", "ratio", "timm --ratio", low=0, above_low=True),
        "train_interpolation": Facts("how the crop is resized", "name", "tv --interpolation"),
        "horizontal_flip": Facts("chance of a mirror image", "probability", "timm --hflip", low=0, high=1),
        "auto_augment": Facts("ta_wide, ra, or timm's `rand-...`; none: off", "name", "tv --auto-augment, timm --aa"),
        "random_erasing": Facts(
            "chance to erase a box of the normalised crop", "probability", "tv --random-erase", 0, 1
        ),
        "repeated_augmentations": Facts(
            "views of each picture in an epoch that keeps its length; 1: off", "views", "tv --ra-reps", low=1
        ),
        # How the result is evaluated.
        "inference": Facts("how pictures are fed at evaluation", "pixels", "tv --val-resize-size, --val-crop-size"),
    }
)

# The fields that tell about a run and do not shape it.
OTHER_FIELDS: Final[Mapping[str, Facts]] = MappingProxyType(
    {
        "id": Facts("`<architecture>/<variant>`, and `+<digest>` if changed", "name", _OURS),
        "of": Facts("published recipe that this one was changed from; none: it is published", "name", _OURS),
        "published": Facts("what its authors report, the headline first", "percent", _OURS),
        "assumed": Facts("fields that no source states", "names", _OURS),
        "notes": Facts("what a reader must know besides", "sentences", _OURS),
    }
)
