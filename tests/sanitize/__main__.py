"""`make sanitize`: the whole test-suite on a library built with AddressSanitizer and UndefinedBehaviourSanitizer, then with ThreadSanitizer.

Nothing of the product is changed for it: the package is copied beside the sanitized library and goes before the installed one. Blender,
numpy and Python are not instrumented; what they call in the C library is, so the sanitizers see memory that they hand to us.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.sanitize import toolchain

OUT = toolchain.OUT / "sanitize"

LEFT_OUT = {
    "tests/core/test_flame_file.py::test_a_stream_without_end_takes_little_memory": "limits the address space, of which a sanitizer takes terabytes",
}
"""Tests that cannot run with a sanitizer loaded, and why."""


@dataclass(frozen=True)
class Sanitizer:
    """A build: its name in the table, its run-time library, the compiler's flags, and the environment, where `log_path` is added."""

    title: str
    runtime: str
    flags: tuple[str, ...]
    options: str
    settings: str

    @property
    def folder(self) -> Path:
        return OUT / self.runtime


SANITIZERS = (
    # Python's own leaks would drown ours: tests/sanitize/leaks.py looks for these.
    Sanitizer("address, undefined", "asan", ("-fsanitize=address,undefined",), "ASAN_OPTIONS", "detect_leaks=0"),
    Sanitizer("thread", "tsan", ("-fsanitize=thread",), "TSAN_OPTIONS", "ignore_noninstrumented_modules=1:halt_on_error=0:exitcode=66"),
)


def run(sanitizer: Sanitizer, arguments: list[str]) -> bool:
    """Builds, runs the tests and prints a line of the table. Returns whether nothing was found and no test failed."""
    begin = time.monotonic()
    toolchain.build_library(sanitizer.folder, [*sanitizer.flags, "-shared-libsan"])
    for report in sanitizer.folder.glob("report.*"):
        report.unlink()
    symbolizer = toolchain.clang().resolve().with_name("llvm-symbolizer")
    settings = f"{sanitizer.settings}:log_path={sanitizer.folder / 'report'}:external_symbolizer_path={symbolizer}"
    environment = os.environ | {
        "PYTHONPATH": f"{sanitizer.folder}{os.pathsep}{toolchain.ROOT}",
        "LD_PRELOAD": str(toolchain.runtime(sanitizer.runtime)),
        "UBSAN_OPTIONS": f"print_stacktrace=1:{settings}",
        sanitizer.options: settings,
    }
    deselected = [f"--deselect={name}" for name in LEFT_OUT]
    log = sanitizer.folder / "tests.log"
    with log.open("w") as file:
        command = [sys.executable, "-X", "faulthandler", "-m", "pytest", "-p", "no:cacheprovider", *deselected, *arguments]
        code = subprocess.run(command, cwd=toolchain.ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT).returncode
    tests = re.findall(r"^.*\b(?:passed|failed|error|skipped|deselected)\b.* in .*$", log.read_text(), re.MULTILINE)
    reports = [path.read_text() for path in sorted(sanitizer.folder.glob("report.*"))]
    found = sum(len(re.findall(r"^SUMMARY:|runtime error:", report, re.MULTILINE)) for report in reports)
    clean = code == 0 and not reports
    outcome = "clean" if clean else f"NOT CLEAN (exit code {code}), see {sanitizer.folder}"
    print(f"{sanitizer.title:<20}{found:>8}  {(time.monotonic() - begin) / 60:>5.1f} min  {tests[-1] if tests else 'no test ended'}: {outcome}", flush=True)
    for report in reports[:5]:
        print(report[:3000])
    return clean


def main() -> None:
    arguments = sys.argv[1:] or ["tests"]
    print(f"Tests: {' '.join(arguments)}, with the library alone instrumented, by {toolchain.clang().name}")
    for name, why in LEFT_OUT.items():
        print(f"Left out: {name} ({why})")
    print(f"\n{'sanitizer':<20}{'reports':>8}  {'time':>9}  tests", flush=True)
    clean = [run(sanitizer, arguments) for sanitizer in SANITIZERS]
    sys.exit(0 if all(clean) else 1)


if __name__ == "__main__":
    main()
