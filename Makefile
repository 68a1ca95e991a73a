# The two commands are `make prove` and `make test`; each only makes .venv with tox in it and calls that.
.DEFAULT_GOAL := help
PYTHON ?= python3
TOX := .venv/bin/tox
JOBS ?= 2
GROUPS := bootstrap app test security load report lint prove bench
UV := .venv/bin/uv

.PHONY: help prove test lint unit integration format lock clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

prove: $(TOX) ## all evidence on the reference app (or TARGET=path/to/target.toml), then the report and the verdict
	$(TOX) -q -e prove $(if $(TARGET),-- --target $(TARGET))

test: $(TOX) ## all of the project's own tests, two parts at a time (JOBS=2)
	$(TOX) -q run-parallel --parallel $(JOBS)

lint unit integration: $(TOX) ## one part of the tests
	$(TOX) -q -e $@

format: $(TOX) ## format the sources
	$(TOX) -q -e lint --notest
	.tox/lint/bin/ruff format
	.tox/lint/bin/ruff check --fix

lock: $(TOX) ## compile requirements/*.txt anew, with hashes and without addresses
	for group in $(GROUPS); do \
	  $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 \
	    --group $$group pyproject.toml --output-file requirements/$$group.txt $(LOCK_OPTIONS) || exit 1; \
	done

clean: ## remove everything that was built or run here
	rm -rf .tox .venv results reports/allure/node_modules

$(TOX): requirements/bootstrap.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
	@touch $(TOX)
