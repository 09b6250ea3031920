"""Broken .flame files, and what an enemy would send."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.flames.flame import FlameError
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames
from tests.core.flames import PALETTE, XFORM, read, read_one

NOT_NUMBERS = ("nan", "NaN", "inf", "-infinity", "1e400", "1e39", "", "one", "1,5", "0x10", "1_000", "١", "1 2", "9" * 5000, "--1")


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    for inside, place in (
        (f'<xform weight="{value}" linear="1"/>', "xform 0"),
        (f'<xform weight="1" linear="{value}"/>', "xform 0"),
        (f'{XFORM}<xform weight="1" blob="1" blob_low="{value}"/>', "xform 1"),
        (f'{XFORM}<finalxform opacity="{value}"/>', "final xform"),
    ):
        with pytest.raises(FlameError, match=rf"test\.flame, line 2, flame 0 \('rose'\), {place}: "):
            read(tmp_path, f'<flame name="rose">\n{inside}{PALETTE}</flame>')
    with pytest.raises(FlameError, match=r"test\.flame, line 1, flame 0"):
        read(tmp_path, f'<flame scale="{value}">{XFORM}{PALETTE}</flame>')


@pytest.mark.parametrize("coefs", ["", "1 0 0 1 0", "1 0 0 1 0 0 0", "1 0 0 1 0 nan", "1;0;0;1;0;0", "1 0 0 1 0 " + "0 " * 100_000])
@pytest.mark.parametrize("key", ["coefs", "post"])
def test_affines_need_six_numbers(tmp_path: Path, key: str, coefs: str) -> None:
    with pytest.raises(FlameError, match=f"xform 0: {key}"):
        read(tmp_path, f'<flame><xform weight="1" linear="1" {key}="{coefs}"/>{PALETTE}</flame>')


def test_a_singular_affine_is_fine(tmp_path: Path) -> None:
    assert read_one(tmp_path, '<xform weight="1" linear="1" coefs="0 0 0 0 1 2"/>').xforms[0].pre[:2, :3].any() == False  # noqa: E712


HOSTILE = {
    "doctype": '<!DOCTYPE flame SYSTEM "http://example.invalid/x.dtd"><flame/>',
    "entity": '<!DOCTYPE f [<!ENTITY x "y">]><flame name="&x;"/>',
    "file": '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><flame>&x;</flame>',
    "billion laughs": "<!DOCTYPE l [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
    + "]><flame name='&a9;'/>",
    "parameter entity": '<!DOCTYPE f [<!ENTITY % p SYSTEM "http://example.invalid/"> %p;]><flame/>',
    "unknown entity": "<flame name='&x;'/>",
    "truncated": f"<flames><flame>{XFORM}",
    "truncated tag": f'<flames><flame>{XFORM}<xform weight="1" lin',
    "two roots": f"<flame>{XFORM}{PALETTE}</flame><flame>{XFORM}{PALETTE}</flame>",
    "not xml": "PK\x03\x04 this is something else",
    "empty": "",
    "nul": "<flame>\0</flame>",
    "crossed": "<flame><xform></flame></xform>",
    "doubled attribute": '<flame><xform weight="1" weight="2"/></flame>',
    "nested flames": f"<flame>{XFORM}<flame>{XFORM}</flame></flame>",
    "two finals": f"<flame>{XFORM}<finalxform/><finalxform/></flame>",
    "129 xforms": f"<flame>{XFORM * 129}{PALETTE}</flame>",
    "deep": "<a>" * 2000,
    "deep edit": f"<flame>{XFORM}{'<edit>' * 5000}",
    "wrong encoding": '<?xml version="1.0" encoding="martian"?><flame/>',
    "utf-7": '<?xml version="1.0" encoding="utf-7"?><flame/>',
    "long tag": '<flame name="' + "x" * (3 << 20) + '">' + XFORM + "</flame>",
    "many attributes": "<flame " + " ".join(f'a{i}="1"' for i in range(300_000)) + ">" + XFORM + "</flame>",
    "long comment": "<!--" + "x" * (3 << 20) + "--><flame/>",
    "many flames": "<flames>" + "<flame/>" * 20_000 + "</flames>",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_or_broken_file_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(FlameError, match=r"test\.flame") as caught:
        read(tmp_path, HOSTILE[name].encode())
    assert "line" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    whole = f"<flames><flame>\n{XFORM}\n{PALETTE}</flame></flames>"
    for length in range(len(whole)):
        with pytest.raises(FlameError):
            read(tmp_path, whole[:length])


def test_files_that_are_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FlameError, match=r"missing\.flame"):
        read_flames(tmp_path / "missing.flame")
    with pytest.raises(FlameError, match=str(tmp_path)):
        read_flames(tmp_path)
    if Path("/dev/zero").exists():
        with pytest.raises(FlameError, match="/dev/zero"):
            read_flames("/dev/zero")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.flame"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FlameError, match="1048576 MiB"):
        read_flames(path)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("element", [XFORM, "<flame/>", "<edit/>", '<color index="1" rgb="1 2 3"/>', "<flame><b>", "<b/>", "text "])
def test_a_stream_without_end_takes_little_memory(tmp_path: Path, element: str) -> None:
    path = tmp_path / "endless.flame"
    with path.open("wb") as file:
        file.write(b"<flames><flame>")
        block = element.encode() * ((1 << 20) // len(element))
        for _ in range(24):
            file.write(block)
    code = f"from bloom_core.flames.flame_file import *\ntry: read_flames({str(path)!r})\nexcept ValueError as e: print('refused', e)"
    limit = 1 << 31

    def lower() -> None:
        import resource  # which Windows lacks

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=lower, timeout=120)
    assert run.stdout.startswith("refused"), run.stderr[-2000:]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_file_is_read_or_refused_but_never_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text = bytearray(f'<flames><flame version="EMBER-1" size="64 64" chaos="1">{XFORM}<finalxform julia3D="1"/>{PALETTE}</flame></flames>'.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text) - 1))
        pieces = st.binary(max_size=3) | st.sampled_from([b'"', b"<", b"-9e37", b"&#0;", b"nan", b"/>"])
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(pieces)
    try:
        flames, _ = read(tmp_path_factory.getbasetemp(), bytes(text))
    except FlameError:
        return
    for flame in flames:
        pack(flame)
