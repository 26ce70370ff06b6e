"""Device: where the network runs, with how many threads, and always with the same sums in the same order."""

from __future__ import annotations

import contextlib
import os

import psutil
import torch

from wsiview.errors import ModelError


class DeviceMissing(ModelError):
    """This computer has no such device."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the device {name!r} can't be used: {reason}; choose cpu, or leave the choice to wsiview")
        self.name = name


def pick_device(name: str | None = None) -> torch.device:
    """The device of that name ("cpu", "cuda", "cuda:1", "mps"); without a name CUDA, else MPS, else the CPU.

    Raises
    ------
    DeviceMissing
        If this computer does not have it.
    """
    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceMissing(name, "that is no device's name") from None
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise DeviceMissing(name, f"torch sees {count} CUDA devices here")
    elif device.type == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceMissing(name, "torch sees no Apple GPU here")
    elif device.type != "cpu":
        raise DeviceMissing(name, "wsiview knows cpu, cuda and mps")
    return device


def set_threads(count: int | None = None) -> int:
    """Let torch compute with that many threads, by default one for each physical core; gives the number back.

    Results depend on the order of sums, so the number is set, never left to chance.
    """
    if count is None:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        count = min(psutil.cpu_count(logical=False) or 1, allowed)
    count = max(1, count)
    torch.set_num_threads(count)
    if torch.get_num_interop_threads() != 1:
        # Can be set once a process, before the first parallel work; networks here run one operation at a time anyway.
        with contextlib.suppress(RuntimeError):
            torch.set_num_interop_threads(1)
    return count


def compute_repeatably() -> None:
    """Same input, same bits: no trial runs to choose an algorithm, none with random order, full float32."""
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
