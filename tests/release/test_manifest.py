"""The version stands in one place, and everything else says the same."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from release import extension, manifest
from release.manifest import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("blender_manifest.toml", "core/pyproject.toml", "core/bloom_core/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """Returns Blender's builder as a module."""
    spec = importlib.util.spec_from_file_location("blender_ext", extension.builder())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_follows_from_the_version_is_written() -> None:
    for path, text in manifest.derived().items():
        assert path.read_text("utf-8") == text, f"{path.name} is behind: python -m release.manifest"


def test_one_line_changes_the_version_everywhere(copy: Path) -> None:
    pyproject = copy / "core" / "pyproject.toml"
    pyproject.write_text(pyproject.read_text("utf-8").replace(f'version = "{manifest.version()}"', 'version = "12.3.45"'), "utf-8")
    texts = {path.name: text for path, text in manifest.derived(copy).items()}
    assert '\nversion = "12.3.45"\n' in texts["blender_manifest.toml"] and texts["blender_manifest.toml"].count("bloom_core-12.3.45-py3") == 6
    assert '__version__ = "12.3.45"  # follows' in texts["__init__.py"]
    assert not re.search(rf"\b{re.escape(manifest.version())}\b", "".join(texts.values()).replace('schema_version = "1.0.0"', ""))


def test_a_version_that_blender_cannot_compare_is_refused(copy: Path) -> None:
    pyproject = copy / "core" / "pyproject.toml"
    pyproject.write_text(pyproject.read_text("utf-8").replace(f'version = "{manifest.version()}"', 'version = "1.2rc1"'), "utf-8")
    with pytest.raises(ValueError, match=r"the version is 1\.2rc1; Blender's extensions need three numbers"):
        manifest.derived(copy)


def test_a_line_that_is_gone_is_named(copy: Path) -> None:
    text = (copy / "blender_manifest.toml").read_text("utf-8")
    (copy / "blender_manifest.toml").write_text(text.replace("wheels = [", "wheel = ["), "utf-8")
    with pytest.raises(ValueError, match=r"blender_manifest\.toml: there is no line to hold wheels"):
        manifest.derived(copy)


def test_blender_calls_the_platforms_so(builder: ModuleType) -> None:
    found = manifest.platforms()
    assert set(found) == {"linux-x64", "linux-arm64", "macos-arm64", "macos-x64", "windows-x64", "windows-arm64"}
    for platform, tag in found.items():
        assert builder.blender_platforms_from_wheel_platform(tag) == [platform]
    assert builder.platform_from_this_system() in found


@pytest.mark.parametrize("command", [["-m", "bloom_core"], ["-m", "bloom_addon"]])
def test_the_commands_say_it(command: list[str]) -> None:
    if command[1] == "bloom_core":
        command = ["-c", "import sys; from bloom_core.cli import main; sys.exit(main(sys.argv[1:]))"]
    done = subprocess.run([sys.executable, *command, "--version"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and f"Bloom {manifest.version()}" in done.stdout.splitlines(), done.stdout + done.stderr


def test_the_panel_says_it() -> None:
    from bloom_addon import panel

    said: list[str] = []

    class Layout:
        active = True

        def label(self, *, text: str, translate: bool) -> None:
            said.append(text)

    panel.BLOOM_PT_main.draw_header_preset(type("Panel", (), {"layout": Layout()})(), None)  # type: ignore[arg-type]
    assert said == [manifest.version()]
