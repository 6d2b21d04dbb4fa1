"""Which arithmetic the encoder runs in on this CPU, told without loading an inference engine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Precision = Literal["bf16", "f32"]

_CPU_INFO = Path("/proc/cpuinfo")
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def choose_precision(wanted: Literal["auto", "bf16", "f32"], *, cpu_info: Path = _CPU_INFO) -> Precision:
    """Return ``wanted``, or for ``auto`` bf16 where the CPU multiplies it natively and f32 elsewhere.

    The flags are what OpenVINO's own ``OPTIMIZATION_CAPABILITIES`` go by on x86-64; asking it would
    cost its import on a night that has nothing to embed. Systems without ``/proc/cpuinfo`` (macOS)
    and other processors run f32.
    """
    if wanted != "auto":
        return wanted
    try:
        flags = next(line for line in cpu_info.read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        return "f32"
    return "bf16" if _BF16_FLAGS & set(flags.split()) else "f32"
