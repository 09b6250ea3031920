"""Atheris' target for the `.flame` reader: `python -m tests.fuzz.flame_file_fuzzer LAUNCHER CORPUS… [libFuzzer's options]`.

LAUNCHER is a program that starts this one: libFuzzer calls itself for some of what it does.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bloom_core", "tests.fuzz.flame_file_target"]):
    from tests.fuzz.flame_file_target import read_anything

from bloom_core import native
from tests.fuzz.seeds import FILES

ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")
ELEMENT = re.compile(r"<(\w+)[^<>]*?/>|<(\w+)[^<>]*?>[^<>]*</\2>")
VALUES = (
    "", "0", "1", "-1", "0.5", "-0.0", "1e-300", "1e38", "-3.5e38", "1e400", "nan", "inf", "128", "129", "65536", "99999999999",
    "0x10", " 1 ", "1,5", "1 2", "1.5 2.5", "0 0 0", "1 0 0 1 0 0", "linear", "smooth", "RGB", "RGBA", "log", "hsv", "gaussian",
    "EMBER-1.0.0.14", "FLAM3-LNX-3.1.1", "\u00e9", "&lt;",
)  # fmt: skip
NAMES = sorted({name for text in FILES.values() for name, _ in ATTRIBUTE.findall(text)} | set(native.variations()))


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Changes attributes and elements; bytes changed at random hardly ever leave XML that an XML parser lets through."""
    chance = random.Random(seed)
    text = data.decode("latin-1")
    for _ in range(chance.randint(1, 4)):
        pattern = chance.choice((ATTRIBUTE, ATTRIBUTE, ATTRIBUTE, ELEMENT))
        found = list(pattern.finditer(text))
        if chance.random() < 0.15 or not found:
            text = atheris.Mutate(text.encode("latin-1"), max_size).decode("latin-1")
            continue
        here = chance.choice(found)
        if pattern is ELEMENT:
            other = chance.choice(found).group(0) if chance.random() < 0.5 else chance.choice(ELEMENTS)
            new = chance.choice(("", here.group(0) * 2, other + here.group(0), here.group(0) + other))
        else:
            name, value = here.groups()
            stage = chance.choice(("", "", "pre_", "post_"))
            new = chance.choice(
                (
                    f'{name}="{chance.choice(VALUES)}"',
                    f'{name}="{chance.uniform(-3, 3):.3g}"',
                    f"{stage}{chance.choice(NAMES)}={value}",
                    f'{name}={value} {stage}{chance.choice(NAMES)}="{chance.choice(VALUES)}"',
                    f"{name}={value[:-1]} {value[1:]}",
                    "",
                )
            )
        text = text[: here.start()] + new + text[here.end() :]
    return text.encode("latin-1", errors="replace")[:max_size]


ELEMENTS = sorted({found.group(0) for text in FILES.values() for found in ELEMENT.finditer(text)})


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        atheris.Setup(sys.argv[1:], lambda data: read_anything(data, Path(folder)) and None, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
