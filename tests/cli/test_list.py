"""`list`: the table and the JSON say what the registry holds; each option keeps what it promises to keep."""

import json
from collections.abc import Callable
from dataclasses import fields

import pytest

from tests.cli.conftest import Ran, Register, Run
from tests.small_checkpoints import measured, record
from weights_registry import Checkpoint, list_weights
from weights_registry.record import from_record


def names(ran: Ran) -> list[str]:
    assert ran.status == 0, ran.err
    return [each["id"] for each in json.loads(ran.out)]


def all_checkpoints() -> list[Checkpoint]:
    return [weights.checkpoint for weights in list_weights()]


def acc1(checkpoint: Checkpoint, dataset: str) -> float:
    return next((m.acc1 for m in checkpoint.metrics if m.dataset == dataset and m.of != "earlier-run"), -1)


def test_the_table_has_a_line_for_each_and_talk_stays_on_stderr(run: Run) -> None:
    ran = run("list")
    title, *lines = ran.out.splitlines()
    assert ran.status == 0
    assert title.split() == ["NAME", "ACC@1", "ON", "PARAMS", "GMACS", "SIZE", "FED", "RECIPE", "LICENCE"]
    assert [line.split()[0] for line in lines] == [each.id for each in all_checkpoints()]
    assert "weights-registry show NAME" in ran.err


def test_a_line_says_what_the_checkpoint_says(run: Run) -> None:
    line = run("list", "resnet50_weights.imagenet1k_v2").out.splitlines()[1]
    assert line.split() == [
        *("ResNet50_Weights.ImageNet1K_V2", "80.858", "ImageNet-1K", "25.6M", "4.09"),
        *("102.5", "MB", "232/224", "resnet50/v2", "BSD-3-Clause"),
    ]


Fits = Callable[[Checkpoint], bool]


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        (["resnet*"], lambda c: c.id.lower().startswith("resnet") or c.architecture.startswith("resnet")),
        (["*v1", "wide*"], lambda c: c.id.lower().endswith("v1") or c.id.lower().startswith("wide")),
        (["--min-acc1", "81"], lambda c: c.headline is not None and c.headline.acc1 >= 81),
        (["--max-params", "30M"], lambda c: c.num_params <= 30_000_000),
        (["--licence", "apache-2.0"], lambda c: c.weights_licence == "Apache-2.0"),
        (["--recipe", "resnet50/*"], lambda c: (c.recipe or "").startswith("resnet50/")),
        (["--dataset", "imagenet-v2"], lambda c: acc1(c, "ImageNet-V2") >= 0),
        (["--dataset", "ImageNet-V2", "--min-acc1", "65"], lambda c: acc1(c, "ImageNet-V2") >= 65),
    ],
)
def test_each_condition_keeps_those_that_fit_and_no_others(arguments: list[str], fits: Fits, run: Run) -> None:
    wanted = [each.id for each in all_checkpoints() if fits(each)]
    assert 0 < len(wanted) < len(all_checkpoints())
    assert names(run("list", "--json", *arguments)) == wanted


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("acc1", lambda c: -c.headline.acc1),
        ("params", lambda c: c.num_params),
        ("gmacs", lambda c: c.gmacs),
        ("size", lambda c: c.num_bytes),
    ],
)
def test_each_order_is_that_of_its_figure(key: str, value: Callable[[Checkpoint], float], run: Run) -> None:
    ran = run("list", "--json", "--sort", key)
    values = [value(from_record(each)) for each in json.loads(ran.out)]
    assert len(values) == len(all_checkpoints())
    assert values == sorted(values)


def test_the_column_shows_the_figure_of_the_data_set_asked_for(run: Run) -> None:
    ran = run("list", "resnet50_weights.imagenet1k_v2", "--dataset", "ImageNet-V2")
    assert ran.out.splitlines()[1].split()[1:3] == ["69.510", "ImageNet-V2"]


def test_the_json_is_complete_and_reads_back(run: Run, registered: Register) -> None:
    registered(record(metrics=(measured(90.0, None),)))  # one with categories of its own
    ran = run("list", "--json")
    records = json.loads(ran.out)
    assert all(each.keys() == {"record_version", *(field.name for field in fields(Checkpoint))} for each in records)
    assert [from_record(each) for each in records] == all_checkpoints()


def test_figures_of_sibling_files_are_marked_and_explained(run: Run) -> None:
    marked = run("list", "efficientnet_lite0*")
    assert "~74.846" in marked.out
    assert "~ measured on another conversion of the same weights, not proven equal" in marked.err
    unmarked = run("list", "resnet50*")
    assert "~" not in unmarked.out + unmarked.err


def test_checkpoints_without_figures_are_listed_too(run: Run, registered: Register) -> None:
    registered(record())
    assert run("list", "colours*").out.splitlines()[1].split()[:5] == ["Colours.V1", "-", "-", "12", "-"]


def test_a_word_that_is_part_of_names_is_told_how_to_ask(run: Run) -> None:
    ran = run("list", "lite")
    assert (ran.status, ran.out) == (1, "")
    assert "3 have it within their names: weights-registry list '*lite*'" in ran.err
    assert run("list", "*lite*").out.count("\n") == 1 + 3


def test_nothing_found_is_status_1(run: Run) -> None:
    ran = run("list", "no-such-net*")
    assert (ran.status, ran.out) == (1, "")
    assert "no weights fit; `weights-registry list` without conditions" in ran.err
    assert json.loads(run("list", "no-such-net*", "--json").out) == []


def test_a_data_set_without_figures_is_answered_with_those_there_are(run: Run) -> None:
    ran = run("list", "--dataset", "CIFAR-10")
    assert ran.status == 1
    assert "`CIFAR-10`" in ran.err
    assert "ImageNet-V2" in ran.err


@pytest.mark.parametrize("text", ["30M", "30m", "30000000", "30000k", "0.03G", "3e7", "0.03b"])
def test_a_count_may_be_written_in_many_ways(text: str, run: Run) -> None:
    wanted = [each.id for each in all_checkpoints() if each.num_params <= 30_000_000]
    assert names(run("list", "--json", "--max-params", text)) == wanted


@pytest.mark.parametrize("text", ["many", "", "M", "inf", "infM", "nan", "1e999", "-5", "30MM"])
def test_what_is_no_count_is_misuse(text: str, run: Run) -> None:
    ran = run("list", f"--max-params={text}")
    assert (ran.status, ran.out) == (2, "")
    assert f"`{text}` is not a count; write 30M or 30000000" in ran.err


@pytest.mark.parametrize("text", ["good", "nan", "101", "-1"])
def test_what_is_no_percentage_is_misuse(text: str, run: Run) -> None:
    ran = run("list", f"--min-acc1={text}")
    assert (ran.status, ran.out) == (2, "")
    assert f"`{text}` is not a number from 0 to 100" in ran.err
