# One command each; `make` alone lists them. Environments are made and kept up to date as needed.
#
#   make run PORT=5007                             another port
#   make test PYTHON=python3.13 VENV=.venv-3.13    another Python, in an environment of its own

VENV ?= .venv
# test processes side by side; 0 runs them in one
WORKERS ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHON
PYTEST = $(VENV)/bin/python -m pytest -n $(WORKERS)
FAST = -m "not slow and not browser and not bench"

.SILENT:
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test test-fast test-all lint check format bench pin clean FORCE

help:  ## list these commands
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.installed-run  ## start Spikescope and print its address (PORT=5007: another port)
	$(VENV)/bin/spikescope serve $(if $(PORT),--port $(PORT))

test: $(VENV)/.installed-test  ## run the tests, those in a browser too
	.ci/with-chromium $(PYTEST) -m "not slow and not bench"

test-fast: $(VENV)/.installed-test  ## run the tests that need no browser
	$(PYTEST) $(FAST)

test-all: $(VENV)/.installed-test  ## run the slow tests as well
	.ci/with-chromium $(PYTEST) -m "not bench"

lint: $(VENV)/.installed-dev  ## format, lint, spelling, types, layers
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/codespell
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python
	$(VENV)/bin/lint-imports --no-logo

check: lint  ## what lint does, then the fast tests
	$(PYTEST) $(FAST)

format: $(VENV)/.installed-dev  ## rewrite the code in the house style
	$(VENV)/bin/ruff check --quiet --fix-only .
	$(VENV)/bin/ruff format --quiet .

bench: $(VENV)/.installed-bench  ## measure speed and print it beside its goals (ONLY=networks: one part)
	.ci/with-chromium $(VENV)/bin/python -m tests.benchmarks $(ONLY)

pin:  ## write the tested versions of all dependencies to constraints.txt
	"$$(.ci/find-python)" .ci/pin.py

clean:  ## remove the environments, caches and build products
	rm -rf .venv .venv-* build dist .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each set of extras: nothing is installed again until the versions asked for change.
$(VENV)/.installed-%: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	echo "Installing Spikescope into $(VENV) (a few minutes the first time)"
	$(VENV)/bin/python -m pip install -qq -c constraints.txt -e '.$(if $(filter-out run,$*),[$*])'
	touch $@

# An environment is looked at again when PYTHON names another one, or when its own Python has gone.
$(VENV)/pyvenv.cfg: $(if $(PYTHON),FORCE) $(if $(realpath $(VENV)/bin/python),,FORCE)
	.ci/make-venv $(VENV)
FORCE:
