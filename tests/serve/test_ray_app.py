"""The app on Ray Serve: a real cluster of one node, in a process of its own that leaves nothing behind."""

import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from serve.ray_app import build_deployment
from serve.settings import Settings
from tests.serve.conftest import Running, encode
from weights_registry.sources.cache import cache_dir

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_ray_serve_gives_the_same_answers_and_leaves_no_file_at_home(server: Running, tmp_path: Path) -> None:
    picture, home = tmp_path / "picture.png", tmp_path / "home"
    picture.write_bytes(encode())
    home.mkdir()
    environment = {
        "HOME": str(home),
        "WEIGHTS_REGISTRY_CACHE": str(cache_dir()),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",  # or a token is left in the home folder
        "PYTHONPATH": str(ROOT),
    }
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:  # a short name: its sockets' paths are limited
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/serve/ray_program.py"), folder, str(picture)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    good, bad, ready = json.loads(done.stdout.splitlines()[-1])
    expected = server.post(picture.read_bytes()).json()
    status, headers, answer = good
    assert status == 200
    assert answer["checkpoint_sha256"] == expected["checkpoint_sha256"]
    (found,), (same) = answer["pictures"], expected["pictures"][0]
    assert [each["label"] for each in found["categories"]] == [each["label"] for each in same["categories"]]
    scores = [each["score"] for each in found["categories"]]
    assert scores == pytest.approx([each["score"] for each in same["categories"]], abs=1e-5)
    assert headers["x-request-id"] == answer["request_id"]
    assert (bad[0], bad[1]["content-type"]) == (400, "application/problem+json")
    assert (ready[0], ready[2]["status"]) == (200, "ready")
    assert list(home.iterdir()) == []


def test_serve_run_can_give_the_settings_by_name() -> None:
    (settings,) = inspect.signature(build_deployment).parameters.values()
    assert settings.annotation is Settings  # which Ray makes from `name=value` by `model_validate`
    found = Settings.model_validate({"weights": "resnet50,resnet18", "workers": "2"})
    assert (found.weights, found.workers) == (("resnet50", "resnet18"), 2)


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'weights-registry\[ray\]'"):
        build_deployment(Settings())
