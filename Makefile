# `make` alone lists what there is to make.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench lock generate train clean

bin := .venv/bin
setup := deploy/setup
packages := core geofence fleet perception missions incidents api agent cli sim
web_sources := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null) api/sentences.json
test_options ?=
workers ?= $(if $(test_options),0,2)
demo_options ?=

help:  ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/tools.stamp api/console/index.html  ## Make .venv with everything in it, and build the web pages

demo: .venv/runtime.stamp api/console/index.html  ## Start a controller, agents and a simulated town; open a browser
	@$(bin)/roundsman demo $(demo_options)

# Two workers run the tests side by side; with test_options there is one process, in which -s, -x and --pdb do
# what they say (workers=2 asks for two all the same).
# Two whole demos take nine minutes: CI runs them always, people when they ask for them.
test: setup  ## Run the tests, quick ones first; chain=1 adds the two whole demos (9 minutes)
	@$(setup)/test_programs.sh
	@$(bin)/python -m pytest -n $(workers) --dist loadgroup --no-loadscope-reorder \
	    $(if $(CI)$(chain),,-m "not chain") $(test_options)

check: setup web/node_modules/.stamp  ## What CI runs before the tests: format, lint, types, imports, generated files
	@$(setup)/check.sh

bench: setup  ## Measure speed, as ratios to a bare baseline in the same run
	@$(bin)/python -m benchmarks $(bench_options)

lock: .venv/tools.stamp  ## Lock the requirements again; upgrade=1 takes the newest versions
	@$(setup)/lock.sh $(if $(upgrade),--upgrade)
	@$(setup)/node.sh npm --prefix web $(if $(upgrade),update,install --package-lock-only)

generate: .venv/tools.stamp web/node_modules/.stamp  ## Make the gRPC stubs, the OpenAPI file and the TypeScript types
	@$(setup)/generate.sh

train: .venv/tools.stamp  ## Train the model of the simulated town (PyTorch is installed on the first run)
	@$(bin)/python -c 'import torch, onnx' 2>/dev/null \
	    || $(bin)/python -m pip install --require-hashes -r requirements-train.txt
	@$(bin)/roundsman train $(train_options)

clean:  ## Remove everything that make made
	rm -rf .venv .node api/console web/node_modules web/dist build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(packages) tests proto -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime.stamp: pyproject.toml requirements.txt requirements-build.txt
	@echo "Installing the Python packages (a minute or so the first time)"
	@$(setup)/venv.sh requirements-build.txt requirements.txt
	@touch $@

.venv/tools.stamp: .venv/runtime.stamp requirements-dev.txt
	@echo "Installing the tools for tests and checks"
	@$(setup)/venv.sh requirements-dev.txt
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | .venv/runtime.stamp
	@echo "Installing the web packages"
	@$(setup)/node.sh npm --prefix web ci --no-audit --no-fund --loglevel=error
	@touch $@

api/console/index.html: web/node_modules/.stamp $(web_sources)
	@echo "Building the web pages"
	@$(setup)/node.sh npm --prefix web run --silent build
	@touch $@
