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
from functools import cache
from pathlib import Path

from tests.sanitize import toolchain

OUT = toolchain.OUT / "sanitize"

LEFT_OUT = {
    "test_a_stream_without_end_takes_little_memory": "limits the address space, of which a sanitizer takes terabytes",
}
"""Tests that cannot run with a sanitizer loaded, and why."""


@dataclass(frozen=True)
class Check:
    """A run of tests: its name in the table, the library's build (`runtime` names its run-time library), the sanitizer's settings.

    `narrow` limits it to some tests; `only` to those reports, of all that lie in a file, in which this text stands.
    """

    title: str
    runtime: str
    flags: tuple[str, ...]
    variable: str
    settings: str
    narrow: tuple[str, ...] = ()
    only: str = ""


ADDRESS = ("-fsanitize=address,undefined",)

CHECKS = (
    Check("address, undefined", "asan", ADDRESS, "ASAN_OPTIONS", "detect_leaks=0"),
    # Python leaves much behind when it ends, and so do the processes that Blender's tests start: the native tests, and our own leaks alone.
    Check("leak", "asan", ADDRESS, "ASAN_OPTIONS", "detect_leaks=1:symbolize=0:exitcode=0", ("tests/native",), "libbloom"),
    Check("thread", "tsan", ("-fsanitize=thread",), "TSAN_OPTIONS", "ignore_noninstrumented_modules=1:exitcode=66"),
)


@cache
def site(runtime: str, flags: tuple[str, ...]) -> Path:
    """Builds the library with `flags`; returns the folder that goes into PYTHONPATH."""
    toolchain.build_library(OUT / runtime, [*flags, "-shared-libsan"])
    return OUT / runtime


def run(check: Check, tests: list[str]) -> bool:
    """Runs the tests and prints a line of the table. Returns whether nothing was found and no test failed."""
    begin, folder, name = time.monotonic(), site(check.runtime, check.flags), check.title.split(",")[0]
    for report in folder.glob(f"{name}.*"):
        report.unlink()
    symbolizer = toolchain.clang().resolve().with_name("llvm-symbolizer")
    settings = f"{check.settings}:log_path={folder / name}:external_symbolizer_path={symbolizer}"
    environment = os.environ | {
        "PYTHONPATH": f"{folder}{os.pathsep}{toolchain.ROOT}",
        "LD_PRELOAD": str(toolchain.runtime(check.runtime)),
        "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={folder / name}:external_symbolizer_path={symbolizer}",
        check.variable: settings,
    }
    log = folder / f"tests-{name}.log"
    command = [sys.executable, "-X", "faulthandler", "-m", "pytest", "-p", "no:cacheprovider", "-k", " and ".join(f"not {test}" for test in LEFT_OUT)]
    with log.open("w") as file:
        code = subprocess.run(
            [*command, *(check.narrow or tests)], cwd=toolchain.ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        ).returncode
    text = "\n\n".join(path.read_text(errors="replace") for path in sorted(folder.glob(f"{name}.*")))
    reports = [part for part in re.split(r"\n\n|(?<=\n)(?====)", text) if part.strip("=\n") and check.only in part]
    ended = re.findall(r"^\d+ (?:passed|failed|error|skipped).* in .*$", log.read_text(), re.MULTILINE)
    clean = code == 0 and not reports
    verdict = "clean" if clean else f"NOT CLEAN (exit code {code}), see {log} and {folder}/{name}.*"
    minutes = (time.monotonic() - begin) / 60
    print(f"{check.title:<20}{minutes:>5.1f} min  {ended[-1] if ended else 'the tests did not end'}: {verdict}", flush=True)
    for part in reports[:5]:
        print(part[:2000])
    return clean


def main() -> None:
    tests = sys.argv[1:] or ["tests"]
    print(f"{' '.join(tests)}, the library built by {toolchain.clang().name}\n")
    for test, why in LEFT_OUT.items():
        print(f"Left out: {test}: it {why}.")
    for check in CHECKS:
        if check.narrow:
            print(f"For {check.title!r}: {' '.join(check.narrow)} alone.")
    print(flush=True)
    clean = [run(check, tests) for check in CHECKS]
    sys.exit(0 if all(clean) else 1)


if __name__ == "__main__":
    main()
