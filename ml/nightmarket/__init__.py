"""Nightmarket: every night, tomorrow morning's decisions from a shop's raw tables."""

__version__ = "0.1.0"
