"""Updating Bloom while it is loaded, in Blenders with empty preferences: what runs afterwards, and what is said where it cannot be finished."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blender import setup_root
from tests.installs.setup_wheels import without_bloom
from tests.release import other_version

SESSION = Path(__file__).with_name("updating_session.py")
MARK = "\nUPDATED = True\n"


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with Bloom 0.1.0, and 0.1.1 whose add-on and core can be told from it."""
    folder = tmp_path_factory.mktemp("zips")
    for version, changes in (("0.1.0", {}), ("0.1.1", {"bloom_core/native.py": MARK, "bloom_addon/panel.py": MARK})):
        shutil.copy(other_version.package_for_this_computer(folder, version, changes), folder)
    return folder


def play(scene: str, zips: Path, tmp_path: Path) -> None:
    """Plays a scene of the session in this Python's Blender."""
    home = tmp_path / "home"
    home.mkdir()
    for package in zips.glob("*.zip"):
        shutil.copy(package, tmp_path)
    packages = without_bloom(Path(sys.prefix), tmp_path / "packages")
    variables = os.environ | {"BLENDER_USER_RESOURCES": str(home), "PYTHONPATH": str(packages)}
    command = [sys.executable, "-S", str(SESSION), "--", scene, str(tmp_path)]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert "all of it worked" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]


def test_new_code_runs_old_work_opens_and_nothing_stays(zips: Path, tmp_path: Path) -> None:
    play("work", zips, tmp_path)


def test_where_the_library_is_held_blender_is_to_be_restarted(zips: Path, tmp_path: Path) -> None:
    play("held", zips, tmp_path)


def test_where_the_file_is_locked_blender_is_to_be_restarted(zips: Path, tmp_path: Path) -> None:
    play("locked", zips, tmp_path)


@pytest.mark.parametrize("scenes", [["work"], ["locked", "restarted"]])
def test_in_the_newest_blender(scenes: list[str], zips: Path, tmp_path: Path) -> None:
    root = setup_root.ROOTS["newest"]
    if not root.ready():
        pytest.skip(f"no root {root.path.name}: make test-blender makes it (on Debian, as root)")
    pytest.importorskip("PIL", reason="Pillow, which comes with make test, is not in make test-5.0's environment")
    from tests.installs.artist import HOME, Artist, said

    user = Artist("newest", tmp_path / "home")
    user.home.mkdir()
    for path in (*zips.glob("*.zip"), SESSION):
        shutil.copy(path, user.home)
    for scene in scenes:
        done = user.blender("--background", "--python-exit-code", "3", "--python", SESSION.name, "--", scene, str(HOME))
        assert "all of it worked" in said(done), said(done)[-4000:]
    if scenes[-1] == "restarted":
        assert "bloom" in said(user.blender("--command", "help")).lower()
