"""The network a recipe asks for: called as the registry calls it, skipping blocks and beginning at 0 as timm's do."""

from dataclasses import replace

import pytest
import timm
import torch

from training import Recipe, RecipeError, get_recipe, stochastic_depth_rates
from training.learning.networks import build_network
from weights_registry import Preprocessing
from weights_registry.inference.architectures import build, build_without_parameters, register_architecture

V1, A1, A3 = (get_recipe(f"resnet18/{variant}") for variant in ("v1", "a1", "a3"))
GREY = Preprocessing(resize_size=28, crop_size=28, mean=(0.3,), std=(0.3,))


def tiny(recipe: Recipe, **changes: object) -> Recipe:
    name = "registry/resnet14-w4-grey"
    return replace(recipe, architecture=name, id=f"{name}/test", inference=GREY, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", [V1, A1, A3, tiny(V1), tiny(A1)], ids=lambda recipe: recipe.id)
def test_its_parameters_are_called_as_the_registry_calls_them(recipe: Recipe) -> None:
    found = build_network(recipe, 7, seed=0).state_dict()
    expected = build_without_parameters(recipe.architecture, 7).state_dict()
    assert {name: each.shape for name, each in found.items()} == {name: each.shape for name, each in expected.items()}


def test_blocks_are_skipped_as_often_as_the_schedule_says() -> None:
    network = build_network(A1, 7, seed=0)
    blocks = [block for stage in (1, 2, 3, 4) for block in network.get_submodule(f"layer{stage}").children()]
    rates = [getattr(block.drop_path, "drop_prob", 0.0) for block in blocks]
    assert rates == pytest.approx(stochastic_depth_rates(A1, 8))
    ours = build_network(tiny(A1), 7, seed=0)
    rates = [module.skip_rate for module in ours.modules() if hasattr(module, "skip_rate")]
    assert rates == pytest.approx(stochastic_depth_rates(A1, 6))


@pytest.mark.parametrize("recipe", [A1, A3, tiny(A1)], ids=lambda recipe: recipe.id)
def test_the_last_norm_of_each_block_starts_at_zero_where_the_recipe_says_so(recipe: Recipe) -> None:
    def zeros(of: Recipe) -> list[str]:
        return [
            name
            for name, each in build_network(of, 7, seed=0).named_parameters()
            if not each.any() and "weight" in name
        ]

    plain = zeros(replace(recipe, zero_init_residual=False))
    assert plain == []
    assert zeros(recipe)
    assert all(name.endswith("bn2.weight") for name in zeros(recipe))


def test_timms_own_zero_initialisation_is_the_same() -> None:
    theirs = timm.create_model("resnet18", zero_init_last=True).named_parameters()
    ours = build_network(A1, 1000, seed=0).named_parameters()
    assert [name for name, each in ours if not each.any()] == [name for name, each in theirs if not each.any()]


def test_the_same_seed_gives_the_same_parameters_and_disturbs_no_generator() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (build_network(tiny(V1), 7, seed=seed).state_dict()["fc.weight"] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_stochastic_depth_it_is_the_registrys_own() -> None:
    assert type(build_network(V1, 7, seed=0)) is type(build("resnet18", 7))


def test_a_network_that_makes_the_channels_itself_is_taken() -> None:
    class Repeating(torch.nn.Module):
        def __init__(self, num_classes: int) -> None:
            super().__init__()
            self.conv, self.norm, self.fc = (
                torch.nn.Conv2d(3, 4, 1),
                torch.nn.BatchNorm2d(4),
                torch.nn.Linear(4, num_classes),
            )

        def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.fc(self.norm(self.conv(images_NCHW.expand(-1, 3, -1, -1))).mean((2, 3)))
            return found

    register_architecture("tests/repeating", Repeating)
    recipe = replace(V1, architecture="tests/repeating", id="tests/repeating/test", inference=GREY)
    network = build_network(recipe, 7, seed=0)
    assert network.training
    assert not network.get_buffer("norm.num_batches_tracked").item()


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (replace(V1, architecture="resnet1", id="resnet1/x"), "no architecture is called `resnet1`"),
        (replace(V1, architecture="alexnet", id="alexnet/x", zero_init_residual=True), "no residual block"),
        (replace(V1, architecture="alexnet", id="alexnet/x", stochastic_depth=0.1), "timm has no architecture"),
        (
            replace(V1, architecture="vgg11", id="vgg11/x", stochastic_depth=0.1),
            "timm's `vgg11` cannot skip blocks",
        ),
        (
            replace(V1, inference=GREY),
            "`resnet18` takes pictures of 3 channels, and the recipe feeds it 1: `inference.mean` and `inference.std`",
        ),
        (
            replace(tiny(A1), inference=Preprocessing(resize_size=28, crop_size=28)),
            "takes pictures of 1 channels, and the recipe feeds it 3",
        ),
    ],
    ids=["unknown", "no blocks", "not timm's", "no blocks of timm's", "grey pictures", "colours"],
)
def test_what_cannot_be_built_is_refused(recipe: Recipe, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        build_network(recipe, 7, seed=0)
