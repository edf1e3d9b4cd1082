# The two commands of the README are `make demo` and `make test`; each sets up its own virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9

.PHONY: demo test browser test-slow check lock docs sample-data sample-check search-check bench-detector empty-rooms model-speed bench-search bench-cluster bench-scan bench-copy bench-engines bench-ingest bench-desk code-figures desk-pictures clean

demo: $(READY)
	$(BIN)/python -m tools.demo

# One process more than cores, for tests wait now and then; threads of PyTorch would spin, waiting for cores that others have.
test: $(READY) check browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" --dist loadfile \
		--numprocesses $$($(BIN)/python -c "import os; print(min(4, os.cpu_count() + 1))")

# The desk is tested in a real browser where there is one, or where it may be installed; elsewhere those tests say why not.
browser:
	@command -v chromium >/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium >/dev/null \
		|| echo "chromium is missing and could not be installed here: tests in a browser are skipped"; }

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

search-check: $(READY)
	$(BIN)/python -m tools.search_check $(DATA)

bench-search: $(READY)
	$(BIN)/python -m tools.bench_search

bench-scan: $(READY)
	$(BIN)/python -m tools.bench_scan

bench-copy: $(READY)
	$(BIN)/python -m tools.bench_copy

bench-engines: $(READY)
	$(BIN)/python -m tools.bench_engines

bench-ingest: $(READY)
	$(BIN)/python -m tools.bench_ingest $(DATA)

bench-cluster: $(READY)
	$(BIN)/python -m tools.bench_cluster $(DATA)

bench-detector: $(READY)
	$(BIN)/python -m tools.bench_detector $(DATA)

empty-rooms: $(READY)
	$(BIN)/python -m tools.empty_rooms $(DATA)

model-speed: $(READY)
	$(BIN)/python -m tools.model_speed $(PEERS)

code-figures: $(READY)
	$(BIN)/python -m tools.code_figures

bench-desk: demo
	$(BIN)/python -m tools.bench_desk $(if $(SIGHTINGS),--sightings $(SIGHTINGS))

desk-pictures: demo browser
	$(BIN)/python -m tools.desk_pictures

lock: $(READY)
	$(BIN)/uv pip compile --quiet --upgrade --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
		requirements.in -o requirements.lock

$(READY): requirements.lock pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	$(BIN)/python -m compileall -q surveil training migrations
	touch $@

clean:
	rm -rf $(VENV) demo build
