"""How Sphinx makes the guide's site out of the Markdown of this folder: `make site`, or `python -m sphinx -W -n --keep-going docs dist/site`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent

project = "Bloom"
copyright = "the Bloom maintainers; GPL-3.0-or-later"
version = release = tomllib.loads((DOCS.parent / "core" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser"]
root_doc = "index"
highlight_language = "none"  # of indented code, which is for a shell
exclude_patterns = ["pictures"]
# Anchors are those that forges make of headings, down to the third level: "## Frames, in chunks" is #frames-in-chunks.
myst_heading_anchors = 3

# Nothing is asked for when the site is built; `make site-links` asks for each page that lies elsewhere.
linkcheck_timeout = 20
linkcheck_retries = 2

html_theme = "furo"
html_title = "Bloom"
html_static_path = ["site"]
html_css_files = ["bloom.css"]
html_js_files = [("dark-first.js", {"priority": 100})]
html_copy_source = False
html_show_sphinx = False
pygments_style = "default"
pygments_dark_style = "monokai"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#8a2be2",
        "color-brand-content": "#8a2be2",
        "color-brand-visited": "#6b3fa0",
    },
    "dark_css_variables": {
        "color-background-primary": "#000000",
        "color-background-secondary": "#08070a",
        "color-background-hover": "#15121a",
        "color-background-hover--transparent": "#15121a00",
        "color-background-border": "#221c2a",
        "color-foreground-primary": "#d6d0dc",
        "color-foreground-secondary": "#9d95a6",
        "color-brand-primary": "#ff9d5c",
        "color-brand-content": "#c58bff",
        "color-brand-visited": "#a577d6",
        "color-inline-code-background": "#15121a",
        "color-code-background": "#0d0b10",
        "color-sidebar-link-text--top-level": "#b9b4c0",
    },
}


def setup(app: Sphinx) -> None:
    """Has every page pass through `for_the_site`."""
    app.connect("source-read", for_the_site)


def for_the_site(_app: Sphinx, page: str, source: list[str]) -> None:
    """Changes what is written for readers of the repository: links to its README and folders; and gives index.md its contents.

    Links to other files of the repository become downloads by themselves. That all of them lead somewhere tests/core/test_docs_links.py says.
    """
    text = re.sub(r"\]\(\.\./README\.md(#[\w-]*)?\)", "](index.md)", source[0])
    text = re.sub(r"\[([^\]]+)\]\(\.\./([^)\s#]+)\)", lambda link: link[1] if (DOCS.parent / link[2]).is_dir() else link[0], text)
    source[0] = text + contents(text) if page == root_doc else text


def contents(text: str) -> str:
    """Returns what index.md's headings and the pages linked to under them are in the sidebar; pages that it forgot are under "More"."""
    parts = re.split(r"^## ", text, flags=re.M)[1:]
    sections = [(part.split("\n", 1)[0], [page for page in re.findall(r"\]\(([\w-]+)\.md\)", part) if page != root_doc]) for part in parts]
    linked = {page for _, pages in sections for page in pages}
    sections.append(("More", sorted({path.stem for path in DOCS.glob("*.md")} - linked - {root_doc})))
    trees = [f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n" + "\n".join(pages) + "\n```\n" for heading, pages in sections if pages]
    return "\n" + "".join(trees)
