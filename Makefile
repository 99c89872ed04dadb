# Every task of this project; `make help` lists them. `make run` needs Python 3.11 and a network,
# nothing else. With DATABASE_URL set, that PostgreSQL is used instead of the embedded one.

PYTHON ?= python3
PORT ?= 8000
EXAMPLES ?= 2000
SIZES ?= 1000000 10000000

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.requirements-installed
# Keeps the embedded PostgreSQL, once a step has started it, for all steps of a target.
LEASED := $(PY) -m pushaudit.local_database.hold
# Checks of a deployment's settings open no connection, so this server need not exist.
AS_DEPLOYED := PUSHAUDIT_ENVIRONMENT=production PUSHAUDIT_DEBUG= \
	PUSHAUDIT_ALLOWED_HOSTS=pushaudit.example DATABASE_URL=postgresql://unused@localhost/unused
# The other tests run without those of the browser and of the proxy.
BROWSING := -o addopts='--strict-markers --strict-config -ra'
LOCK := $(VENV)/bin/uv pip compile pyproject.toml --generate-hashes --universal \
	--python-version 3.11 --no-header --no-emit-index-url --quiet

.PHONY: help run test test-steps fuzz e2e pictures bench bench-large lock format clean venv python browser proxy
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1 - /p' Makefile | while IFS= read -r line; do \
		printf '  make %-11s %s\n' "$${line%% - *}" "$${line#* - }"; done

run: venv ## try it: database, demo data, login and example requests (PORT=8000)
	@exec $(PY) manage.py run --port '$(PORT)' --parent $$PPID

test: venv ## everything a change must pass, browser tests aside (TESTS=tests/api: of tests, these)
	@exec $(LEASED) $(MAKE) --no-print-directory test-steps

test-steps:
	@echo '== ruff check'; $(VENV)/bin/ruff check .
	@echo '== ruff format'; $(VENV)/bin/ruff format --check .
	@echo '== mypy'; $(VENV)/bin/mypy
	@echo '== imports'; $(VENV)/bin/lint-imports
	@echo '== migrations'; $(PY) manage.py makemigrations --check --dry-run
	@echo '== deployment check'; $(AS_DEPLOYED) \
		PUSHAUDIT_SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(PY) manage.py check --deploy --fail-level WARNING
	@echo '== pytest'; exec $(PY) -m pytest $(TESTS)

fuzz: venv ## ask every operation of the API with EXAMPLES=2000 made-up requests, new ones each time
	@exec env FUZZ_EXAMPLES='$(EXAMPLES)' $(LEASED) $(PY) -m pytest tests/api/test_contract.py

e2e: venv browser proxy ## tests of the admin in a browser, and of a mirror behind nginx
	@exec $(LEASED) $(PY) -m pytest $(BROWSING) tests/proxy
	@exec $(LEASED) $(PY) -m pytest $(BROWSING) tests/e2e

pictures: venv browser ## docs/screenshot-*.png anew, by the walk that docs/operators.md tells
	@$(LEASED) $(PY) -m pytest $(BROWSING) tests/e2e/test_walk.py
	cp e2e-output/docs/screenshot-*.png docs/

bench: venv ## measurements, one program of bench/ after the other
	@for file in bench/[a-z]*.py; do \
		[ -e "$$file" ] || { echo 'bench/ has no programs'; exit 1; }; \
		name=$${file#bench/}; echo "== $${name%.py}"; \
		$(LEASED) $(PY) -m "bench.$${name%.py}" || exit; \
	done

# Ten million need 16 GB of disk. KEEP=--keep leaves the databases, and finds them again.
bench-large: venv ## traces and gaps of 1,000,000 and 10,000,000 notifications (SIZES='1000000')
	@exec $(LEASED) $(PY) -m bench.traces $(KEEP) $(SIZES)

lock: venv ## requirements*.txt anew from pyproject.toml
	$(LOCK) -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt

format: venv ## put the code into shape
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

clean: ## remove .venv, caches and the local database (refused while it is in use)
	@if $(PY) -c 'import django' 2>/dev/null; then $(PY) -m pushaudit.local_database.clean; fi
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf staticfiles e2e-output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp holds the hash of what was installed last: another lock file, or an interrupted
# installation, installs again. Two makes at one moment take turns (the lock is on this file).
venv: python
	@exec 9<Makefile; if command -v flock >/dev/null; then flock 9; fi; \
	wanted=$$($(PYTHON) -c 'import hashlib; \
		print(hashlib.sha256(open("requirements-dev.txt", "rb").read()).hexdigest())') || exit; \
	if $(PY) -c '' 2>/dev/null && [ "$$(cat $(STAMP) 2>/dev/null)" = "$$wanted" ]; then exit; fi; \
	$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || exit; \
	echo 'Installing requirements-dev.txt into $(VENV)'; rm -f $(STAMP); \
	$(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt \
		|| exit; \
	echo "$$wanted" > $(STAMP)

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo '$(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12 …' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update && apt-get install --yes python3-venv; \
		else \
			echo '$(PYTHON) has no venv module; on Debian: sudo apt-get install python3-venv' >&2; \
			exit 1; \
		fi; }

browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update && apt-get install --yes --no-install-recommends chromium; \
		else \
			echo 'no chromium or google-chrome; on Debian: sudo apt-get install chromium' >&2; \
			exit 1; \
		fi; }

# Debian starts what it installs; a policy that says no (101) keeps it from doing so, and goes again.
proxy:
	@PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null && command -v openssl >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			policy=/usr/sbin/policy-rc.d; \
			if [ ! -e $$policy ]; then \
				trap 'rm -f '$$policy EXIT; \
				printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy || exit; \
			fi; \
			apt-get update && \
				apt-get install --yes --no-install-recommends nginx-light openssl; \
		else \
			echo 'nginx or openssl is missing; on Debian: sudo apt-get install nginx-light openssl' >&2; \
			exit 1; \
		fi; }
