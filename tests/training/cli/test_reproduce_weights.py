"""The command line `reproduce-weights`, as a user and as a machine meet it."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from training import LADDER, from_json, get_recipe, learning_rates, list_recipes
from training.cli import COMMANDS, main
from training.recipes.recipe_fields import RUN_FIELDS

HEAVY = ("torch", "torchvision", "timm", "PIL", "numpy", "safetensors", "huggingface_hub", "matplotlib")
CALLS = [
    ["list"],
    ["ladder"],
    ["diff", "resnet50/v1", "resnet50/v2"],
    ["show", "resnet50/v2"],
    ["show", "wide_resnet50_2/v1"],
    ["show", "resnet50/a1", "--fields"],
    ["plan", "resnet50/v2", "--images", "1281167", "--images-per-second", "20000"],
]


def run(*argv: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(argv)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def run_json(*argv: str, capsys: pytest.CaptureFixture[str]) -> Any:
    status, out, err = run(*argv, "--json", capsys=capsys)
    assert (status, err) == (0, ""), "machines get data and no talk"
    return json.loads(out)


def run_process(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a fresh interpreter, which reports its modules on stderr as the last line."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from training.cli import main\n"
        "sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("argv", [["--help"], *CALLS], ids=" ".join)
def test_it_answers_without_importing_anything_heavy(argv: list[str]) -> None:
    done = run_process(*argv)
    assert done.returncode == 0, done.stderr
    modules = done.stderr.splitlines()[-1].split()
    assert "training.cli" in modules
    assert not set(HEAVY) & set(modules)


def test_every_command_is_in_the_help_and_the_help_is_a_tutorial_that_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = run("--help", capsys=capsys)
    assert status == 0
    for command in COMMANDS:
        assert command.help[:30] in out
    told = [line.split("   ")[0].split() for line in out.splitlines() if line.startswith("  reproduce-weights ")]
    assert len(told) == 3
    for _, *argv in told:
        assert run(*argv, capsys=capsys)[0] == 0


def test_without_a_command_it_says_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys=capsys)
    assert (status, out) == (2, "")
    assert "three commands to begin with" in err


def test_a_first_word_that_is_neither_command_nor_recipe_is_told_what_is_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, err = run("resnet50", "--data", "DIR", capsys=capsys)
    assert (status, out) == (2, "")
    assert "`resnet50` is no command" in err
    assert "the closest are `resnet50/v2`" in err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version", capsys=capsys)[:2] == (0, f"reproduce-weights {version('weights-registry')}\n")


def test_list_has_every_recipe_with_its_figure(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("list", capsys=capsys)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == [recipe.id for recipe in list_recipes()]
    assert "80.858" in out
    assert "reproduce-weights show" in err
    assert [each["id"] for each in run_json("list", "resnet50/A*", capsys=capsys)] == [
        "resnet50/a1",
        "resnet50/a2",
        "resnet50/a3",
    ]


def test_a_pattern_without_a_match_fails_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("list", "vgg*", capsys=capsys)
    assert (status, out) == (1, "")
    assert "`vgg*`" in err


def test_ladder_prints_the_articles_table(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("ladder", capsys=capsys)
    assert status == 0
    lines = out.splitlines()[1:]
    for rung, line in zip(LADDER, lines, strict=True):
        for figure in (rung.acc1, rung.acc5, rung.incremental, rung.absolute):
            assert f"{figure:.3f}" in line
    assert [line for line in lines if " * " in line] == [lines[11]]
    assert "retrains nothing" in err
    assert [each["retrains"] for each in run_json("ladder", capsys=capsys)].index(False) == 11


def test_diff_names_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("diff", "resnet50/rung-03", "ResNet50/Rung-04", capsys=capsys)
    assert status == 0
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [["epochs", "90", "600"]]
    found = run_json("diff", "resnet50/rung-11", "resnet50/rung-12", capsys=capsys)
    assert found["changes"] == [{"field": "inference.resize_size", "before": 256, "after": 232}]
    assert found["retrains"] is False


def test_diff_of_the_same_run_is_empty_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("diff", "resnet50/v2", "resnet50/rung-13", capsys=capsys)
    assert (status, out) == (0, "")
    assert "describe the same run" in err


def test_show_tells_settings_assumptions_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("show", "wide_resnet50_2/v1", capsys=capsys)
    assert status == 0
    assert out.startswith("wide_resnet50_2/v1  (digest ")
    assert "assumed: no source states it" in out
    assert "acc@1 78.468" in out
    assert "pytorch/vision#912" in out


def test_show_gives_a_machine_the_recipe_itself_and_its_rates(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run_json("show", "resnet50/v2", capsys=capsys)
    assert from_json(json.dumps(shown["recipe"])) == get_recipe("resnet50/v2")
    assert shown["derived"]["learning_rates"] == list(learning_rates(get_recipe("resnet50/v2")))


def test_show_tells_of_every_field_what_it_takes_its_unit_and_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("show", "resnet50/v2", "--fields", capsys=capsys)
    assert status == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert set(RUN_FIELDS) - {"inference"} < set(lines)
    assert lines["epochs"].split("  ")[-1].strip() == "tv --epochs"
    assert "a number from 0 to 1 or none" in lines["ema_decay"]
    assert "pixels" in lines["inference.crop_size"]
    assert "tv: a flag of torchvision's" in err
    told = run_json("show", "resnet50/v2", capsys=capsys)["fields"]
    assert told["lr"] == {
        "meaning": "peak learning rate",
        "unit": "1",
        "source": "tv --lr",
        "low": 0,
        "high": None,
        "above_low": True,
        "takes": "a number above 0",
    }
    assert set(told) == set(RUN_FIELDS)


@pytest.mark.parametrize(
    ("name", "num_images"),
    [("resnet50/v2", 1_281_167), ("resnet50/rung-03", 1_281_167), ("registry/resnet20-grey/rung-03", 60_000)],
)
def test_show_goes_on_to_a_plan_for_the_data_that_the_recipe_is_for(
    name: str, num_images: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, err = run("show", name, "--set", "epochs=40", capsys=capsys)
    told = err.splitlines()[-1]
    assert told.endswith(f"--images {num_images}")
    assert run(*told.removeprefix("Next: reproduce-weights ").split(), capsys=capsys)[0] == 0


def test_show_with_a_setting_is_another_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run("show", "resnet50/v2", "--set", "lr=0.1", "--set", "epochs=90", capsys=capsys)
    assert status == 0
    assert out.startswith("resnet50/v2+")
    assert "Not published: changed from resnet50/v2." in out
    assert "80.858" not in out
    assert "--set lr=0.1 --set epochs=90" in err


def test_show_draws_the_rate_into_a_file_with_its_words_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run("show", "resnet50/v2", "--png", str(tmp_path / "rate.png"), capsys=capsys)
    assert status == 0
    assert f"Drawn: {tmp_path / 'rate.png'}" in err
    assert (tmp_path / "rate.png").read_bytes().startswith(b"\x89PNG")
    assert "at its highest 0.5 in epoch 5" in json.loads((tmp_path / "rate.json").read_text())["alt"]


def test_the_curve_is_braille_where_that_can_be_printed_and_ascii_elsewhere() -> None:
    assert "\u2809" in run_process("show", "resnet50/v2", PYTHONIOENCODING="utf-8").stdout
    plain = run_process("show", "resnet50/v2", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0
    assert plain.stdout.isascii()
    assert "0.5 | **" in plain.stdout


@pytest.mark.parametrize("argv", CALLS, ids=" ".join)
def test_every_page_can_be_printed_in_ascii(argv: list[str]) -> None:
    done = run_process(*argv, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_plan_counts_and_estimates(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("plan", "resnet50/v2", "--images", "1281167", "--images-per-second", "20000")
    status, out, _ = run(*argv, capsys=capsys)
    assert status == 0
    assert "750,600" in out
    assert "10.7" in out
    assert run_json(*argv, capsys=capsys)["plan"]["num_steps"] == 750_600


def test_plan_on_other_hardware_accumulates_or_follows_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("plan", "resnet50/v2", "--images", "60000", "--gpus", "1", "--batch-size-per-gpu", "64")
    status, out, err = run(*argv, capsys=capsys)
    assert status == 0
    assert "1 x 64 x 16 accumulated" in out
    assert "Not as in the recipe: batch norm looks at 64" in err
    ruled = run_json(*argv, "--lr-rule", "linear", capsys=capsys)
    assert ruled["plan"]["recipe"].startswith("resnet50/v2+")
    assert ruled["plan"]["global_batch_size"] == 64


@pytest.mark.parametrize(
    ("argv", "status", "told"),
    [
        (["show", "resnet50/v3"], 2, "the closest are `resnet50/v2`"),
        (["show", "resnet50/v2", "--set", "lrr=1"], 2, "did you mean `lr`?"),
        (["show", "resnet50/a1", "--set", "bce_target_threshold=0.2"], 2, "would have no effect"),
        (["plan", "resnet50/v2", "--images", "9999", "--gpus", "3"], 2, "No batch of 3 GPUs does"),
        (["plan", "resnet50/v2", "--images", "100"], 1, "the training set has 100"),
        (["plan", "resnet50/v2", "--images", "100"], 1, "`--batch-size-per-gpu N --lr-rule linear`"),
        (["plan", "resnet50/v2", "--images", "none"], 2, "must be a whole number from 1 up, not `none`"),
        (["plan", "resnet50/v2", "--images", "9999", "--images-per-second", "nan"], 2, "must be a number above 0"),
        (["plan", "resnet50/v2"], 2, "--images"),
        (["show", "resnet50/v2", "--png", "lr.pdf"], 2, "a chart is written as `.png`, not as `.pdf`: `lr.pdf`"),
        (["curves", "nowhere", "--png", "c.jpg"], 2, "a chart is written as `.png`, not as `.jpg`"),
        (["curves", "nowhere"], 1, "`nowhere` holds no run"),
        (["fly"], 2, "`fly` is no command"),
    ],
)
def test_a_wrong_call_is_answered_on_stderr_with_its_status(
    argv: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(*argv, capsys=capsys)
    assert (found, out) == (status, "")
    assert told in err
    assert "Traceback" not in err


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "import sys\nfrom training.cli import main\nsys.exit(main(['list']))"
    # Without a buffer Python has nothing left to complain of at its end.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False, env=buffered
        )
    finally:
        os.close(write)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_a_closed_stdout_is_told() -> None:
    code = "import sys\nfrom training.cli import main\nsys.exit(main(['list']))"
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"reproduce-weights: stdout is closed; there is nowhere to write to\n"
