"""The morning report: what tonight's run published, how it moved, and how far it can be trusted."""
