"""What the leak court holds: a session, its trials of tables, and of what families make of them."""
