"""`show`: all that is known of a checkpoint, by name or out of a file, without torch; errors name what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import save_file

from tests.cli.conftest import Register, Run
from tests.small_checkpoints import colours, measured, record, write_colours
from weights_registry import ResNet50_Weights
from weights_registry.record import from_record


@pytest.mark.parametrize("name", ["ResNet50_Weights.ImageNet1K_V2", "resnet50_weights.IMAGENET1K_V2", "resnet50"])
def test_a_name_is_found_in_any_letter_case(name: str, run: Run) -> None:
    ran = run("show", name)
    assert ran.status == 0
    assert ran.out.startswith("ResNet50_Weights.ImageNet1K_V2\n")
    assert f"predict --weights {name} PHOTO" in ran.err


def test_every_figure_is_shown_with_who_measured_it_and_on_what(run: Run) -> None:
    lines = run("show", "resnet50").out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("EVALUATED ON"))
    expected = ResNet50_Weights.ImageNet1K_V2.metrics
    rows = lines[start + 1 :][: len(expected)]
    assert rows
    for metrics, line in zip(expected, rows, strict=True):
        assert line.startswith(f"{metrics.dataset} {metrics.split} ")
        assert f"{metrics.acc1:.3f}" in line
        assert f"{metrics.measured_by}, published" in line


def test_the_address_and_the_digest_stay_in_one_piece(run: Run, registered: Register) -> None:
    url = f"https://example.org/{'a-long-way/' * 12}colours.safetensors"
    registered(record(url=url, sha256="ab" * 32))
    out = run("show", "colours.v1").out
    assert url in out
    assert "ab" * 32 in out


def test_the_json_is_the_whole_record_with_all_categories(run: Run) -> None:
    shown = from_record(json.loads(run("show", "resnet50", "--json").out))
    published = ResNet50_Weights.ImageNet1K_V2.checkpoint
    assert shown.labels == published.labels
    assert (shown.url, shown.metrics, shown.preprocessing) == (
        published.url,
        published.metrics,
        published.preprocessing,
    )


def test_a_file_shows_what_it_says_of_itself(run: Run, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "my colours.safetensors", metrics=(measured(91.5, 6, note="by eye"),))
    ran = run("show", path)
    assert ran.status == 0
    assert ran.out.startswith("Colours.V1\nTells red, green and blue apart.\n")
    assert "3 (colours): red, green, blue\n" in ran.out
    assert "91.500" in ran.out
    assert "note: by eye" in ran.out
    assert f"predict --weights '{path}' PHOTO" in ran.err  # to be pasted into a shell
    shown = from_record(json.loads(run("show", path, "--json").out))
    assert shown.url == path.as_uri()
    assert shown.categories == ("red", "green", "blue")


def test_a_file_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "evil.safetensors", description="\x1b[2Jcleared", lineage=("a\x1b]0;title\x07",))
    ran = run("show", path)
    assert "\x1b" not in ran.out
    assert r"\x1b[2Jcleared" in ran.out


def test_an_unknown_name_is_misuse_and_answered_with_close_ones(run: Run) -> None:
    ran = run("show", "resnet5O")
    assert (ran.status, ran.out) == (2, "")
    assert "`resnet5O`" in ran.err
    assert "`ResNet50_Weights.ImageNet1K_V2`" in ran.err


def test_a_file_that_does_not_describe_itself_says_what_it_lacks(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(colours().model.state_dict(), path)
    ran = run("show", path)
    assert (ran.status, ran.out) == (1, "")
    assert f"`{path}`" in ran.err
    assert "does not describe itself" in ran.err


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_file_cut_short_is_refused_in_one_line(kept: int, run: Run, colours_file: Path) -> None:
    colours_file.write_bytes(colours_file.read_bytes()[:kept])
    ran = run("show", colours_file)
    assert (ran.status, ran.out) == (1, "")
    assert f"`{colours_file}`" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    ran = run("show", tmp_path / "none.safetensors")
    assert (ran.status, ran.out) == (1, "")
    assert "none.safetensors" in ran.err


def test_showing_a_file_loads_neither_torch_nor_numpy(colours_file: Path) -> None:
    code = (
        "import sys; from weights_registry.cli import main; status = main(sys.argv[1:]);"
        "print({'torch', 'numpy', 'safetensors', 'PIL'} & set(sys.modules), file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-c", code, "show", str(colours_file), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "set()\n")
    assert json.loads(done.stdout)["id"] == "Colours.V1"
