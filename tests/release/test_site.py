"""The guide as a site: it builds without a warning, every link, anchor and picture in it leads somewhere, and it needs no network to be read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("sphinx", reason="Sphinx is not installed; it is one of requirements-docs.txt")
pytest.importorskip("myst_parser", reason="myst-parser is not installed; it is one of requirements-docs.txt")
pytest.importorskip("furo", reason="furo is not installed; it is one of requirements-docs.txt")

ROOT = Path(__file__).parents[2]


@dataclass
class Page(HTMLParser):
    """What a page names: anchors that it has, links and files that it asks for."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script", "source") and "src" in given:
            self.files.append(given["src"])
        elif tag == "link" and given.get("rel") == "stylesheet":
            self.files.append(given["href"])


def build(docs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Builds a site as `make site` does."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "--keep-going", "-d", str(out) + "-doctrees", str(docs), str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("guide") / "site"
    done = build(ROOT / "docs", out)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_every_page_is_there(site: Path) -> None:
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= {path.stem for path in site.glob("*.html")}


def test_links_anchors_and_files_lead_somewhere(site: Path) -> None:
    pages = {path.resolve(): read(path) for path in site.rglob("*.html")}
    lost, followed = [], 0
    for path, page in pages.items():
        for link in [*page.links, *page.files]:
            if link.startswith(("https:", "http:", "mailto:")):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / unquote(name.partition("?")[0])).resolve() if name else path
            followed += 1
            if not target.is_file() or (anchor and target in pages and unquote(anchor) not in pages[target].anchors):
                lost.append(f"{path.name}: {link}")
    assert followed > 1000 and not lost


def test_it_is_read_and_searched_without_a_network(site: Path) -> None:
    asked = [f"{path.name}: {file}" for path in site.rglob("*.html") for file in read(path).files if file.startswith(("http", "//"))]
    assert not asked
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "jitter" in index and "reading-a-flower" in index


def small_guide(folder: Path, text: str) -> Path:
    """Makes a guide of one page in a repository of its own, with this guide's settings."""
    docs = folder / "docs"
    shutil.copytree(ROOT / "docs" / "site", docs / "site")
    shutil.copy(ROOT / "docs" / "conf.py", docs)
    (folder / "core").mkdir()
    shutil.copy(ROOT / "core" / "pyproject.toml", folder / "core")
    (folder / "README.md").write_text("# Read me\n", encoding="utf-8")
    (docs / "index.md").write_text(f"# Guide\n\n## Begin\n\n- [A page](page.md)\n\n{text}\n", encoding="utf-8")
    (docs / "page.md").write_text("# A page\n\n## Frames, in chunks\n", encoding="utf-8")
    (docs / "forgotten.md").write_text("# Forgotten\n", encoding="utf-8")
    return docs


def test_links_into_the_repository_are_kept_where_they_mean_something(tmp_path: Path) -> None:
    docs = small_guide(
        tmp_path, "[chunks](page.md#frames-in-chunks) [file](../core/pyproject.toml) [folder](../core) [readme](../README.md#read-me)"
    )
    done = build(docs, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    page = read(tmp_path / "site" / "index.html")
    assert "page.html#frames-in-chunks" in page.links and any(link.endswith("/pyproject.toml") for link in page.links)
    assert not any("../core" in link or "README" in link for link in page.links)
    assert "forgotten.html" in page.links  # under "More"


def test_dead_links_end_the_build_and_are_named(tmp_path: Path) -> None:
    dead = ["page.md#no-anchor", "no-page.md", "../no-file.txt", "pictures/no-picture.png"]
    text = "\n\n".join(f"{'!' if 'picture' in link else ''}[dead]({link})" for link in dead)
    done = build(small_guide(tmp_path, text), tmp_path / "site")
    assert done.returncode != 0
    assert [name for name in ("no-anchor", "no-page", "no-file", "no-picture") if name not in done.stderr] == []
