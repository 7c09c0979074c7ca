"""The front matter as the Hub's own library reads it, without the Hub."""

from typing import Any

import pytest
from huggingface_hub import EvalResult, ModelCard

from tests.small_checkpoints import measured, record
from weights_registry import Checkpoint, ResNet50_Weights
from weights_registry.card import make_card
from weights_registry.card.evidence import read_evidence
from weights_registry.card.folder import CardsFolder, bundled_checkpoints, checkout_folder
from weights_registry.card.front_matter import (
    HUB_DATASETS,
    HUB_LICENCES,
    front_matter,
    read_front_matter,
    without_front_matter,
)

V2 = ResNet50_Weights.ImageNet1K_V2.checkpoint


@pytest.fixture(scope="module")
def folder() -> CardsFolder:
    found = checkout_folder()
    assert found is not None
    return found


def results_of(checkpoint: Checkpoint) -> list[EvalResult]:
    return front_matter(checkpoint).eval_results or []


def results_in(card: str) -> list[EvalResult]:
    read: Any = ModelCard(card)
    found: list[EvalResult] = read.data.eval_results
    return found


@pytest.mark.parametrize("checkpoint", bundled_checkpoints(), ids=lambda checkpoint: checkpoint.id)
def test_the_hubs_library_reads_every_card_and_writes_it_back_unchanged(
    checkpoint: Checkpoint, folder: CardsFolder
) -> None:
    path = folder.card_path(checkpoint)
    card: Any = ModelCard.load(path)  # checks the model-index as it reads it
    assert str(card) == path.read_text(encoding="utf-8")
    assert card.data.model_name == checkpoint.id
    assert card.data.license in HUB_LICENCES
    assert set(card.data.datasets) <= set(HUB_DATASETS.values())
    top1 = [result.metric_value for result in card.data.eval_results if result.metric_type == "accuracy"]
    measured_here = [each.metrics for each in read_evidence(folder.evidence_path(checkpoint)) if each.metrics]
    told = [each for each in checkpoint.metrics if each.of != "earlier-run"] + measured_here
    assert top1 == [pytest.approx(each.acc1 / 100) for each in told]


def test_each_evaluation_keeps_its_own_source() -> None:
    # The Hub's format makes one evaluation of all that agree in task and data set, with the first one's source.
    read = results_in(make_card(V2))
    assert read == results_of(V2)
    on_val = {(each.source_name, each.metric_value) for each in read if each.dataset_name == "ImageNet-1K"}
    assert {("torchvision", 0.80858), ("timm", 0.80846)} <= on_val


def test_two_like_evaluations_are_still_two() -> None:
    twice = record(
        metrics=(measured(50, 100, source="https://a.example"), measured(60, 90, source="https://b.example"))
    )
    read = results_in(make_card(twice))
    assert [(each.metric_value, each.source_url) for each in read] == [
        (0.5, "https://a.example"),
        (0.6, "https://b.example"),
    ]


def test_an_earlier_runs_figure_is_not_this_files() -> None:
    assert 0.80674 not in [each.metric_value for each in results_of(V2)]
    sibling = results_of(record(metrics=(measured(50, 100, of="sibling-file"),)))
    assert [each.dataset_args and each.dataset_args["of"] for each in sibling] == ["a sibling file"]


@pytest.mark.parametrize(
    ("licence", "read"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("not stated", {"license": "unknown"}),
        ("My-Own-1.0", {"license": "other", "license_name": "My-Own-1.0"}),
    ],
)
def test_a_licence_is_one_that_the_hub_knows_or_named_apart(licence: str, read: dict[str, str]) -> None:
    said = read_front_matter(make_card(record(weights_licence=licence)))
    assert {key: value for key, value in said.items() if key.startswith("license")} == read


def test_a_checkpoint_without_figures_has_a_front_matter_without_model_index() -> None:
    assert set(read_front_matter(make_card(record()))) == {
        "pipeline_tag",
        "library_name",
        "tags",
        "license",
        "model_name",
    }


def test_what_is_read_begins_with_the_title() -> None:
    assert without_front_matter(make_card(record())).startswith("# Colours.V1\n")
    assert without_front_matter("# No front matter\n---\nx\n---\n") == "# No front matter\n---\nx\n---\n"
