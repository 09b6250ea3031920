"""The extension's zips: what is in them, and what is not, whatever lies about in the folder."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

from release import extension, manifest
from tests.blender import entering, setup_root
from tests.release import other_version

VERSION = manifest.version()
STRAYS = (
    "x.blend", "conftest.py", "out/film.mp4", ".venv/pyvenv.cfg", ".github/workflows/ci.yml", "tests/test_x.py", "docs/index.md", "farm/bloom.yaml",
    "release/manifest.py", "README.md", "Makefile", "bloom-0.0.9.zip", "wheels/bloom_core-0.0.9-py3-none-win_amd64.whl", "bloom_addon/x.blend",
    "bloom_addon/notes.txt", "bloom_addon/__pycache__/panel.cpython-311.pyc", "bloom_addon/stage/pictures/old.png", "bloom_addon/.panel.py.swp",
)  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder to build from in which much lies about."""
    folder = other_version.tree(tmp_path_factory.mktemp("zips") / "tree", VERSION)
    for stray in STRAYS:
        (folder / stray).parent.mkdir(parents=True, exist_ok=True)
        (folder / stray).write_text("stray")
    return folder


@pytest.fixture(scope="module")
def zips(tree: Path) -> list[Path]:
    return extension.build(tree, tree.parent / "dist")


def names(package: Path) -> set[str]:
    with zipfile.ZipFile(package) as archive:
        return set(archive.namelist())


def test_there_is_one_for_all_and_one_for_each_platform(zips: list[Path]) -> None:
    platforms = ("linux_x64", "linux_arm64", "macos_arm64", "macos_x64", "windows_x64", "windows_arm64")
    assert [package.name for package in zips] == [f"bloom-{VERSION}.zip", *(f"bloom-{VERSION}-{platform}.zip" for platform in platforms)]
    assert sorted(zips) == sorted(zips[0].parent.iterdir()), "and nothing else"


def test_only_the_addon_gets_in(zips: list[Path]) -> None:
    code = {path.relative_to(manifest.ROOT).as_posix() for path in (manifest.ROOT / "bloom_addon").rglob("*.py")}
    pictures = {path.relative_to(manifest.ROOT).as_posix() for path in (manifest.ROOT / "bloom_addon" / "stage" / "pictures").glob("*.jpg")}
    assert len(pictures) == 7
    expected = {"__init__.py", "blender_manifest.toml", "LICENSE"} | code | pictures
    for package in zips:
        assert {name for name in names(package) if not name.startswith("wheels/")} == expected


def test_each_platform_gets_its_own_wheel(zips: list[Path]) -> None:
    wheels = {platform: f"wheels/{manifest.wheel_name(VERSION, tag)}" for platform, tag in manifest.platforms().items()}
    assert {name for name in names(zips[0]) if name.startswith("wheels/")} == set(wheels.values())
    for package, (platform, wheel) in zip(zips[1:], wheels.items(), strict=True):
        assert {name for name in names(package) if name.startswith("wheels/")} == {wheel}
        with zipfile.ZipFile(package) as archive:
            generated = tomllib.loads(archive.read("blender_manifest.toml").decode())["build"]["generated"]
        assert generated == {"platforms": [platform], "wheels": [f"./{wheel}"]}


def test_the_same_files_make_the_same_bytes(zips: list[Path], tree: Path) -> None:
    other = tree.parent / "moved"
    shutil.copytree(tree, other)  # other dates, and another order on disk
    for first, second in zip(zips, extension.build(other, tree.parent / "again"), strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_a_missing_wheel_is_named(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "tree"
    shutil.copytree(tree, other)
    (other / "wheels" / manifest.wheel_name(VERSION, "win_arm64")).unlink()
    with pytest.raises(extension.ReleaseError, match=r"run make wheels; these are missing: \./wheels/bloom_core-\S+-win_arm64\.whl$"):
        extension.build(other, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_what_blender_refuses_is_told(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "tree"
    shutil.copytree(tree, other)
    text = (other / "blender_manifest.toml").read_text("utf-8")
    (other / "blender_manifest.toml").write_text(text.replace('"Import-Export"', '"Gardening"'), "utf-8")
    with pytest.raises(extension.ReleaseError, match=r"(?s)tag.*Gardening"):
        extension.build(other, tmp_path / "dist")


def test_the_newest_blender_builds_the_same_and_accepts_it(zips: list[Path], tree: Path) -> None:
    root = setup_root.ROOTS["newest"]
    if not root.ready():
        pytest.skip(f"no root {root.path.name}: make test-blender makes it (on Debian, as root)")
    work, its = Path("/zips"), tree.parent / "its"
    its.mkdir()

    def command(*words: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
        done = entering.enter(root.path, ["blender", "--command", "extension", *words], environment, {work: tree.parent}, timeout=120)
        return done.stdout + done.stderr

    for package in zips[:2]:
        assert "Success" in command("validate", f"{work}/dist/{package.name}")
    assert "created" in command("build", "--source-dir", f"{work}/tree", "--output-dir", f"{work}/its", "--split-platforms")
    for package in zips[1:]:
        assert names(its / package.name) == names(package)
