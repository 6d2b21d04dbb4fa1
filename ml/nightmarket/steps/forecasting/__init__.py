"""What `train`, `score` and `evaluate` do for a forecaster, whose rows are items and the weeks ahead."""
