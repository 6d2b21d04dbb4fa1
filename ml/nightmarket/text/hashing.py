"""Texts and files by their content: what was embedded once is never embedded again."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any


def normalise_text(text: str) -> str:
    """Return ``text`` in Unicode NFC with runs of white space as one blank and none at the ends.

    Case stays: whether it counts is the tokenizer's business, and cased encoders read it.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def hash_text(normalised: str) -> str:
    """Return the SHA-256 of a normalised text, in hex."""
    return hashlib.sha256(normalised.encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex (about 0.1 s for 90 MB)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: Any) -> str:
    """Return the SHA-256 of a JSON-able value; key order and spacing do not count."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
