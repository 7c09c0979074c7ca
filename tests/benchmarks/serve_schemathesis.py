"""Schemathesis against our server's own OpenAPI document: does it do what it says, whatever is sent?

    .venv/bin/python tests/benchmarks/peers.py                 once: installs Schemathesis
    .venv/bin/python tests/benchmarks/serve_schemathesis.py

The server is `serve-weights run` with the embedded checkpoint and an API key. Left out: what loads and unloads models
(a stranger's name is fetched, and the others need the model), and the check that all that fits the schema is accepted:
no schema can say which bytes are a picture. The exit status is Schemathesis' own: 0 if it found nothing.
"""

import argparse
import subprocess
import sys
from typing import Final

from tests.benchmarks import peers
from tests.benchmarks.served import serving

KEY: Final = "sesame"
SERVER: Final = [sys.executable, "-m", "serve.cli.main", "run", "--port", "{port}", "--device", "cpu"]
ENVIRONMENT: Final = {"SERVE_API_KEY": KEY, "SERVE_ACCESS_LOG": "off", "WEIGHTS_REGISTRY_OFFLINE": "1"}
LEFT_OUT: Final = [
    *("--exclude-checks", "positive_data_acceptance"),
    *("--exclude-method", "DELETE"),
    *("--exclude-path-regex", "load$"),
    *("--exclude-operation-id", "load_model_models__name__post"),
]


def main() -> int:
    """Run it; gives its exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=50, help="of each operation, at most: %(default)s")
    arguments = options.parse_args()
    if not peers.is_installed():
        print("run tests/benchmarks/peers.py first", file=sys.stderr)
        return 2
    with serving(SERVER, ENVIRONMENT) as server:
        command = [str(peers.PYTHON.with_name("schemathesis")), "run", f"{server.url}/openapi.json"]
        command += ["--header", f"Authorization: Bearer {KEY}", "--max-examples", str(arguments.examples)]
        return subprocess.run([*command, "--generation-database", "none", *LEFT_OUT], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
