"""All benchmarks, one after the other, each a process of its own; their figures go into cards/measurements/.

    .venv/bin/python tests/benchmarks/run_all.py            (the same as `make bench`)
    .venv/bin/python tests/benchmarks/run_all.py --rounds 1 --out FOLDER      a quick look that changes no file here

Leave the machine alone meanwhile: each script ends with a warning if other programs used it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

BENCHMARKS: Final = ("import_and_list", "cold_load", "transforms_speed", "classifier_throughput")


def main(options: list[str]) -> int:
    """Run each with the same options; the exit status is 1 if one failed, and the others are run all the same."""
    failed = []
    for name in BENCHMARKS:
        print(f"\n=== {name}", flush=True)
        if subprocess.run(
            [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *options], check=False
        ).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
