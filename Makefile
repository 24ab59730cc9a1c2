# Phaseplan from a bare machine. Every target provides what it needs, says what it does, and may be repeated.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
PYTHON ?= $(shell command -v /usr/bin/python3.11 || command -v python3.11 || command -v python3)
VENV := .venv/bin
DEMO := .phaseplan/demo/repository.git
FUZZ_INPUTS ?= 1000000
# Tests that need neither engine, Airflow nor a repository: a minute on two cores.
PURE := tests/compile tests/config tests/plan tests/site tests/field/test_12_every_line_of_a_log.py tests/field/test_25_live_lines.py
PROPERTY_EXAMPLES ?= 2000
# With an engine: the one that answers, else one of our own, stopped afterwards.
ENGINE = $(PYTHON) -m provision.engine during $(MAKE)

.DEFAULT_GOAL := help
.PHONY: help demo test up docs check lint quick format bench soak ranges fuzz clean environment images sample lock \
	stack stack-down in-demo in-test in-up in-bench in-soak in-ranges in-images

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: environment ## ten agents build Phase 5 of the sample repository, under a real Airflow
	@$(ENGINE) in-demo
in-demo: in-images sample
	@./phaseplan run include/plans/phase-05.yaml --repository $(DEMO)

test: environment ## every test, on real git, Docker and Airflow (PYTEST_ARGS="-k name")
	@$(ENGINE) in-test
in-test: in-images
	@$(PYTHON) -m provision.browser
	@$(PYTHON) -m provision.leftovers $(VENV)/python -m pytest -n 3 $(PYTEST_ARGS)

up: environment ## Airflow with its UI over all plans, until Ctrl-C
	@$(ENGINE) in-up
in-up: in-images
	@$(PYTHON) -m provision.sample --keep
	@[ -e .phaseplan/last-run.json ] || export AIRFLOW__PHASEPLAN__REPOSITORY="$${AIRFLOW__PHASEPLAN__REPOSITORY:-$(CURDIR)/$(DEMO)}"; \
		exec ./phaseplan up

stack: environment ## Airflow on PostgreSQL as a stack that stays up (docs/stack.md), on an engine that stays up
	@$(PYTHON) -m provision.engine start
	@$(MAKE) in-images
	@$(PYTHON) -m provision.stack up

stack-down: ## stop the stack; its data stays
	@$(PYTHON) -m provision.stack down

docs: environment ## the site of docs/, built strictly, into .phaseplan/site
	@NO_MKDOCS_2_WARNING=1 $(VENV)/python -m mkdocs build --strict --quiet
	@echo "open .phaseplan/site/index.html"

check: lint ## before every commit: lint, and the pure tests
	@$(VENV)/python -m pytest -q -n 2 -m "not docker and not airflow" $(PURE)

lint: quick ## formatting, lint, types, and the rules of the house
	@$(VENV)/python -m pytest -q tests/house

quick: environment ## formatting, lint and types
	@$(VENV)/ruff format --check --quiet .
	@$(VENV)/ruff check --quiet .
	@$(VENV)/mypy --no-error-summary

format: environment ## put the code into the house's format
	@$(VENV)/ruff check --quiet --fix . && $(VENV)/ruff format --quiet .

bench: environment ## the measurements, as ratios in one run
	@$(ENGINE) in-bench
in-bench: in-images
	@$(VENV)/python -m bench $(BENCH_ARGS)

soak: environment ## every part of a run killed, five seeds each, and a million mutated documents: docs/soak.md, fuzz.md
	@$(ENGINE) in-soak
	@$(VENV)/python -m tests.documents.fuzz $(FUZZ_INPUTS)
	@PHASEPLAN_ANSWERS=10000 $(VENV)/python -m pytest -q --timeout=0 tests/documents/test_proving.py
	@PHASEPLAN_EXAMPLES=2000 $(VENV)/python -m pytest -q tests/field/test_17_task_names.py -k becomes_a_dag
in-soak: in-images
	@PHASEPLAN_EXAMPLES=$(PROPERTY_EXAMPLES) $(VENV)/python -m pytest -q --timeout=0 tests/field/test_09_bytes_stay.py
	@PHASEPLAN_EXAMPLES=12 $(VENV)/python -m pytest -q --timeout=0 \
		tests/git/test_same_tree.py tests/git/test_invariants.py tests/git/test_takeout_random.py
	@PHASEPLAN_SHIM_SHARE=1 PHASEPLAN_MACHINE_EXAMPLES=24 PHASEPLAN_MACHINE_FAULTS=1 PHASEPLAN_UPDATES=250 \
		$(VENV)/python -m pytest -q --timeout=0 tests/git/shim tests/git/test_machine.py tests/git/test_race.py
	@PHASEPLAN_ENGINES=1 PHASEPLAN_OBJECT_STORE=1 $(VENV)/python -m pytest -q --timeout=0 tests/engines tests/object_store
	@PHASEPLAN_TESTS_DATABASE=postgresql $(VENV)/python -m pytest -q tests/end_to_end
	@$(VENV)/python -m tests.kills.soak
	@$(VENV)/python -m tests.stack.celery_soak

fuzz: environment ## mutated documents into the importer, a million: writes docs/fuzz.md (FUZZ_INPUTS=20000)
	@$(VENV)/python -m tests.documents.fuzz $(FUZZ_INPUTS)

ranges: environment ## the oldest and newest of all that the wheel asks for, on Python 3.11 and 3.12: the table in docs/install.md
	@$(ENGINE) in-ranges
in-ranges: in-images
	@$(PYTHON) -m provision.ranges $(RANGES_TESTS)

images: environment ## the base image and ours
	@$(ENGINE) in-images
in-images:
	@$(PYTHON) -m provision.images

environment: ## the Python environment .venv
	@$(PYTHON) -m provision.environment

sample: ## the sample repository, made anew
	@$(PYTHON) -m provision.sample

lock: ## renew constraints.txt from the direct requirements
	@$(PYTHON) -m provision.environment --lock

clean: ## remove .venv, .phaseplan, caches, and Phaseplan's stopped containers and unused volumes
	@$(PYTHON) -m provision.clean
