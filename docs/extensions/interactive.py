"""Pictures that a reader can change: the directive `interactive`.

    ::::{interactive} NAME
    what stands there without JavaScript, and in print
    ::::

The numbers come from `data()` in `docs/pictures/NAME.py` and are written into the page. The script
`_static/NAME.js` draws from them, with the styles of `_static/NAME.css`; the pages that use them
load both, and no other page does.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parents[1]


class interactive(nodes.General, nodes.Element):
    """Holds the data, and what is shown without a script."""


class Interactive(SphinxDirective):
    """A picture that a reader can change."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        name = self.arguments[0]
        module = name.replace("-", "_")
        files = [DOCS / "pictures" / f"{module}.py"]
        files += [DOCS / "_static" / f"{name}.{kind}" for kind in ("js", "css")]
        for file in files:
            if not file.is_file():
                raise self.error(f"the interactive picture {name} needs {file.name}")
            self.env.note_dependency(str(file))
        node = interactive(name=name)
        node["data"] = importlib.import_module(f"docs.pictures.{module}").data()
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit(self: Any, node: nodes.Element) -> None:
    """Open the box: first the data, then what is shown without a script."""
    name = node["name"]
    data = json.dumps(node["data"], separators=(",", ":"), sort_keys=True)
    data = data.replace("<", "\\u003c")  # no text can end the element
    self.body.append(f'<div class="interactive interactive-{name}">\n')
    self.body.append(f'<script type="application/json">{data}</script>\n')
    self.body.append('<div class="interactive-static">\n')


def depart(self: Any, node: nodes.Element) -> None:
    """Close the box."""
    self.body.append("</div>\n</div>\n")


def pass_by(self: Any, node: nodes.Element) -> None:
    """Where there are no scripts, there is only the content."""


def load_files(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Give a page the scripts and styles of its interactive pictures."""
    for name in sorted({node["name"] for node in tree.findall(interactive)} if tree else ()):
        app.add_css_file(f"{name}.css")
        app.add_js_file(f"{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (pass_by, pass_by))
    app.add_node(interactive, html=(visit, depart), **others)
    app.add_directive("interactive", Interactive)
    app.connect("html-page-context", load_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
