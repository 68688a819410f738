# The one door: `make help` lists what it opens.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --quiet --no-sync
VENDOR := resources/web/vendor/.complete
WORK ?= build/package
TEST_ASSETS := tests/assets/node_modules/.complete
NO_NETWORK := "Hearth could not be set up; the reason stands above. If the network was away, run make again."
# Without npm a pinned Node is fetched for this one command, and nothing of it is kept.
NPM := $(or $(shell command -v npm 2>/dev/null),$(UV) run --quiet --no-cache --isolated --locked --only-group assets npm)

# What is in .venv names this folder: one that was moved or copied gets a new one.
$(shell at=$$(head -qn1 .venv/lib/python3*/site-packages/_editable_impl_hearth.pth 2>/dev/null) && { [ "$$at" -ef . ] || rm -rf .venv; })

export UV_PYTHON_PREFERENCE ?= system

.PHONY: help setup run test lint faults bench build package package-test install uninstall clean

help: ## Show what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run $(VENDOR) ## Install what is needed and open Hearth (ARGS="--data-dir …")
	@.venv/bin/hearth $(ARGS)

setup: .venv/.dev $(VENDOR) $(TEST_ASSETS) ## Install what building and testing need

test: setup lint ## Check the code and run all tests
	$(RUN) pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 3 --reruns 2 $(PYTEST_ARGS)

lint: setup ## Check style, types, imports and templates
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) djlint --quiet --lint templates

faults: setup ## Run every fault many times and print a table (ARGS=store, sync: those alone)
	$(RUN) python -m tests.faults $(ARGS)

bench: setup ## Measure speed and memory against peers (ARGS=--record keeps the tables)
	@$(UV) sync --quiet --locked --inexact --group bench
	$(RUN) python -m tests.benchmarks $(ARGS)

build: setup ## Build the wheel and the source archive into dist/
	$(UV) build --quiet

package: $(VENDOR) ## Build the .deb, the tar.xz, their parts list and sums into dist/ (SIGN=KEYID signs; ARGS=--preset=0: quick, large)
	@resources/packaging/install-libraries run package
	@UV_PROJECT_ENVIRONMENT=$(WORK)/venv $(UV) sync --quiet --locked --no-default-groups --group package --no-editable \
		--reinstall-package hearth
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || date +%s) PYTHONHASHSEED=0 \
		nice $(WORK)/venv/bin/python resources/packaging/package.py $(WORK) dist $(if $(SIGN),--sign $(SIGN)) $(ARGS)

package-test: setup ## Use the packages of dist/ in a clean Debian, as root (long; OLDER=FILE: upgrade from that .deb, and back)
	@resources/packaging/install-libraries package package-test
	$(RUN) pytest -n0 tests/package/checks.py
	set -e; for release in bookworm trixie; do tests/package/debian dist/*.deb dist/*.tar.xz $(WORK)/$$release $$release $(OLDER); done

install: .venv/.run $(VENDOR) ## Put Hearth into the start menu
	@.venv/bin/hearth --install-desktop

uninstall: .venv/.run ## Take Hearth out of the start menu; your data stays
	@.venv/bin/hearth --uninstall-desktop

clean: ## Remove what was installed and built here
	rm -rf .venv .tools dist build resources/web/vendor resources/web/node_modules tests/assets/node_modules

.tools/bin/uv:
	@resources/packaging/install-uv "$(PYTHON)" $(UV_VERSION)

.venv/.run: pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	@resources/packaging/install-libraries run
	@$(UV) sync --quiet --locked --inexact --no-default-groups --compile-bytecode || { echo $(NO_NETWORK) >&2; exit 1; }
	@touch $@

.venv/.dev: pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	@resources/packaging/install-libraries run test
	@$(UV) sync --quiet --locked || { echo $(NO_NETWORK) >&2; exit 1; }
	@touch $@ .venv/.run

$(VENDOR): resources/web/package-lock.json resources/web/vendor.py resources/web/drawer.mjs resources/web/flowchart.mjs resources/web/diagram_lines.mjs resources/web/icons.txt | .venv/.run
	@$(NPM) ci --silent --ignore-scripts --prefix resources/web || { echo $(NO_NETWORK) >&2; exit 1; }
	@$(RUN) python resources/web/vendor.py
	@touch $@

$(TEST_ASSETS): tests/assets/package-lock.json | .venv/.dev
	@$(NPM) ci --silent --ignore-scripts --prefix tests/assets || { echo $(NO_NETWORK) >&2; exit 1; }
	@touch $@
