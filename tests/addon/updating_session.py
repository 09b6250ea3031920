"""What test_updating.py plays inside Blender: an update while Bloom is at work. After `--`: the scene to play, the folder with the zips."""

from __future__ import annotations

import builtins
import gc
import os
import sys
import threading
import time
import traceback
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import bpy.utils.previews

SCENE, FOLDER = sys.argv[sys.argv.index("--") + 1 :]
MODULE = "bl_ext.user_default.bloom"
PLACE = Path(bpy.utils.user_resource("EXTENSIONS"))


def install(version: str) -> None:
    (package,) = Path(FOLDER).glob(f"bloom-{version}-*.zip")
    done = bpy.ops.extensions.package_install_files(filepath=str(package), repo="user_default", enable_on_install=True)
    assert done == {"FINISHED"}, done


def switch(on: bool) -> None:
    turn = bpy.ops.preferences.addon_enable if on else bpy.ops.preferences.addon_disable
    assert turn(module=MODULE) == {"FINISHED"}


def mapped() -> set[str]:
    """Returns which of Bloom's libraries this process has in memory; one whose file is gone is called so."""
    return {line.split(maxsplit=5)[-1].strip() for line in Path("/proc/self/maps").read_text().splitlines() if "libbloom" in line}


def ours() -> list[str]:
    return sorted(name for name in sys.modules if name.partition(".")[0] == "bloom_core" or name.startswith(MODULE + "."))


def traces() -> list[str]:
    """Returns whatever there is of Bloom in Blender, and is not there before it comes."""
    handlers = [function for name in dir(bpy.app.handlers) if isinstance(found := getattr(bpy.app.handlers, name), list) for function in found]
    menus = [function for name in dir(bpy.types) for function in getattr(getattr(getattr(bpy.types, name), "draw", None), "_draw_funcs", ())]
    configs = bpy.context.window_manager.keyconfigs.addon
    keys = [item.idname for found in configs.keymaps for item in found.keymap_items] if configs is not None else []
    properties = [name for kind in ("Object", "Scene", "WindowManager", "Material") for name in getattr(bpy.types, kind).bl_rna.properties.keys()]
    names = [*dir(bpy.types), *dir(bpy.ops.bloom), *keys, *properties, *(thread.name for thread in threading.enumerate())]
    names += [function.__module__ for function in [*handlers, *menus]]
    return sorted({name for name in names if "bloom" in name.lower()})


def keys() -> dict[str, list[tuple[float, float]]]:
    """Returns all keys in the file."""
    found = {}
    for action in bpy.data.actions:
        for curve in action.layers[0].strips[0].channelbags[0].fcurves:
            found[f"{action.name} {curve.data_path} {curve.array_index}"] = [tuple(point.co) for point in curve.keyframe_points]
    return found


def make_a_film() -> None:
    assert bpy.ops.bloom.add(design="peony") == {"FINISHED"}
    settings = bpy.context.object.bloom
    settings.samples, settings.resolution, settings.folder = 0.2, 32, str(Path(FOLDER) / "takes")
    assert bpy.ops.bloom.use_run() == {"FINISHED"}
    bpy.context.scene.bloom_growth.frames = 3
    assert bpy.ops.bloom.grow() == {"FINISHED"} and bpy.ops.bloom.bake() == {"FINISHED"}


def works(version: str) -> None:
    """Makes sure that it is Bloom of a version that runs, all of it, and that its renderer does."""
    import bloom_core
    from bloom_core import native

    assert bloom_core.__version__ == version and str(PLACE) in str(bloom_core.__file__)
    assert getattr(native, "UPDATED", False) == getattr(sys.modules[MODULE + ".bloom_addon.panel"], "UPDATED", False) == (version != "0.1.0")
    assert hasattr(bpy.types, "BLOOM_PT_main") and not hasattr(bpy.types, "BLOOM_PT_restart")
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    native.kernel_name()
    assert len(mapped()) == 1 and "deleted" not in str(mapped()), mapped()


def says_restart() -> None:
    """Makes sure that nothing of Bloom is there but the notice."""
    front = vars(sys.modules[MODULE])
    lines = front["_Notice"].lines
    assert lines[0] == "Restart Blender to finish the update to Bloom 0.1.1.", lines
    said: list[str] = []
    column = SimpleNamespace(label=lambda *, text, icon, translate: said.append(text))
    context = SimpleNamespace(preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)), region=SimpleNamespace(width=250))
    for place in (front["BLOOM_PT_restart"], front["BloomRestartPreferences"]):
        said.clear()
        place.draw(SimpleNamespace(layout=SimpleNamespace(column=lambda align: column)), context)
        assert " ".join(said) == " ".join(lines) and max(map(len, said)) < 26, said
    assert hasattr(bpy.types, "BLOOM_PT_restart") and not hasattr(bpy.types, "BLOOM_PT_main") and not hasattr(bpy.types.Object, "bloom")
    try:
        bpy.ops.bloom.add(design="peony")
    except AttributeError as error:
        assert "could not be found" in str(error)
    else:
        raise AssertionError("an operator ran without its Bloom")


def updates_at_work() -> None:
    """Updates while a job renders, opens what was saved before, and goes without a trace."""
    assert not traces()
    previews = len(bpy.utils.previews._uuid_open)
    install("0.1.0")
    make_a_film()
    works("0.1.0")
    assert len(traces()) > 100
    written, blend = keys(), str(Path(FOLDER) / "film.blend")
    assert len(written) > 10
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    old = [weakref.ref(sys.modules[name]) for name in ours()]
    job = begin_a_long_job()
    install("0.1.1")
    assert job.finished and not mapped()
    del job
    gc.collect()
    assert not [each() for each in old if each() is not None], "the old code is all gone"
    bpy.ops.wm.open_mainfile(filepath=blend)
    assert keys() == written and bpy.context.object.bloom.resolution == 32 and bpy.context.scene.bloom_growth.frames == 3
    works("0.1.1")

    switch(False)
    assert not mapped() and not ours()
    switch(True)
    works("0.1.1")
    bpy.utils.load_scripts(reload_scripts=True)
    works("0.1.1")

    kept = Path(bpy.utils.extension_path_user(MODULE, path="flowers", create=True))
    switch(False)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert not traces() and len(bpy.utils.previews._uuid_open) == previews, traces()
    repository = next(index for index, repo in enumerate(bpy.context.preferences.extensions.repos) if repo.module == "user_default")
    bpy.ops.extensions.package_uninstall(repo_index=repository, pkg_id="bloom")
    assert not mapped() and not ours() and not kept.exists()
    left = [path for path in PLACE.rglob("*") if "bloom" in path.name]
    assert not left, left


def begin_a_long_job() -> Any:
    from bloom_core import designs, native

    flower, background = designs.design("lotus").open, sys.modules[MODULE + ".bloom_addon.background"]
    job = background.Job("testing", lambda progress: native.points(flower, 100_000_000, progress=progress))
    while not job.fraction and not job.finished:
        time.sleep(0.05)
    assert not job.finished
    return job


def cannot_let_go() -> None:
    """Updates while something holds the library, which is let go of later."""
    install("0.1.0")
    make_a_film()
    from bloom_core import library

    library.hold()
    install("0.1.1")
    says_restart()
    library.let_go()
    switch(False)
    assert not hasattr(bpy.types, "BLOOM_PT_restart")
    del library
    switch(True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if not hasattr(bpy.types, "BLOOM_PT_main"):
        switch(True)
    make_a_film()
    works("0.1.1")


def is_locked() -> None:
    """Updates where the library's file cannot be replaced either, as on Windows while anything has it loaded."""
    install("0.1.0")
    from bloom_core import library

    lock(library.library_path())
    library.hold()
    try:
        install("0.1.1")
    except RuntimeError as error:
        assert "Access is denied" in str(error)
    says_restart()
    bpy.ops.wm.save_userpref()


def lock(path: Path) -> None:
    """Has Python refuse what Windows refuses with a file in use, and with the folder that it is in."""

    def refusing(function: Any, writes: bool = False) -> Any:
        def call(name: Any, *arguments: Any, **options: Any) -> Any:
            place = Path(os.fspath(name)) if isinstance(name, (str, os.PathLike)) else Path()
            changes = not writes or "w" in str(arguments[:1])
            if changes and path.exists() and (place == path or place in path.parents or (options.get("dir_fd") and place.name == path.name)):
                raise PermissionError(13, "Access is denied", str(name))
            return function(name, *arguments, **options)

        return call

    os.unlink, os.remove, os.rename = refusing(os.unlink), refusing(os.remove), refusing(os.rename)
    builtins.open = refusing(builtins.open, writes=True)


def has_restarted() -> None:
    """What the restart after `is_locked` finds, and how the notice's last line helps."""
    says_restart()
    switch(False)
    switch(True)
    make_a_film()
    works("0.1.1")


try:
    {"work": updates_at_work, "held": cannot_let_go, "locked": is_locked, "restarted": has_restarted}[SCENE]()
    print("all of it worked")
except BaseException:
    traceback.print_exc()
finally:  # not by way of Blender's own end: 4.5's bpy wheel waits for ever after its scripts were reloaded, even without Bloom
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
