"""A lock file that one process holds at a time, and that says which.

flock, not the existence of a file: the kernel lets go when the holder dies, however it dies. Light to import, because
the DAG side uses it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def held(path: Path, *, busy: Callable[[str], Exception]) -> Iterator[int]:
    """Hold ``path`` or fail at once; yield the descriptor.

    Parameters
    ----------
    busy
        Makes the error to raise where another process holds it, from the words that name the holder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode(errors="replace").strip() or "an unknown process"
            raise busy(holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}\n".encode())
        yield descriptor
    finally:
        os.close(descriptor)
