"""How Sphinx builds the handbook. `python docs/build.py` is the command that does it."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "extensions")]

from autograder import __version__  # noqa: E402

project = "byhand"
author = "the authors of byhand"
release = version = __version__
language = "en"
locale_dirs = ["locale"]  # see inside/translating.md
gettext_compact = False

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    *(path.stem for path in sorted((HERE / "extensions").glob("*.py"))),
]
exclude_patterns = ["_build", "_static", "_templates", "extensions", "pictures", "locale"]
default_role = "code"  # of `this` in docstrings
nitpick_ignore_regex = [
    # Types of others: their documentation is not on this machine, and none is fetched.
    (r"py:.*", r"(?!(autograder|solution)\.).*"),
    (r"py:class", r"autograder\.sandbox\..*"),  # the kit's own business
]
smartquotes = False  # --option is no dash

# What is for one kind of reader: `-t instructor` shows the solutions of exercises, `-t pdf` is
# the student's book as one page, to be printed.
if tags.has("pdf"):  # noqa: F821
    root_doc = "book/index"
    suppress_warnings = ["toc.not_included"]

myst_enable_extensions = [
    *("amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist"),
]
myst_heading_anchors = 4
myst_dmath_double_inline = False

# One file without fonts sets the formulas; its menu would ask for others.
mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False, "enableAssistiveMml": True}}

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True

pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_title = "byhand"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["byhand.css"]
html_js_files = ["print.js"] if tags.has("pdf") else []  # noqa: F821
# The sources of the pages hold the solutions of the exercises.
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#1f63b5",
        "color-brand-content": "#1f63b5",
        "color-brand-visited": "#7a4fc4",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6cb0ff",
        "color-brand-content": "#6cb0ff",
        "color-brand-visited": "#bb9af7",
    },
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
