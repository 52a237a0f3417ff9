# One intention, one command. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
HOME_DIR ?= $(CURDIR)/.smalt
VENV := .venv
CLIENTS := .venv-clients
SCORING := .venv-scoring
PEERS := .venv-peers
PROMPTFLOW := .venv-promptflow
RAY := .venv-ray
LANGUAGE := .venv-language
RESPONSIBLE := .venv-responsible
STUDIO := .venv-studio
UV := $(VENV)/bin/uv
# Compiled bytecode is kept: without it every process would compile every module it imports, again and again.
unexport PYTHONDONTWRITEBYTECODE
RUN := $(VENV)/bin

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "smalt needs Python 3.11 or newer with venv (Debian: apt install python3 python3-venv)."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.installed: $(VENV)/bin/uv requirements/core.txt pyproject.toml
	$(UV) pip install --quiet --python $(VENV)/bin/python --compile-bytecode --require-hashes -r requirements/core.txt
	$(UV) pip install --quiet --python $(VENV)/bin/python --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed requirements/dev.txt
	$(UV) pip install --quiet --python $(VENV)/bin/python --require-hashes -r requirements/dev.txt
	@touch $@

$(CLIENTS)/.installed: $(VENV)/bin/uv requirements/clients.txt
	$(PYTHON) -m venv --without-pip $(CLIENTS)
	$(UV) pip install --quiet --python $(CLIENTS)/bin/python --require-hashes -r requirements/clients.txt
	@touch $@

$(SCORING)/.installed: $(VENV)/bin/uv requirements/scoring.txt
	$(PYTHON) -m venv --without-pip $(SCORING)
	$(UV) pip install --quiet --compile-bytecode --python $(SCORING)/bin/python --require-hashes -r requirements/scoring.txt
	@touch $@

$(PEERS)/.installed: $(VENV)/bin/uv requirements/peers.txt
	$(PYTHON) -m venv --without-pip $(PEERS)
	$(UV) pip install --quiet --compile-bytecode --python $(PEERS)/bin/python --require-hashes -r requirements/peers.txt
	@touch $@

$(PROMPTFLOW)/.installed: $(VENV)/bin/uv requirements/peers-promptflow.txt
	$(PYTHON) -m venv --without-pip $(PROMPTFLOW)
	$(UV) pip install --quiet --compile-bytecode --python $(PROMPTFLOW)/bin/python --require-hashes -r requirements/peers-promptflow.txt
	@touch $@

$(RAY)/.installed: $(VENV)/bin/uv requirements/ray.txt
	$(PYTHON) -m venv --without-pip $(RAY)
	$(UV) pip install --quiet --compile-bytecode --python $(RAY)/bin/python --require-hashes -r requirements/ray.txt
	@touch $@

# pip takes the build of PyTorch that lies on the machine; the rest is locked, and PyTorch is left out of the lock.
$(LANGUAGE)/.installed: $(VENV)/bin/uv requirements/language.txt
	$(PYTHON) -m venv $(LANGUAGE)
	$(LANGUAGE)/bin/pip install --quiet torch==2.13.0
	$(UV) pip install --quiet --compile-bytecode --python $(LANGUAGE)/bin/python --require-hashes --no-deps -r requirements/language.txt
	@touch $@

$(RESPONSIBLE)/.installed: $(VENV)/bin/uv requirements/responsible.txt
	$(PYTHON) -m venv --without-pip $(RESPONSIBLE)
	$(UV) pip install --quiet --compile-bytecode --python $(RESPONSIBLE)/bin/python --require-hashes -r requirements/responsible.txt
	@touch $@

$(STUDIO)/.installed: $(VENV)/bin/uv requirements/studio.txt
	$(PYTHON) -m venv --without-pip $(STUDIO)
	$(UV) pip install --quiet --python $(STUDIO)/bin/python --require-hashes -r requirements/studio.txt
	@touch $@

studio/node_modules/.installed: studio/package.json studio/package-lock.json
	npm ci --prefix studio --no-audit --no-fund
	@touch $@

studio/tools/node_modules/.installed: studio/tools/package.json studio/tools/package-lock.json
	npm ci --prefix studio/tools --no-audit --no-fund
	@touch $@

install: $(VENV)/.installed ## Install smalt into .venv from the hash-locked file

demo: $(VENV)/.installed ## Train and serve a model on real data, run a pipeline and a flow; starts a server when none runs
	@$(RUN)/python examples/demo/demo.py --home $(HOME_DIR)

up: $(VENV)/.installed ## Start the server in the foreground
	@$(RUN)/smalt up --home $(HOME_DIR)

down: $(VENV)/.installed ## Stop the server
	@$(RUN)/smalt down --home $(HOME_DIR)

check: $(VENV)/.tested ## Style, types, import contracts
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

test: $(VENV)/.tested $(CLIENTS)/.installed $(SCORING)/.installed ## Everything, with the official clients, on SQLite and PostgreSQL
	SMALT_CLIENTS_PYTHON=$(CURDIR)/$(CLIENTS)/bin/python SMALT_SCORING_PYTHON=$(CURDIR)/$(SCORING)/bin/python \
	  $(RUN)/python -m pytest -n 2

test-language: $(VENV)/.tested $(LANGUAGE)/.installed ## Language models: served, fine-tuned, and by the official clients; installs PyTorch
	SMALT_LANGUAGE_PYTHON=$(CURDIR)/$(LANGUAGE)/bin/python $(RUN)/python -m pytest tests/language

test-responsible: $(VENV)/.tested $(CLIENTS)/.installed $(RESPONSIBLE)/.installed ## Responsible AI: every step with its libraries, and the example; installs EconML
	SMALT_CLIENTS_PYTHON=$(CURDIR)/$(CLIENTS)/bin/python SMALT_RESPONSIBLE_PYTHON=$(CURDIR)/$(RESPONSIBLE)/bin/python \
	  $(RUN)/python -m pytest tests/responsible

test-ray: $(VENV)/.tested $(RAY)/.installed ## Jobs on a real Ray cluster of two nodes; takes minutes
	SMALT_RAY_PYTHON=$(CURDIR)/$(RAY)/bin/python $(RUN)/python -m pytest tests/cluster

test-containers: $(VENV)/.tested ## Jobs and deployments in real containers; installs podman where it is not and apt may
	@command -v podman > /dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends podman runc containernetworking-plugins iptables; }
	$(RUN)/python -m pytest tests/containers

bench: $(VENV)/.tested $(PEERS)/.installed $(PROMPTFLOW)/.installed ## Measure, beside the peers in the same run; prints the figures of the README
	$(RUN)/python bench/run.py

studio: studio/node_modules/.installed ## Check the studio's sources and build what the server ships (needs Node 20)
	npm run --silent --prefix studio check
	npm run --silent --prefix studio build

studio-types: $(VENV)/.installed studio/tools/node_modules/.installed ## Write the studio's types from the API's description
	$(RUN)/python scripts/openapi.py | node studio/tools/types.mjs

test-studio: $(VENV)/.installed $(STUDIO)/.installed ## The studio in a real browser: Debian's chromium
	SMALT_STUDIO_BROWSER=1 $(STUDIO)/bin/python -m pytest --confcutdir=tests/studio/browser tests/studio/browser

check-studio: $(VENV)/.installed $(STUDIO)/.installed ## Every page before axe and its console, and the studio's budgets; installs chromium where it is not and apt may
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends chromium > /dev/null; } || true
	@if timeout 60 chromium --headless --no-sandbox --dump-dom about:blank > /dev/null 2>&1; then \
	  SMALT_STUDIO_BROWSER=1 $(STUDIO)/bin/python -m pytest -q --confcutdir=tests/studio/browser \
	    tests/studio/browser/test_accessibility.py -k nothing_serious && \
	  $(STUDIO)/bin/python bench/studio.py --check; \
	else echo "The studio's pages and budgets are left out: no chromium starts here, and none could be installed."; fi

bench-studio: $(VENV)/.installed $(STUDIO)/.installed ## Measure the studio in a real browser; prints the budgets
	$(STUDIO)/bin/python bench/studio.py

screenshots: $(VENV)/.installed $(STUDIO)/.installed ## Make the pictures of the README
	$(STUDIO)/bin/python scripts/screenshots.py --home $(HOME_DIR)

docs: $(VENV)/.installed ## Write docs/reference from the program itself
	$(RUN)/python scripts/reference.py

lock: $(VENV)/bin/uv ## Resolve the locked files anew
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/bootstrap.in -o requirements/bootstrap.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra flows pyproject.toml requirements/build.in -o requirements/core.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group dev -c requirements/core.txt -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/clients.in -o requirements/clients.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/peers.in -o requirements/peers.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/scoring.in -o requirements/scoring.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/ray.in -o requirements/ray.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/peers-promptflow.in -o requirements/peers-promptflow.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/studio.in -o requirements/studio.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --prerelease if-necessary-or-explicit --override requirements/language.overrides requirements/language.in -o requirements/language.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/responsible.in -o requirements/responsible.txt

.PHONY: help install demo up down check check-studio test test-language test-responsible test-ray test-containers test-studio bench bench-studio studio studio-types screenshots docs lock
