# Every target sets up .venv by itself, from a bare python3 (3.11 or newer) and the package index.
# A change of requirements.lock or pyproject.toml brings .venv up to date; otherwise nothing is installed again.

PYTHON ?= python3
UPGRADE ?=
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint types bench bench-serve bench-train bench-gpu cards lock clean

help:
	@echo 'make demo    classify the sample photos; needs no download but the Python packages'
	@echo 'make serve   a server with a page at http://127.0.0.1:8000'
	@echo 'make test    lint, types and all tests'
	@echo 'make lint    ruff: rules and format; `make types` runs mypy alone'
	@echo 'make bench   speed beside torchvision, timm and torch.hub: 10 quiet minutes, into cards/measurements'
	@echo 'make bench-serve   the server beside LitServe, Ray Serve and FastAPI, under abuse, on large pictures: an hour'
	@echo 'make bench-train   the training loop beside torchvision'"'"'s references'
	@echo 'make bench-gpu     every check and measurement that needs a GPU: half an hour on one'
	@echo 'make cards   write the cards anew from the registry and cards/evidence'
	@echo 'make setup   only set up .venv: about 6 GB on Linux, most of it what torch brings for GPUs'
	@echo 'make lock    write requirements.lock from pyproject.toml; UPGRADE=--upgrade takes newer versions'
	@echo 'make clean   remove .venv and everything else that was made here'
	@echo 'Another interpreter: make test PYTHON=python3.13 (after `make clean`, if there is a .venv already)'

setup: $(READY)

demo: $(READY)
	@$(BIN)/weights-registry predict weights_registry/samples
	@echo "your own photo:  $(BIN)/weights-registry predict PATH/TO/PHOTO.jpg"

serve: $(READY)
	@$(BIN)/serve-weights run

test: lint types
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python tests/benchmarks/run_all.py

# The peers go into build/peers, by `peers.py`; they are no dependency of ours.
bench-serve: $(READY)
	$(BIN)/python tests/benchmarks/peers.py
	$(BIN)/python tests/benchmarks/serve_overhead.py
	$(BIN)/python tests/benchmarks/serve_model.py
	$(BIN)/python tests/benchmarks/scaled_decode.py
	$(BIN)/python tests/benchmarks/serve_soak.py --minutes 10
	$(BIN)/python tests/benchmarks/serve_schemathesis.py

bench-train: $(READY)
	$(BIN)/python tests/benchmarks/train_throughput.py

bench-gpu: $(READY)
	$(BIN)/python tests/gpu/run_all.py

cards: $(READY)
	$(BIN)/python cards/make_cards.py

lock: $(BIN)/uv
	$(BIN)/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	    $(UPGRADE) --quiet --output-file requirements.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The build backend is in the lock, so the project itself is built from hashed packages too.
$(READY): requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# uv comes from the lock as well: its pin and hashes are cut out for pip.
$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo >&2 \
	    'No `$(PYTHON)` here. Install Python 3.11 or newer, or name one: make $(MAKECMDGOALS) PYTHON=python3.13'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("`$(PYTHON)` is Python %d.%d; this project \
	needs 3.11 or newer. Name one: make $(MAKECMDGOALS) PYTHON=python3.13" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
	    '`$(PYTHON)` cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	$(PYTHON) -m venv .venv
	@awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.lock >.venv/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
