# The project's commands: `make` lists them. They work as root or not, and from any directory
# (make -C CHECKOUT TARGET).

BUDGET ?= quick
# DATA=/path    a folder that already holds data sets, laid out as their archives unpack
# PYTHON=NAME   the interpreter of the virtual environment
# FROM=published    reproduce takes published runs over instead of training them; report shows them
# ARGS="..."    passed on: by reproduce and publish names of experiments (ARGS=fig4), and by test,
#               test-all, sweep and benchmark whatever each takes

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
ADAMREPRO := $(PY) -m adamrepro
# a file's tests share what is slow to make
PYTEST := $(PY) -m pytest -n auto --maxprocesses 8 --dist loadfile
READY := .venv/.ready

ifneq ($(DATA),)
export ADAMREPRO_DATA := $(DATA)
endif

.DEFAULT_GOAL := help
.PHONY: help setup reproduce status figures report compare publish sweep smoke test test-all check benchmark clean FORCE

help:  ## list the targets (this)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## make .venv with pinned dependencies (PYTHON=python3.12); nothing if it is there

reproduce: setup  ## train, draw, judge, report, compare with what is published (BUDGET=quick|full, DATA=/path, ARGS=fig4)
	@$(ADAMREPRO) reproduce --budget "$(BUDGET)" $(if $(FROM),--from "$(FROM)") $(ARGS)

status: setup  ## which of your runs are done, and how long the others will take (BUDGET=quick|full)
	@$(ADAMREPRO) status --budget "$(BUDGET)"

# All budgets that are published, unless one is asked for; search has no figures.
figures: setup  ## redraw figures/published from results/published: no training
	@for budget in $(if $(filter file,$(origin BUDGET)),$(filter-out search,$(notdir $(wildcard results/published/*))),$(BUDGET)); do \
	  $(ADAMREPRO) plot --published --budget "$$budget" || exit; \
	  [ "$$budget" != full ] || $(ADAMREPRO) after-adam --published || exit; \
	done

report: setup  ## one page that shows it all: claims, figures, runs (BUDGET=quick|full, FROM=published)
	@$(ADAMREPRO) report --budget "$(BUDGET)" $(if $(FROM),$(if $(filter published,$(FROM)),--published,--results "$(FROM)"))

compare: setup  ## compare your own runs with the published ones (BUDGET=quick|full)
	@$(ADAMREPRO) compare --budget "$(BUDGET)"

publish: setup  ## check your own tables, and make them the published ones (BUDGET=quick|full|search)
	@$(ADAMREPRO) publish --budget "$(BUDGET)" $(ARGS)
	@[ "$(BUDGET)" = search ] || $(ADAMREPRO) claims --published --budget "$(BUDGET)"

sweep: setup  ## train at a fixed commit, in a worktree of its own (ARGS="experiment=fig4 budget=full")
	@scripts/sweep.sh $(ARGS)

smoke: setup  ## all of `make reproduce` anew on tiny stand-in data, in under a minute
	@rm -rf {results/local,results/local/runs,figures/local}/smoke{,-stand-in}
	@ADAMREPRO_DATA= $(ADAMREPRO) reproduce --budget smoke

test: setup  ## the fast tests (ARGS="-k adam"), side by side (ARGS="-n 0": one by one)
	@$(PYTEST) $(ARGS)

test-all: setup  ## the slow tests too, and with DATA=/path those that read real data
	@$(PY) -m pytest -m "not gpu and not slurm" $(ARGS)

check: setup  ## formatting, lint, types, and which way imports go
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo

benchmark: setup  ## speed against plain PyTorch (ARGS="--json")
	@$(PY) scripts/benchmark.py $(ARGS)

clean:  ## remove caches and smoke results; .venv, data and other results stay
	rm -rf .*_cache .hypothesis outputs multirun {results/local,results/local/runs,figures/local}/smoke{,-stand-in}
	find . -path ./.venv -prune -o -name __pycache__ -prune -exec rm -rf {} +

# An environment that was moved or copied along with its checkout still points at the old place.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" scripts/setup.sh
