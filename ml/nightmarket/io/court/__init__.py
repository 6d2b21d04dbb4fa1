"""The warehouses of the leak court: the one that is judged is read, everything is rebuilt in another file."""
