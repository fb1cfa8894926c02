# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

PYTHON ?= .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast lint format typecheck check fuzz docs kernel-report kernel-check bench wheel ci clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed ## Make .venv with fanfold (editable), the compiler and every tool

.venv/installed: pyproject.toml setup.py
	python3 -m venv .venv
	.venv/bin/pip install -e '.[compiler,dev,examples,test,xpu-test]'
	touch $@

demo: install ## Compile and run the DeepSeek-V3.2 query path, checked and timed
	.venv/bin/fanfold demo

test: install ## Run every test
	$(PYTHON) -m pytest

test-fast: install ## Run the tests that take less than ten seconds
	$(PYTHON) -m pytest -m 'not slow'

lint: install ## Report what the linter and the formatter would change
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: install ## Apply the linter's safe fixes and the formatter
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

typecheck: install ## Run mypy --strict on the package as it is installed
	$(PYTHON) tools/typecheck.py

check: lint typecheck test ## Everything a change must pass

fuzz: install ## Compare ten thousand random graphs with eager PyTorch; FUZZ="--seed 7" and others narrow it down
	PYTHONPATH=tests $(PYTHON) -m fuzz $(FUZZ)

docs: install ## Rewrite docs/dialect.md and docs/passes.md from the sources
	$(PYTHON) tools/generate_docs.py

kernel-report: install ## Rewrite docs/gpu-kernels.md, what the vendors' tools say of the GPU kernels
	$(PYTHON) -m benchmarks.kernels

kernel-check: install ## Compare every GPU kernel with docs/gpu-kernels.md; tests compare a quarter of them
	$(PYTHON) -m benchmarks.kernels --check

bench: install ## Compare with stock IREE, eager and torch.compile; results go to build/benchmarks
	$(PYTHON) -m benchmarks.cpu

wheel: install ## Build the wheel and the source archive into dist/
	rm -rf build/lib
	$(PYTHON) -m build

ci: ## Run what CI runs: the README's test command in a fresh copy and environment
	.ci/run

clean: ## Remove what builds and tools leave behind, except .venv
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
