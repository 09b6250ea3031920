"""`make fuzz`: coverage-guided fuzzing of the ABI's flame buffer and of the `.flame` reader, at least ten minutes of CPU in all.

It begins with the kept corpus and new seeds and leaves what it found in out/fuzz; `--keep` minimises that into tests/fuzz/corpus.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import seeds
from tests.sanitize import toolchain

HERE = Path(__file__).parent
OUT = toolchain.OUT / "fuzz"
SANITIZERS = "address,undefined"
LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1")


@dataclass(frozen=True)
class Target:
    """A fuzzing target: its name, the command that runs it, the largest input in bytes, and by what inputs that are kept must differ."""

    name: str
    command: tuple[str, ...]
    max_bytes: int
    minimise: tuple[str, ...] = ()

    @property
    def corpora(self) -> tuple[Path, ...]:
        """What it found, the kept corpus, the seeds. libFuzzer writes to the first."""
        return OUT / self.name / "found", HERE / "corpus" / self.name, OUT / "seeds" / self.name

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=1"}
        for folder in self.corpora:
            folder.mkdir(parents=True, exist_ok=True)
        return subprocess.run([*self.command, *options, f"-max_len={self.max_bytes}", *LIMITS], env=environment, stderr=subprocess.PIPE, text=True)


def flame_buffer() -> Target:
    """Builds the ABI's fuzzer and returns it."""
    library = toolchain.build_library(OUT / "flame_buffer", [f"-fsanitize=fuzzer-no-link,{SANITIZERS}", "-fno-sanitize-recover=all"])
    program = library.with_name("fuzzer")
    flags = ["-std=c++20", *toolchain.COMMON, f"-fsanitize=fuzzer,{SANITIZERS}", f"-I{toolchain.ROOT / 'core/native'}"]
    link = ["-o", str(program), str(library), f"-Wl,-rpath,{library.parent}"]
    subprocess.run([toolchain.clang(), *flags, str(HERE / "flame_buffer_fuzzer.cpp"), *link], check=True)
    return Target("flame_buffer", (str(program),), 4096, ("-use_counters=0",))  # by the code they reach; how often would keep a thousand


def flame_file() -> Target:
    """Returns the `.flame` reader's fuzzer."""
    launcher = OUT / "flame_file" / "fuzzer"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.fuzz.flame_file_fuzzer "$0" "$@"\n')
    launcher.chmod(0o755)
    return Target("flame_file", (str(launcher),), 8192)


def fuzz(target: Target, minutes: float) -> bool:
    """Fuzzes for `minutes`, prints a line of the summary. Returns whether nothing was found that should not be."""
    print(f"{target.name}: {minutes:g} minutes ...", flush=True)
    done = target.run(*map(str, target.corpora), f"-max_total_time={round(minutes * 60)}", f"-artifact_prefix={OUT / target.name}/")
    (OUT / target.name / "log.txt").write_text(done.stderr)
    executions = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", done.stderr)
    edges, features, inputs = coverage[-1] if coverage else ("?", "?", "?")
    verdict = "nothing found" if done.returncode == 0 else f"FAILED, see {OUT / target.name}"
    print(f"{target.name}: {executions[1] if executions else '?'} inputs, {edges} edges, {features} features, corpus {inputs}: {verdict}")
    if done.returncode:
        print(done.stderr[-4000:])
    return done.returncode == 0


def keep(target: Target) -> None:
    """Replaces the kept corpus by the fewest of all inputs that together reach the same code."""
    kept, fewest = HERE / "corpus" / target.name, OUT / target.name / "fewest"
    fewest.mkdir(parents=True, exist_ok=True)
    for path in fewest.iterdir():
        path.unlink()
    target.run("-set_cover_merge=1", *target.minimise, str(fewest), *map(str, target.corpora)).check_returncode()
    for path in kept.iterdir():
        path.unlink()
    for path in fewest.iterdir():
        path.rename(kept / path.name)
    print(f"{target.name}: {len(list(kept.iterdir()))} inputs kept")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=6.0, help="of fuzzing for each of the two targets (6)")
    parser.add_argument("--keep", action="store_true", help="afterwards minimise the corpus into tests/fuzz/corpus")
    arguments = parser.parse_args()
    seeds.write_buffers(OUT / "seeds" / "flame_buffer")
    seeds.write_files(OUT / "seeds" / "flame_file")
    targets = (flame_buffer(), flame_file())
    clean = [fuzz(target, arguments.minutes) for target in targets]
    if arguments.keep:
        for target in targets:
            keep(target)
    sys.exit(0 if all(clean) else 1)


if __name__ == "__main__":
    main()
