"""The same job in a Blender of its own, with the extension's zip that the job brings along: as on a farm whose workers have Blender alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..blender.setup_root import ROOTS
from . import farming
from .farming import PROJECT, Worker

ROOT = ROOTS["newest"].path
needs_blender = pytest.mark.skipif(not ROOTS["newest"].ready(), reason="no Blender of its own: make test-blender sets one up, as root")

SHIM = f"""#!/bin/sh
# Blender in the root that `make test-blender` sets up, in namespaces of its own; it sees this machine's /tmp, and the session's variables.
exec unshare --mount --pid --fork --kill-child sh -ec '
mount -t proc proc {ROOT}/proc
mount --rbind /dev {ROOT}/dev
mount --bind /tmp {ROOT}/tmp
mkdir -p {ROOT}/bloom
mount --bind {PROJECT} {ROOT}/bloom
exec chroot {ROOT} /usr/bin/env -i PATH=/usr/bin:/bin HOME="$HOME" LANG=C.UTF-8 LIBGL_ALWAYS_SOFTWARE=1 \\
    BLENDER_USER_RESOURCES="$BLENDER_USER_RESOURCES" blender "$@"
' sh "$@"
"""


@needs_blender
@farming.thorough
def test_workers_with_blender_alone_make_what_one_of_them_makes(tmp_path: Path) -> None:
    package = min((PROJECT / "dist").glob("bloom-*.zip"), key=lambda path: len(path.name))  # the one for all platforms
    artist, worker = farming.new_workers(tmp_path, 2)
    for machine in (artist, worker):
        (machine.home / "bin" / "blender").write_text(SHIM)
    artist.variables = {"BLENDER_USER_RESOURCES": str(artist.home / "blender")}
    artist.run("blender", "--command", "extension", "install-file", "-r", "user_default", "-e", f"/bloom/dist/{package.name}")
    blend = tmp_path / "scene" / "lotus.blend"
    artist.bloom("grow", blend, *farming.SMALL, "--engine", "eevee")
    own = farming.copied(blend, tmp_path / "own")
    artist.bloom("bake", own, "--folder", tmp_path / "alone" / "takes")
    artist.bloom("render", own, "--out", tmp_path / "alone" / "film")

    takes, film = tmp_path / "takes", tmp_path / "film"
    values = {"Blend": blend, "Takes": takes, "Output": film, "Frames": f"1-{farming.FRAMES}", "BakeChunk": 4, "RenderChunk": 4}
    given = [word for name, value in {**values, "BloomExtension": f"/bloom/dist/{package.name}"}.items() for word in ("-p", f"{name}={value}")]
    environment = ("--environment", farming.FARM / "bloom_environment.yaml")
    told = worker.run(farming.openjd(), "run", farming.FARM / "template.yaml", *given, *environment, "--step", "Film", "--run-dependencies")
    assert "openjd_fail" not in told and "openjd_progress: 100.0" in told
    assert farming.digests(takes, "take-*/*.vdb") == farming.digests(tmp_path / "alone" / "takes", "take-*/*.vdb") != {}
    pictures = farming.digests(film / "frames", "*")
    assert pictures == farming.digests(tmp_path / "alone" / "film" / "frames", "*.png") and len(set(pictures.values())) == farming.FRAMES
    assert (film / "bloom.mp4").stat().st_size > 0 and not farming.unfinished(film)
    assert not list(worker.home.rglob("bloom_core")), "the session's extension was left on the worker"


@needs_blender
@farming.thorough
def test_a_worker_without_the_extension_fails_its_task(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "machine", {"BLENDER_USER_RESOURCES": str(tmp_path / "empty")})
    (worker.home / "bin" / "blender").write_text(SHIM)
    told = worker.bloom("bake", tmp_path / "lotus.blend", code=1)
    assert "bloom" in told
