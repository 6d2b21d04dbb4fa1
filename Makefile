# Two commands are enough: `make nightly` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

# Bytecode is compiled once at install; without it every task would pay seconds to import. What no task imports is left
# out (tests, the models of transformers beside BERT's, ...): a tenth of the size. Python adds what is missed when it is used.
NOT_COMPILED := /tests?/|/transformers/models/(?!auto|bert)|/site-packages/(pip|networkx|databricks|altair|libcst|sqlglot)/
unexport PYTHONDONTWRITEBYTECODE
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Got Python {v[0]}.{v[1]} as $(PYTHON), expected 3.11 to 3.13. Run: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	@touch $@

.venv/base.installed: requirements/base.txt pyproject.toml $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/base.txt
	$(BIN)/python -m compileall -qq -j 0 -x '$(NOT_COMPILED)' .venv/lib
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.installed: requirements/dev.txt .venv/base.installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: setup
setup: .venv/base.installed ## Install everything the night needs into .venv

.PHONY: nightly
nightly: .venv/base.installed ## Run the night, from the source to published scores (AS_OF=2017-12-01 for another one)
	@PYTHONPATH=dags $(BIN)/python -m nightmarket_airflow.inprocess $(if $(AS_OF),--as-of "$$AS_OF")

.PHONY: up
up: .venv/base.installed ## Start the UIs of Airflow and MLflow on this machine (AIRFLOW_PORT=8080 MLFLOW_PORT=5001)
	@PYTHONPATH=dags $(BIN)/python -m nightmarket_airflow.up $(if $(AIRFLOW_PORT),--airflow-port "$$AIRFLOW_PORT") $(if $(MLFLOW_PORT),--mlflow-port "$$MLFLOW_PORT")

.PHONY: test
test: .venv/dev.installed ## Run all tests
	$(BIN)/python -m pytest

.PHONY: check
check: .venv/dev.installed ## Check format, lint, types, SQL and import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models
	$(BIN)/python -m pytest -q tests/project

.PHONY: results
results: .venv/dev.installed ## Evaluate every family on the newest landed night and write docs/results.md (AS_OF=2017-12-25 for another cut-off)
	for family in $$($(BIN)/python -c 'from nightmarket.families import PREDICTIONS; print(*PREDICTIONS)'); do \
		$(BIN)/nightmarket evaluate $$family --write-docs $(if $(AS_OF),--as-of "$$AS_OF") || exit; done
	$(BIN)/python docs/generate.py

.PHONY: sql
sql: .venv/base.installed ## Open a SQL prompt on the published scores
	@$(BIN)/nightmarket sql

.PHONY: docs
docs: .venv/dev.installed ## Write the generated pages, and dbt's documentation of every table into var/dbt_docs
	$(BIN)/python docs/generate.py
	NIGHTMARKET_DBT_WAREHOUSE=$(CURDIR)/var/warehouse.duckdb NIGHTMARKET_DBT_SPILL=$(CURDIR)/var/spill \
		$(BIN)/dbt --quiet --log-path var/dbt/logs docs generate --static \
		--project-dir dbt_project --profiles-dir dbt_project --target-path $(CURDIR)/var/dbt_docs
	@echo "dbt's documentation: $(CURDIR)/var/dbt_docs/static_index.html"

.PHONY: lock
lock: $(BIN)/uv ## Resolve the locks in requirements/ again
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements/base.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 --group dev -c requirements/base.txt pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 --group compose -c requirements/base.txt -o requirements/compose.txt
