"""The extension in Blender as a Python module, in each version that can be had: put in, used, switched off, taken out, without a network."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ..blender.setup_root import PROJECT
from .artist import flower_in, package
from .setup_wheels import VERSIONS, environments, without_bloom

SCRIPT = Path(__file__).with_name("wheel_session.py")


@pytest.mark.parametrize("version", VERSIONS)
def test_it_installs_films_and_goes(version: str, tmp_path: Path) -> None:
    found = environments().get(version)
    if found is None:
        pytest.skip(f"no Blender {version} as a Python module in {PROJECT}: make test-installs sets it up where its Python is found")
    user = tmp_path / "user"
    done = subprocess.run(
        [found / "bin" / "python", "-S", SCRIPT, package(), tmp_path],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(without_bloom(found, tmp_path / "packages")),
            "BLENDER_USER_RESOURCES": str(user),
        },
        cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0 and f"all of it worked in Blender {version}" in told and "Traceback" not in told, told[-4000:]
    brightness = [flower_in(tmp_path / "film" / f"{name}.png") for name in ("half-open", "open")]
    assert min(brightness) > 10.0, f"a flower that is seen, not {brightness}"
    left = [str(path) for path in user.rglob("*") if "bloom" in path.name.lower()]
    assert left == []
