"""`download`: prints where the verified files are; one that cannot be had does not keep the others away."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Register, Run
from tests.small_checkpoints import describe_file, record, write_colours
from tests.sources.server import FileServer
from weights_registry import EfficientNet_Lite0_Weights

LITE0 = EfficientNet_Lite0_Weights.ImageNet1K_V1


def test_weights_from_a_package_are_where_the_package_is(run: Run) -> None:
    ran = run("download", LITE0.id)
    path = Path(ran.out.removesuffix("\n"))
    assert ran.status == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() == LITE0.sha256
    assert str(LITE0.sha256) in ran.err


def test_the_json_names_path_size_and_digest(run: Run) -> None:
    ran = run("download", LITE0.id, "--json")
    (file,) = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert file == {
        "id": LITE0.id,
        "path": file["path"],
        "num_bytes": Path(file["path"]).stat().st_size,
        "sha256": LITE0.sha256,
        "published_sha256": LITE0.sha256,
    }


def test_a_download_comes_from_its_server_once_and_then_from_the_cache(
    run: Run, registered: Register, colours_file: Path
) -> None:
    with FileServer() as server:
        url = server.serve("/colours.safetensors", colours_file.read_bytes())
        registered(describe_file(colours_file, url=url))
        first, second = run("download", "Colours.V1"), run("download", "Colours.V1")
    assert (first.status, second.status) == (0, 0)
    assert first.out == second.out
    assert Path(first.out.strip()).read_bytes() == colours_file.read_bytes()
    assert len(server.seen) == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_one_that_fails_does_not_keep_the_others_away(as_json: bool, run: Run, registered: Register) -> None:
    with FileServer() as server:
        registered(record(url=f"{server.url}/none.safetensors"))
        ran = run("download", "Colours.V1", LITE0.id, *["--json"] * as_json)
    assert ran.status == 1
    assert "`Colours.V1` could not be fetched" in ran.err
    paths = [file["path"] for file in json.loads(ran.out)] if as_json else ran.out.splitlines()
    assert [Path(path).name for path in paths] == ["efficientnet-lite0-57934424.pth"]


def test_wrong_bytes_are_refused(run: Run, registered: Register, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors")
    registered(describe_file(path, sha256="0" * 64))
    ran = run("download", "Colours.V1")
    assert (ran.status, ran.out) == (1, "")
    assert "0" * 64 in ran.err


def test_without_a_network_it_says_where_to_put_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    ran = run("download", "resnet18")
    assert (ran.status, ran.out) == (1, "")
    assert "WEIGHTS_REGISTRY_OFFLINE" in ran.err
    assert "put it at `" in ran.err
    assert run("download", LITE0.id).status == 0


def test_a_wrong_name_is_found_out_before_anything_is_fetched(run: Run) -> None:
    ran = run("download", LITE0.id, "no-such-net")
    assert (ran.status, ran.out) == (2, "")
