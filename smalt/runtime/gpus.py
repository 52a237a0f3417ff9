"""What the GPUs of this machine do, asked of NVIDIA's management library, which is what nvidia-smi prints.

The library is called in this process: the program would cost more than all other readings together, and would be one
more child among those of the job.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIBRARY = "libnvidia-ml.so.1"
_MEGABYTE = 1e6
_OK = 0


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class Gpus:
    """The GPUs of this machine; none where the driver is missing."""

    def __init__(self, library: Any = None) -> None:  # Any: a C library
        self._devices: list[ctypes.c_void_p] = []
        try:
            self._library = library or ctypes.CDLL(_LIBRARY)
        except OSError:
            return
        count = ctypes.c_uint()
        if self._library.nvmlInit_v2() != _OK or self._library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != _OK:
            return
        for index in range(count.value):
            device = ctypes.c_void_p()
            if self._library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)) == _OK:
                self._devices.append(device)

    def read(self) -> dict[str, float]:
        """The metrics of this moment; what a device does not tell is left out."""
        found: dict[str, float] = {}
        for index, device in enumerate(self._devices):
            readings = {**self._memory(device), **self._load(device), **self._power(device)}
            found |= {f"system/gpu_{index}_{name}": value for name, value in readings.items()}
        return found

    def _memory(self, device: ctypes.c_void_p) -> dict[str, float]:
        memory = _Memory()
        if self._library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) != _OK:
            return {}
        share = 100 * memory.used / max(memory.total, 1)
        return {"memory_usage_megabytes": memory.used / _MEGABYTE, "memory_usage_percentage": share}

    def _load(self, device: ctypes.c_void_p) -> dict[str, float]:
        load = _Utilization()
        if self._library.nvmlDeviceGetUtilizationRates(device, ctypes.byref(load)) != _OK:
            return {}
        return {"utilization_percentage": float(load.gpu)}

    def _power(self, device: ctypes.c_void_p) -> dict[str, float]:
        milliwatts, limit = ctypes.c_uint(), ctypes.c_uint()
        if self._library.nvmlDeviceGetPowerUsage(device, ctypes.byref(milliwatts)) != _OK:
            return {}
        found = {"power_usage_watts": milliwatts.value / 1000}
        if self._library.nvmlDeviceGetEnforcedPowerLimit(device, ctypes.byref(limit)) == _OK and limit.value:
            found["power_usage_percentage"] = 100 * milliwatts.value / limit.value
        return found
