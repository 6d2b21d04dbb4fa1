"""The only code that touches DuckDB files, the serving store, MLflow and the files of a night."""
