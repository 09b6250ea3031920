"""docs/add-a-variation.md, carried out in a copy of the project: its variation is compiled, follows its formula, and draws the page's picture."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.examples.pages import ROOT, Copy, blocks
from tests.examples.pictures import likeness, shown

TEST = ".venv/bin/python -m pytest tests/native/test_variation_ruffle.py"


def build(folder: Path) -> str:
    """Compiles the copy's library in place of `make setup`: for this computer, with the baseline kernel in every kernel's place, to save time."""
    pytest.importorskip("ziglang", reason="the compiler (pip install ziglang) is not installed")
    sys.path.insert(0, str(ROOT / "core"))
    try:
        import build_native
    finally:
        sys.path.remove(str(ROOT / "core"))
    with pytest.MonkeyPatch.context() as patch:
        baseline = build_native.kernels(build_native.TARGETS[build_native.host()][0])[:1]
        patch.setattr(build_native, "NATIVE", folder / "core" / "native")
        patch.setattr(build_native, "kernels", lambda *_, **__: baseline)
        build_native.build(build_native.host(), folder / "core" / "bloom_core", folder / "objects", extra=["-Dv3=v2", "-Dv4=v2"])
    return ""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("variation"), {"make setup": build})
    for block in blocks("add-a-variation.md"):
        made.work(block)
    return made


def test_the_page_s_tests_judge_the_compiled_function(copy: Copy) -> None:
    """They passed as the page was carried out; with another number in their vectors they do not."""
    path = copy.folder / "tests" / "native" / "test_variation_ruffle.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace("(1.3, 0, 0)", "(1.3, 0, 0.1)"), "utf-8")
    assert "1 failed, 4 passed" in copy.run(f"{TEST} -k by_hand", code=1)
    path.write_text(text, "utf-8")


def test_the_table_has_it_last_and_a_test_is_asked_for(copy: Copy) -> None:
    known = copy.run('.venv/bin/python -c "from bloom_core import native; print(*native.variations())"').split()
    assert known[0] == "linear" and known[-1] == "ruffle" and len(set(known)) == len(known)
    assert "ruffle" not in (ROOT / "core" / "native" / "registry.h").read_text("utf-8")  # the page does not show what is already there
    path = copy.folder / "tests" / "native" / "test_variation_ruffle.py"
    path.rename(path.with_suffix(".txt"))
    asked = copy.run(".venv/bin/python -m pytest tests/native/test_variations.py -k a_test_of_its_own", code=1)
    path.with_suffix(".txt").rename(path)
    assert "ruffle has no golden vectors" in asked and "docs/add-a-variation.md" in asked


def test_a_flame_that_names_it_is_read_and_written(copy: Copy) -> None:
    script = """
from bloom_core.flames.flame_file import read_flames, write_flames
(flame,), warnings = read_flames("iris.flame")
write_flames("again.flame", [flame])
(again,), more = read_flames("again.flame")
print(warnings, more, again.final.variations == flame.final.variations, dict(again.final.variations[1].parameters))
"""
    (copy.folder / "again.py").write_text(script)
    parameters = {f"post_ruffle_{name}": value for name, value in (("petals", 3.0), ("depth", 0.6), ("frill", 0.45), ("twist", 0.8))}
    assert copy.run(".venv/bin/python again.py") == f"[] [] True {parameters}\n"


def test_the_page_s_picture_comes_from_it(copy: Copy) -> None:
    picture = shown("add-a-variation.md", "variation-ruffle.jpg")
    assert likeness(copy.folder / "iris.png", picture) > 0.995
    text = (copy.folder / "iris.flame").read_text("utf-8")
    (copy.folder / "plain.flame").write_text(text.replace('post_ruffle="1"', 'post_ruffle="0"'), "utf-8")
    copy.run(".venv/bin/bloom render plain.flame -o plain.png --quality 20")
    assert likeness(copy.folder / "plain.png", picture) < 0.9
