"""What a job's processes use of this machine, read from /proc and named as MLflow names system metrics."""

from __future__ import annotations

import contextlib
import os
import time

from smalt.runtime import processes

_PREFIX = "system/"
_MEGABYTE = 1e6
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """Measures the descendants of one process, its supervisor, from the moment it is made.

    What ended processes had used is not lost: the kernel adds it to the parent that collected them, which here is a
    descendant or the supervisor itself.

    Args:
        supervisor: Its process id; what it uses itself does not count.
        folder: Tells which disk is looked at for room.
    """

    def __init__(self, supervisor: int, folder: str) -> None:
        self._supervisor = supervisor
        self._folder = folder
        self._measured_at = time.monotonic()
        self._cpu_seconds = _collected_cpu_seconds(supervisor)
        self._disk = _disk_bytes(supervisor)
        self._network = _network_bytes()

    def read(self) -> dict[str, float]:
        """The metrics of this moment: use of processors since the last reading, transfers since the beginning."""
        jobs = processes.descendants(self._supervisor)
        now, cpu_seconds = time.monotonic(), self._total_cpu_seconds(jobs)
        share = max(0.0, cpu_seconds - self._cpu_seconds) / max(now - self._measured_at, 1e-3)
        self._measured_at, self._cpu_seconds = now, cpu_seconds
        resident = sum(_resident_bytes(pid) for pid in jobs)
        found = {
            "cpu_utilization_percentage": 100 * share / (os.cpu_count() or 1),
            "system_memory_usage_megabytes": resident / _MEGABYTE,
            "system_memory_usage_percentage": 100 * resident / (_PAGE_BYTES * os.sysconf("SC_PHYS_PAGES")),
            "process_count": len(jobs),
            **self._transfers(jobs),
            **_room(self._folder),
        }
        return {_PREFIX + name: float(value) for name, value in found.items()}

    def _total_cpu_seconds(self, jobs: list[int]) -> float:
        return _collected_cpu_seconds(self._supervisor) + sum(sum(_cpu_ticks(pid)) for pid in jobs) / _TICKS

    def _transfers(self, jobs: list[int]) -> dict[str, float]:
        disk = [_disk_bytes(pid) for pid in (self._supervisor, *jobs)]
        network = _network_bytes()
        return {
            "disk_read_megabytes": max(0, sum(read for read, _ in disk) - self._disk[0]) / _MEGABYTE,
            "disk_write_megabytes": max(0, sum(written for _, written in disk) - self._disk[1]) / _MEGABYTE,
            "network_receive_megabytes": max(0, network[0] - self._network[0]) / _MEGABYTE,
            "network_transmit_megabytes": max(0, network[1] - self._network[1]) / _MEGABYTE,
        }


def _cpu_ticks(pid: int) -> tuple[int, int]:
    """Of a process itself, and of the children it has collected."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) < 15:
        return 0, 0
    return int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def _collected_cpu_seconds(pid: int) -> float:
    return _cpu_ticks(pid)[1] / _TICKS


def _resident_bytes(pid: int) -> int:
    fields = _text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE_BYTES if len(fields) > 1 else 0


def _disk_bytes(pid: int) -> tuple[int, int]:
    """Read and written, with those of collected children; nothing where the process is somebody else's."""
    counts = dict(line.split(": ", 1) for line in _text(f"/proc/{pid}/io").splitlines() if ": " in line)
    return int(counts.get("read_bytes", 0)), int(counts.get("write_bytes", 0))


def _network_bytes() -> tuple[int, int]:
    """Received and sent by this machine; the kernel does not count by process."""
    received = sent = 0
    for line in _text("/proc/net/dev").splitlines()[2:]:
        name, _, counts = line.partition(":")
        fields = counts.split()
        if name.strip() != "lo" and len(fields) > 8:
            received += int(fields[0])
            sent += int(fields[8])
    return received, sent


def _room(folder: str) -> dict[str, float]:
    with contextlib.suppress(OSError):
        disk = os.statvfs(folder)
        used, free = (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_bavail * disk.f_frsize
        return {
            "disk_usage_megabytes": used / _MEGABYTE,
            "disk_usage_percentage": 100 * used / max(used + free, 1),
            "disk_available_megabytes": free / _MEGABYTE,
        }
    return {}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:  # The process has ended, or is not ours.
        return ""
