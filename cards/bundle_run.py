"""Takes the export of a run into the package, as a member of a family: its file, its log and its evidence.

    python cards/bundle_run.py RUN Family_Weights.Member --description SENTENCE

Writes `weights_registry/bundled/MEMBER.safetensors`, which describes itself under that name, copies the log and the
curves into `evidence/`, and prints what the family's file must say. `tests/test_bundled.py` holds the two together.
"""

import argparse
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import weights_registry
from weights_registry import Checkpoint, load, save

HERE: Final = Path(__file__).parent
BUNDLED: Final = Path(weights_registry.__file__).parent / "bundled"


def main() -> None:
    """Copy, rename, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("id", help="Family_Weights.Member")
    parser.add_argument("--description", required=True, help="one sentence on what it is")
    arguments = parser.parse_args()
    path, checkpoint = bundle(arguments.run, arguments.id, arguments.description)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"sha256={digest!r}\nnum_bytes={path.stat().st_size}")
    for field in ("url", "metrics", "num_params", "gmacs", "min_size", "lineage"):
        print(f"{field}={getattr(checkpoint, field)!r}")


def bundle(run: Path, name: str, description: str) -> tuple[Path, Checkpoint]:
    """The file in the package, and the record in it. What was there under this name is replaced."""
    loaded = load(run / "model.safetensors")
    BUNDLED.mkdir(exist_ok=True)
    path = BUNDLED / f"{name.lower()}.safetensors"
    checkpoint = replace(
        loaded.checkpoint,
        id=name,
        description=description,
        url=f"package://weights-registry/weights_registry/bundled/{path.name}",
        sha256=None,
        num_bytes=None,
        weights_licence_source="made by this project",
    )
    save(loaded.model, path, checkpoint)
    evidence = HERE / "evidence" / name
    evidence.mkdir(parents=True, exist_ok=True)
    shutil.copy(run / "run.jsonl", evidence / "run.jsonl")
    for file in sorted((run / "evidence").iterdir()):
        shutil.copy(file, evidence / file.name)
    return path, checkpoint


if __name__ == "__main__":
    main()
