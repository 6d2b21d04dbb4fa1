# Nightmarket with Airflow, dbt and MLflow, for docker-compose.yaml.
# Another base must be a Debian with Python 3.11 to 3.13.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libgomp1 python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/nightmarket
# Libraries before sources: a change of code builds in seconds.
COPY requirements/uv.txt requirements/base.txt requirements/compose.txt requirements/
RUN python3 -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --quiet --require-hashes --only-binary :all: \
        -r requirements/uv.txt \
    && .venv/bin/uv pip install --no-cache --quiet --python .venv/bin/python --no-deps --require-hashes \
        -r requirements/base.txt -r requirements/compose.txt \
    && .venv/bin/python -m compileall -qq -j 0 -x '/tests?/' .venv/lib

COPY pyproject.toml README.md LICENSE ./
COPY ml ml
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
# `var` belongs to the user, so that a new volume mounted there does, too; the code stays root's.
RUN .venv/bin/uv pip install --no-cache --quiet --python .venv/bin/python --no-deps --no-build-isolation \
        --offline -e . \
    && .venv/bin/python -m compileall -qq ml dags \
    && useradd --create-home --uid 1000 nightmarket \
    && install --directory --owner nightmarket var /home/nightmarket/airflow

ENV PATH=/opt/nightmarket/.venv/bin:$PATH
USER nightmarket
