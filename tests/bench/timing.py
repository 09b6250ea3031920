"""How this bench measures: medians of runs taken in turn, so that what else the machine does meets both sides alike."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

REPEATS = 5


def medians(jobs: Mapping[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """Returns the median seconds of each job; they run in turn, `repeats` times, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(repeats + 1):
        for name, job in jobs.items():
            begin = time.perf_counter()
            job()
            if number:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


PEAK = """
def peak():
    # The largest memory so far, in bytes. Linux's own line, because getrusage also counts what the process was before exec.
    try:
        with open("/proc/self/status") as file:
            return next(float(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024
    except OSError:
        import resource, sys
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
"""


def in_a_process(script: str, *arguments: object, **environment: str) -> dict[str, float]:
    """Runs Python code of which the last line printed is a JSON object; returns it with `peak`, the process's largest memory in bytes.

    The code can ask `peak()` itself.
    """
    command = [sys.executable, "-c", f"{PEAK}{script}\nprint(peak())", *map(str, arguments)]
    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    *_, told, peak = run.stdout.splitlines()
    return {**json.loads(told), "peak": float(peak)}


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def table(head: list[str], rows: list[list[str]]) -> None:
    """Prints a Markdown table."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)) + " |", flush=True)


def millions(rate: float) -> str:
    return f"{rate / 1e6:.1f} M/s"


def machine() -> str:
    """Returns processor, cores, memory and system in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next((line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
