"""What `check` reads for the borders whose tables are staged files."""
