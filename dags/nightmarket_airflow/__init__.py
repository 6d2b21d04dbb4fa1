"""The only Airflow code that DAG files share: assets, defaults, the step operator and its command builder.

``inprocess`` runs a DAG without a scheduler (`make nightly`), ``up`` runs Airflow and MLflow with
their UIs (`make up`).
"""
