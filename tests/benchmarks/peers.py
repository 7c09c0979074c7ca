"""Installs what ours is measured against, and Schemathesis, into an environment of their own: no dependencies of ours.

    .venv/bin/python tests/benchmarks/peers.py        (about 400 MB, into build/peers)

They find torch, FastAPI, uvicorn and the rest in our own .venv, so that all contenders run on the same versions.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

from tests.benchmarks.papers import ROOT

FOLDER: Final = ROOT / "build" / "peers"
PYTHON: Final = FOLDER / "bin" / "python"
SERVER_PACKAGES: Final = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools")
"""What ours and its peers stand on; their versions belong to a figure of any of them."""

PACKAGES: Final = ("litserve==0.2.19", "ray[serve]==2.60.0", "schemathesis==4.32.5")

_TELL_VERSIONS: Final = """\
import json, sys
from weights_registry.surroundings import versions
print(json.dumps(versions(*sys.argv[1:])))
"""


def main() -> None:
    """Make the environment, or bring it up to date."""
    uv = Path(sys.executable).with_name("uv")
    if not PYTHON.exists():
        subprocess.run([uv, "venv", "--python", sys.executable, FOLDER], check=True)
    subprocess.run([uv, "pip", "install", "--python", PYTHON, *PACKAGES], check=True)


def is_installed() -> bool:
    """Whether the peers can be run."""
    return PYTHON.exists()


def environment() -> dict[str, str]:
    """For their processes: our packages go before their own of the same name, and torch computes with one thread."""
    ours = sysconfig.get_paths()["purelib"]
    return {
        "PYTHONPATH": f"{ROOT}:{ours}",
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",  # or Ray leaves a token in the home folder
    }


def versions(*packages: str) -> dict[str, str]:
    """Versions of packages as the peers' processes find them, or as we do where no peers are installed."""
    done = subprocess.run(
        [PYTHON if is_installed() else sys.executable, "-c", _TELL_VERSIONS, *packages],
        env={**os.environ, **environment()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    del found["python"]  # it is made from ours
    return found


if __name__ == "__main__":
    main()
