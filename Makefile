# make demo   environment, the main job on the embedded scenario, the report's path
# make test   environment, all tests of the default run
# make check  lint, types, import contracts
# make figures  pictures of the reports of the reference case and of data that can be learned, in docs/
# make docs   environment, the documentation site in site/; a broken link fails

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test check figures fix docs clean

demo: $(VENV)/.installed
	$(BIN)/fireassay demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

figures: $(VENV)/.dev
	$(BIN)/fireassay demo
	$(BIN)/python benchmarks/figures.py runs/demo docs/report.png
	$(BIN)/fireassay diagnose sim:learnable --out runs/learnable
	$(BIN)/python benchmarks/figures.py runs/learnable docs/learnable.png

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fireassay needs Python 3.11 or later; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.docs: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache
