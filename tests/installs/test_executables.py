"""The extension in real Blenders, installed from its zip, without a network: put in, used, switched off, taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from .artist import MODULE, artist, flower_in, package, said, went_well

FILM = ("film", "--out", "film", "--frames", "4", "--samples", "1", "--resolution", "96", "--size", "160x100", "--rays", "2")


@pytest.mark.parametrize(("root", "platform"), [("newest", ""), ("bare", "linux_x64")])
def test_it_installs_films_and_goes(root: str, platform: str, tmp_path: Path) -> None:
    user = artist(root, tmp_path)
    assert 'Installed "bloom"' in went_well(user.install(package(platform)))

    went_well(user.blender("--command", "bloom", *FILM))
    film = user.home / "film"
    assert (film / "bloom.mp4").stat().st_size > 1000
    brightness = [flower_in(film / f"{name}.png") for name in ("half-open", "open")]
    assert min(brightness) > 10.0, f"a flower that is seen, not {brightness}"

    went_well(user.python(f"import bpy; bpy.ops.preferences.addon_disable(module={MODULE!r}); bpy.ops.wm.save_userpref()"))
    switched_off = user.blender("--command", "bloom", "demo", "--out", "demo")
    assert switched_off.returncode == 1 and 'Unrecognized command: "bloom"' in said(switched_off) and not (user.home / "demo").exists()
    went_well(user.python(f"import bpy; bpy.ops.preferences.addon_enable(module={MODULE!r}); bpy.ops.wm.save_userpref()"))
    assert "film" in went_well(user.blender("--command", "bloom", "--help"))

    went_well(user.blender("--command", "extension", "remove", "bloom"))
    assert user.left() == []


def test_the_demo_in_a_bare_root_shows_a_flower(tmp_path: Path) -> None:
    user = artist("bare", tmp_path)
    went_well(user.install(package()))
    went_well(user.blender("--command", "bloom", "demo", "--out", "demo", *FILM[3:]))
    assert flower_in(user.home / "demo" / "open.png") > 10.0


def test_what_debian_leaves_out_is_named(tmp_path: Path) -> None:
    user = artist("bare", tmp_path)
    done = user.install(package(), hidden=Path("/usr/lib/python3/dist-packages"))
    assert "Bloom needs numpy, which this Blender was packaged without" in said(done) and "apt install python3-numpy" in said(done), said(done)
    assert done.returncode == 1 and "bloom_addon" not in said(done), "no traceback of ours"


def test_a_zip_for_another_platform_is_refused_in_words(tmp_path: Path) -> None:
    user = artist("bare", tmp_path)
    told = said(user.install(package("windows_x64")))
    assert "This platform (linux-x64) isn't one of (windows-x64)" in told and "Traceback" not in told, told
    assert user.left() == []


def test_a_blender_that_is_too_old_is_told_which_one_is_needed(tmp_path: Path) -> None:
    user = artist("old", tmp_path)
    told = said(user.install(package()))
    assert "This Blender version (4.3.2) doesn't meet the minimum supported version (4.5.0)" in told and "Traceback" not in told, told
    assert user.left() == []


@pytest.mark.parametrize("place", ["scripts/addons", "extensions/user_default"])
def test_a_blender_that_is_too_old_refuses_a_copied_folder_too(place: str, tmp_path: Path) -> None:
    user = artist("old", tmp_path)
    folder = user.folder(f".config/blender/4.3/{place}/bloom")
    unpacked = user.home / "unpacked.zip"
    unpacked.write_bytes(package().read_bytes())
    went_well(user.python(f"import shutil; shutil.unpack_archive({unpacked.name!r}, {str(folder.relative_to(user.home))!r})"))
    module = "bloom" if place.startswith("scripts") else MODULE
    told = said(user.python(f"import addon_utils; assert addon_utils.enable({module!r}) is None"))
    needed = "Bloom needs Blender 4.5.0 or later, and this is 4.3.2" if module == "bloom" else "doesn't meet the minimum supported version (4.5.0)"
    assert needed in told and "bloom_addon" not in told, told
    assert module != "bloom" or "Traceback" not in told, told
