"""The leak court: nothing that comes after an instant may move what claims to be cut at it."""
