# The two commands of the README are `make demo` and `make test`; each sets up its own virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9

.PHONY: demo test test-slow check lock docs sample-data sample-check bench-detector model-speed bench-search bench-cluster bench-scan bench-copy bench-engines code-figures clean

demo: $(READY)
	$(BIN)/python -m tools.demo

test: $(READY) check
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python -m tools.command_reference
	$(BIN)/python -m tools.schemas

sample-data: $(READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e ".[sample-data]"
	$(BIN)/python -m tools.sample_data

sample-check: $(READY)
	$(BIN)/python -m tools.sample_check

bench-search: $(READY)
	$(BIN)/python -m tools.bench_search

bench-scan: $(READY)
	$(BIN)/python -m tools.bench_scan

bench-copy: $(READY)
	$(BIN)/python -m tools.bench_copy

bench-engines: $(READY)
	$(BIN)/python -m tools.bench_engines

bench-cluster: $(READY)
	$(BIN)/python -m tools.bench_cluster $(DATA)

bench-detector: $(READY)
	$(BIN)/python -m tools.bench_detector $(DATA)

model-speed: $(READY)
	$(BIN)/python -m tools.model_speed $(PEERS)

code-figures: $(READY)
	$(BIN)/python -m tools.code_figures

lock: $(READY)
	$(BIN)/uv pip compile --quiet --upgrade --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
		requirements.in -o requirements.lock

$(READY): requirements.lock pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	touch $@

clean:
	rm -rf $(VENV) demo build
