# make run and make test need Python 3.11+ and make, and nothing installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8080
FHIR_SERVER := tests/fhir_server
PAGES := tests/browser
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11

.PHONY: run test fhirserver browser pictures postgresql check docs deploy-check bench soak generate lock clean
.DEFAULT_GOAL := run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.runtime
	exec env HOST=$(HOST) PORT=$(PORT) $(BIN)/als-leukemia-cds serve

# Without npm, or where it installs nothing, the tests that need it skip and say so.
test: $(VENV)/.dev
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory fhirserver || true; fi
	$(BIN)/python -m pytest -n auto

# The FHIR server that some tests talk to: needs Node.js 20.19 or newer with npm.
fhirserver: $(FHIR_SERVER)/node_modules/.package-lock.json

$(FHIR_SERVER)/node_modules/.package-lock.json: $(FHIR_SERVER)/package.json $(FHIR_SERVER)/package-lock.json
	cd $(FHIR_SERVER) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# What the tests of the pages need: Chromium from the packages of Debian or Ubuntu, as root or with sudo
# (elsewhere install it so that chromium is on the PATH), and axe-core from npm.
browser: $(PAGES)/node_modules/.package-lock.json
	@for name in chromium chromium-browser google-chrome-stable google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	root=$$(test "$$(id -u)" = 0 || echo sudo); \
	$$root apt-get update --quiet && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends chromium

$(PAGES)/node_modules/.package-lock.json: $(PAGES)/package.json $(PAGES)/package-lock.json
	cd $(PAGES) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The pictures of the documentation, by the tests of the pages.
pictures: $(VENV)/.dev browser
	PICTURES=docs/pictures $(BIN)/python -m pytest $(PAGES)

# The database server that some tests start for themselves, from the packages of Debian or Ubuntu:
# as root, or with sudo. Elsewhere install PostgreSQL so that initdb is on the PATH.
postgresql:
	@if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi; \
	root=$$(test "$$(id -u)" = 0 || echo sudo); \
	$$root apt-get update --quiet && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends postgresql

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generate.py --check
	$(BIN)/python tools/audit.py

$(VENV)/.docs: requirements-docs.lock $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

# The site of docs/, into build/site. Every link within it is checked; with --quiet none would be.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "build/site/index.html"

# The files of deploy/, as far as they can be checked without a container engine.
deploy-check: $(VENV)/.docs
	$(BIN)/hadolint --config deploy/hadolint.yaml deploy/Dockerfile
	$(BIN)/yamllint --strict --config-file deploy/yamllint.yaml deploy
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --kubernetes-version 1.31 --quiet $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))

generate: $(VENV)/.dev
	$(BIN)/python tools/generate.py

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# 20,000 requests, valid, broken and hostile: some minutes.
soak: $(VENV)/.dev
	$(BIN)/python -m bench.soak

lock: $(VENV)/.dev
	$(COMPILE) pyproject.toml requirements-build.in -o requirements.lock
	$(COMPILE) --extra dev pyproject.toml requirements-build.in -o requirements-dev.lock
	$(COMPILE) --extra postgres pyproject.toml requirements-build.in -o deploy/requirements.lock
	$(COMPILE) --extra docs --extra deploy --constraints requirements-dev.lock pyproject.toml requirements-build.in -o requirements-docs.lock

clean:
	rm -rf $(VENV) $(FHIR_SERVER)/node_modules $(PAGES)/node_modules build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
