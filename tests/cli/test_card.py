"""`card`: printed, in the terminal, in the browser, and as JSON; of a name or a file; with and without a checkout."""

import json
import os
import pty
import stat
import sys
import termios
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Register, Run
from tests.cli.test_predict_process import read_terminal
from tests.small_checkpoints import measured, record, write_colours, write_pictures
from tests.test_light_paths import modules_after
from weights_registry.card import local
from weights_registry.card.front_matter import read_front_matter
from weights_registry.cli import main

CARDS = Path(__file__).parent.parent.parent / "cards"


@pytest.fixture
def no_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is installed from a wheel."""
    monkeypatch.setattr(local, "checkout_folder", lambda: None)


def test_in_a_checkout_the_card_is_the_one_in_the_folder(run: Run) -> None:
    ran = run("card", "RESNET50")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (CARDS / "ResNet50_Weights.ImageNet1K_V2.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_checkout")
def test_from_a_wheel_the_card_is_made_from_the_record_alone(run: Run) -> None:
    out = run("card", "efficientnet_lite0").out
    assert "74.846" in out
    assert "](evidence/" not in out
    assert "](pictures/" not in out


def test_a_file_has_a_card_like_any_other(run: Run, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "my colours.safetensors", metrics=(measured(91.5, 6, note="by eye"),))
    out = run("card", path).out
    assert 'Classifier("my colours.safetensors")' in out
    assert "| Colours val | 6 | 91.500 |" in out
    assert str(tmp_path) not in out


def test_a_registered_file_is_used_by_its_name(run: Run, registered: Register, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors")
    registered(record(url=path.as_uri()))
    assert 'Classifier("Colours.V1")' in run("card", "Colours.V1").out
    assert 'Classifier("colours.safetensors")' in run("card", path).out


def test_what_a_run_keeps_beside_its_file_is_on_its_card(run: Run, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "model.safetensors")
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "seeds.json").write_text('{"data": {"mean_acc1": 93.25}}')
    assert "| mean acc1 | 93.25 |" in run("card", path).out


def test_what_evaluate_prints_is_a_row_of_the_card(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_colours(tmp_path / "model.safetensors")
    pictures = write_pictures(tmp_path / "photos", {"red": ["red", "red", "blue"], "green": ["green"]})
    evaluated = run("evaluate", "--json", "--data", pictures, "--weights", path)
    assert evaluated.status == 0, evaluated.err
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "accuracy.json").write_text(evaluated.out)
    measured_here = run("card", path).out.partition("### As measured here")[2]
    assert "| photos | 4 | 75.000 | 30.06 to 95.44 | 100.000 |" in measured_here
    assert str(tmp_path) not in measured_here


def test_ones_own_checkpoint_has_one_with_its_evidence(
    run: Run, registered: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(record())
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "speed.json").write_text('{"data": {"images_per_s": 40}}')
    monkeypatch.chdir(tmp_path)
    out = run("card", "Colours.V1", "--evidence", "seen").out
    assert "| images per s | 40 |" in out
    assert "(seen/speed.json)" in out


def test_the_json_is_the_front_matter_with_the_model_index(run: Run, registered: Register) -> None:
    registered(record(metrics=(measured(91.5, 6),)))
    said = json.loads(run("card", "Colours.V1", "--json").out)
    assert said == read_front_matter(run("card", "Colours.V1").out)
    assert said["model-index"][0]["results"][0]["metrics"] == [{"type": "accuracy", "value": 0.915, "name": "acc@1"}]


def test_open_renders_it_on_a_terminal(monkeypatch: pytest.MonkeyPatch, registered: Register) -> None:
    registered(record(description="\x1b[2Jcleared | \x07", metrics=(measured(91.5, 6),)))
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 120))
    shown = bytearray()
    reader = threading.Thread(target=lambda: shown.extend(read_terminal(terminal)))
    reader.start()
    monkeypatch.setenv("TERM", "xterm-256color")
    with os.fdopen(inside, "w", encoding="utf-8") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        status = main(["card", "Colours.V1", "--open"])
    reader.join()
    os.close(terminal)
    assert status == 0
    text = shown.decode()
    assert "\x1b[1m" in text  # bold headings
    assert "━" in text or "─" in text
    assert "model-index" not in text
    assert r"\x1b[2Jcleared" in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text


def test_open_is_plain_where_stdout_is_no_terminal(run: Run) -> None:
    assert run("card", "resnet18", "--open").out == run("card", "resnet18").out


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A browser that writes down what it was given to open; the only one there is."""
    script, opened = tmp_path / "browser", tmp_path / "opened"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    return opened.read_text


def test_browser_opens_a_page_with_its_pictures_in_it(
    run: Run, browser: Callable[[], str], registered: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(record())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = run("card", "Colours.V1", "--browser")
    assert (ran.status, ran.err) == (0, "")
    path = Path(ran.out.strip())
    assert browser() == path.as_uri()
    page = path.read_text(encoding="utf-8")
    assert "<h1>Colours.V1</h1>" in page
    assert page.count('<img src="data:image/png;base64,') == 1  # how it is fed
    assert list(tmp_path.glob("weights-registry-card-*")) == [path]


def test_without_a_browser_the_page_is_named(
    run: Run, registered: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(record())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    ran = run("card", "Colours.V1", "--browser")
    assert ran.status == 1
    assert f"no browser could be started; open `{ran.out.strip()}` in one" in ran.err


def test_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    assert (run("card", "resnet51").status, run("card", tmp_path / "a.safetensors").status) == (2, 1)
    ran = run("card", "resnet18", "--evidence", tmp_path / "nowhere")
    assert ran.status == 2
    assert "there is no folder" in ran.err
    assert run("card", "resnet18", "--open", "--json").status == 2


def test_a_card_is_printed_without_torch_and_pictures() -> None:
    modules = modules_after("from weights_registry.cli import main\nsys.exit(main(['card', 'resnet50']))")
    assert not modules & {"torch", "torchvision", "timm", "PIL", "numpy", "matplotlib", "rich", "markdown_it"}
    assert "huggingface_hub" not in modules_after("import weights_registry.card")
