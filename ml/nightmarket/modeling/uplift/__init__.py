"""Uplift: what a contact changes, where a randomised trial can prove it; refused elsewhere. Pure functions."""
