"""Replay: the reorder policy played over past weeks against what a planner would do by hand."""
