"""What a run amounts to, against the published runs' own arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import DataSetTooSmall, Recipe, get_recipe, list_recipes, make_plan

IMAGENET = 1_281_167
V2 = get_recipe("resnet50/v2")


def test_v2_on_imagenet_is_the_published_run() -> None:
    plan = make_plan(V2, num_images=IMAGENET)
    assert plan.steps_per_epoch == 1251
    assert plan.num_steps == 750_600
    assert plan.num_warmup_steps == 6255
    assert plan.images_seen == 768_614_400
    assert plan.num_ema_updates == 40 * 600
    assert plan.ema_decay == pytest.approx(0.998908, abs=5e-7)
    assert plan.distinct_images_per_epoch == 320_256
    assert plan.hours is None


@pytest.mark.parametrize(("name", "thousand_steps"), [("a1", 375), ("a2", 188), ("a3", 63)])
def test_timms_recipes_take_the_papers_steps(name: str, thousand_steps: int) -> None:
    plan = make_plan(get_recipe(f"resnet50/{name}"), num_images=IMAGENET)
    assert plan.num_steps / 1000 == pytest.approx(thousand_steps, abs=0.6)
    assert plan.num_ema_updates == 0
    assert plan.ema_decay is None


def test_hours_are_pictures_over_speed() -> None:
    plan = make_plan(V2, num_images=IMAGENET, images_per_second=20_000)
    assert plan.hours == pytest.approx(768_614_400 / 20_000 / 3600)


def test_a_training_set_smaller_than_a_step_is_refused() -> None:
    with pytest.raises(DataSetTooSmall, match="takes 1024 pictures a step and the training set has 1023"):
        make_plan(V2, num_images=1023)
    assert make_plan(V2, num_images=1024).steps_per_epoch == 1


def test_a_speed_that_is_none_is_refused() -> None:
    for speed in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="`images_per_second` must be above 0"):
            make_plan(V2, num_images=IMAGENET, images_per_second=speed)


@given(recipe=st.sampled_from(list_recipes()), num_images=st.integers(2048, 10**7))
def test_a_run_sees_whole_batches_and_no_epoch_more_than_there_is(recipe: Recipe, num_images: int) -> None:
    plan = make_plan(recipe, num_images=num_images)
    assert plan.images_seen == plan.num_steps * recipe.global_batch_size
    assert num_images - recipe.global_batch_size < plan.steps_per_epoch * recipe.global_batch_size <= num_images
    assert plan.distinct_images_per_epoch * recipe.repeated_augmentations >= plan.images_seen // plan.epochs
