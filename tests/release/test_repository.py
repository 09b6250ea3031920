"""The repository: a folder for any web server, from which a real Blender installs Bloom and later updates it."""

from __future__ import annotations

import functools
import hashlib
import html.parser
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from release import manifest, repository
from tests.blender import entering, setup_root
from tests.installs.setup_wheels import without_bloom
from tests.release import other_version

MARK = "\nUPDATED = True\n"
SESSION = """
import sys, bpy
bpy.context.preferences.system.use_online_access = True
assert bpy.ops.preferences.extension_repo_add(name="Bloom", remote_url=sys.argv[1], type="REMOTE") == {"FINISHED"}
repos = bpy.context.preferences.extensions.repos
for other in [repo for repo in repos if repo.remote_url and repo.name != "Bloom"]:
    repos.remove(other)  # Blender's own, which cannot be reached from here
index, found = next((index, repo) for index, repo in enumerate(repos) if repo.name == "Bloom")
assert bpy.ops.extensions.repo_sync(repo_index=index) == {"FINISHED"}
assert bpy.ops.extensions.package_install(repo_index=index, pkg_id="bloom", enable_on_install=True) == {"FINISHED"}
def running():
    import bloom_core
    panel = sys.modules[f"bl_ext.{found.module}.bloom.bloom_addon.panel"]
    return bloom_core.__version__, getattr(panel, "UPDATED", False)
assert running() == ("0.1.0", False), running()
bpy.ops.bloom.add(design="peony")
print("installed", flush=True)
input()
assert bpy.ops.extensions.repo_sync(repo_index=index) == {"FINISHED"}
assert bpy.ops.extensions.package_upgrade_all() == {"FINISHED"}
assert running() == ("0.1.1", True), running()
bpy.ops.bloom.add(design="peony")
print("updated", flush=True)
"""


class Links(html.parser.HTMLParser):
    """The addresses in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Returns the platforms' zips of one version, and of the next, which can be told from it, this computer's alone."""
    folder = tmp_path_factory.mktemp("packages")
    newer = other_version.package_for_this_computer(folder, "0.1.1", {"bloom_addon/panel.py": MARK})
    return {"0.1.0": other_version.packages(folder, "0.1.0")[1:], "0.1.1": [newer]}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serves a folder somewhere below an address, as a web server might; returns the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "web")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/where/repository"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "web" / "some" / "where" / "repository"


def test_the_index_names_what_is_there(packages: dict[str, list[Path]], place: Path) -> None:
    place.mkdir(parents=True)
    (place / "bloom-0.0.9-linux_x64.zip").write_text("of an older release")
    repository.generate(packages["0.1.0"], place)
    index = json.loads((place / "index.json").read_text("utf-8"))
    assert {path.name for path in place.iterdir()} == {"index.json", "index.html"} | {package.name for package in packages["0.1.0"]}
    assert [entry["platforms"] for entry in index["data"]] == [[platform] for platform in repository.PLATFORMS]
    assert set(repository.PLATFORMS) == set(manifest.platforms()), "the page has a name for every platform"
    for entry in index["data"]:
        assert entry["id"] == "bloom" and entry["version"] == "0.1.0" and entry["archive_url"].startswith("./bloom-0.1.0-")
        content = (place / entry["archive_url"]).read_bytes()
        assert entry["archive_hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and entry["archive_size"] == len(content)


def test_the_page_leads_to_what_is_there(packages: dict[str, list[Path]], place: Path) -> None:
    repository.generate(packages["0.1.0"], place)
    page = (place / "index.html").read_text("utf-8")
    links = Links()
    links.feed(page)
    drags = [urlsplit(link) for link in links.found if ".zip" in link]
    assert len(drags) == 6 and not [link for link in links.found if "://" in link or link.startswith("/")], "it can be put anywhere"
    for drag in drags:
        told = parse_qs(drag.query)
        assert told["repository"] == ["./index.json"] and told["blender_version_min"] == ["4.5.0"]
        assert (place / unquote(drag.path)).is_file() and told["platforms"][0].replace("-", "_") in drag.path
    assert all((place / urlsplit(link).path).is_file() for link in links.found)
    assert all(name in page for name in repository.PLATFORMS.values()) and "0.1.0" in page and "into Blender" in page and "$" not in page


def test_a_blender_installs_and_updates_from_it(packages: dict[str, list[Path]], place: Path, address: str, tmp_path: Path) -> None:
    repository.generate(packages["0.1.0"], place)
    variables = os.environ | {
        "BLENDER_USER_RESOURCES": str(tmp_path / "home"), "PYTHONPATH": str(without_bloom(Path(sys.prefix), tmp_path / "packages")),
    }  # fmt: skip
    command = [sys.executable, "-S", "-c", SESSION, f"{address}/index.json"]
    with open(tmp_path / "log", "w+") as log, subprocess.Popen(
        command, env=variables, cwd=tmp_path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
    ) as blender:  # fmt: skip
        assert blender.stdin is not None and blender.stdout is not None
        said = ""
        for line in blender.stdout:
            said += line
            if line == "installed\n":
                repository.generate(packages["0.1.1"], place)
                blender.stdin.write("\n")
                blender.stdin.flush()
            elif line == "updated\n":
                break
        blender.kill()  # 4.5's bpy wheel may take its time to end
    assert said.endswith("updated\n"), said[-2000:] + (tmp_path / "log").read_text()[-2000:]


def test_the_newest_blender_updates_from_it_by_command(packages: dict[str, list[Path]], place: Path, address: str, tmp_path: Path) -> None:
    root = setup_root.ROOTS["newest"]
    if not root.ready():
        pytest.skip(f"no root {root.path.name}: make test-blender makes it (on Debian, as root)")
    home, its = Path("/home/artist"), tmp_path / "home"
    its.mkdir()

    def extension(*words: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1"}
        command = ["blender", "--online-mode", "--command", "extension", *words]
        done = entering.enter(root.path, command, environment, {home: its}, timeout=200)
        return done.stdout + done.stderr

    repository.generate(packages["0.1.0"], place)
    extension("repo-add", "bloom_online", "--name", "Bloom", "--url", f"{address}/index.json")
    assert "bloom" in extension("install", "--sync", "--enable", "bloom_online.bloom")
    (installed,) = its.glob(".config/blender/*/extensions/bloom_online/bloom/blender_manifest.toml")
    assert 'version = "0.1.0"' in installed.read_text()
    repository.generate(packages["0.1.1"], place)
    extension("update", "--sync")
    assert 'version = "0.1.1"' in installed.read_text()
    assert len(list(its.glob(".config/blender/*/extensions/.local/lib/*/site-packages/bloom_core-0.1.1.dist-info"))) == 1
