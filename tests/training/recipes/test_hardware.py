"""Other hardware than the recipe's: the global batch is kept, or the rate follows a rule that was asked for."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import BatchMismatch, fit, get_recipe
from training.runs.settings import default_num_workers

V2, A2 = get_recipe("resnet50/v2"), get_recipe("resnet50/a2")


def test_on_its_own_hardware_nothing_is_accumulated_and_nothing_differs() -> None:
    same = fit(V2, num_gpus=8, batch_size_per_gpu=128)
    assert same.recipe is V2
    assert (same.accumulation_steps, same.remarks) == (1, ())


@given(num_gpus=st.integers(1, 64), batch_size_per_gpu=st.integers(1, 2048))
def test_the_global_batch_is_kept_exactly_or_refused(num_gpus: int, batch_size_per_gpu: int) -> None:
    try:
        found = fit(V2, num_gpus=num_gpus, batch_size_per_gpu=batch_size_per_gpu)
    except BatchMismatch:
        assert V2.global_batch_size % (num_gpus * batch_size_per_gpu)
    else:
        assert found.recipe is V2
        assert found.global_batch_size == V2.global_batch_size


def test_a_batch_that_does_not_divide_is_answered_with_those_that_do() -> None:
    with pytest.raises(BatchMismatch, match=r"2 x 100 = 200 does not divide that") as caught:
        fit(V2, num_gpus=2, batch_size_per_gpu=100)
    fitting = re.search(r"With 2 GPUs, ([\d, ]+) pictures", str(caught.value))
    assert fitting is not None
    for size in fitting[1].split(", "):
        assert fit(V2, num_gpus=2, batch_size_per_gpu=int(size)).accumulation_steps >= 1
    with pytest.raises(BatchMismatch, match=r"No batch of 3 GPUs does; or choose .* linear or sqrt"):
        fit(V2, num_gpus=3, batch_size_per_gpu=128)


def test_one_picture_too_many_is_refused_as_well() -> None:
    with pytest.raises(BatchMismatch):
        fit(V2, num_gpus=16, batch_size_per_gpu=128)


def test_under_a_rule_the_rate_follows_the_batch_and_the_recipe_is_another() -> None:
    linear = fit(V2, num_gpus=1, batch_size_per_gpu=256, lr_rule="linear")
    assert linear.recipe.lr == 0.125
    assert linear.recipe.global_batch_size == linear.global_batch_size == 256
    assert linear.accumulation_steps == 1
    assert linear.recipe.id.startswith("resnet50/v2+")
    assert linear.recipe.of == "resnet50/v2"


def test_the_root_rule_gives_the_rate_of_timms_public_command_for_a2() -> None:
    # 4 x 256 pictures and --lr 3.5e-3, where the paper has 2048 and 5e-3.
    public = fit(A2, num_gpus=4, batch_size_per_gpu=256, lr_rule="sqrt").recipe
    assert public.lr == pytest.approx(3.5e-3, rel=0.011)
    assert public.warmup_start_lr == 1e-4


def test_a_rule_that_has_nothing_to_scale_leaves_the_recipe_as_it_is() -> None:
    assert fit(V2, num_gpus=4, batch_size_per_gpu=256, lr_rule="linear").recipe is V2


def test_what_accumulation_cannot_keep_is_told() -> None:
    remarks = " / ".join(fit(V2, num_gpus=1, batch_size_per_gpu=32).remarks)
    assert "batch norm looks at 32 pictures at a time, in the recipe at 128" in remarks
    assert "32 pictures share one draw of mixup" in remarks
    assert "views of one picture" not in remarks
    (*_, last) = fit(V2, num_gpus=1, batch_size_per_gpu=512).remarks
    assert last == "views of one picture meet in one batch, in the recipe each goes to another"


def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(ValueError, match="start from 1"):
        fit(V2, num_gpus=0, batch_size_per_gpu=128)
    with pytest.raises(ValueError, match="`lr_rule` must be one of linear, sqrt"):
        fit(V2, num_gpus=1, batch_size_per_gpu=1, lr_rule="cubic")  # type: ignore[arg-type]


def test_readers_are_shared_out_between_the_processes_of_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, processes, expected in ((2, 1, 2), (64, 1, 16), (64, 8, 8), (4, 8, 1)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
        assert default_num_workers() == expected
