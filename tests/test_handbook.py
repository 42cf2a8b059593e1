"""The handbook: what its pages claim is run, and the site is whole, at peace with every reader.

The site is built once, with warnings as errors. Pictures are kept in `docs/_build/pictures`, and
drawn anew only when code changes.
"""

from __future__ import annotations

import doctest
import functools
import http.server
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from browser import PROGRAM, Page, browser
from leaks import runs, secret_runs

pytest.importorskip("sphinx", reason="pip install -e '.[docs]'")

from autograder.cli import parser as autograder_parser
from autograder.mistakes import catalogue
from autograder.reports import telling
from autograder.result import Check, Result, TaskResult
from autograder.syllabus import Syllabus

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SOURCES = sorted(
    path for path in DOCS.glob("**/*.md") if "_" not in path.relative_to(DOCS).parts[0]
)
sys.path.insert(0, str(ROOT))

from docs import build  # noqa: E402

# What pages show


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, wherever it is nested."""

    kind: str
    line: int
    text: str


def blocks(source: str) -> Iterator[Block]:
    """The blocks of code of a page; what is fenced as a directive is looked into."""
    lines = iter(enumerate(source.split("\n"), 1))
    for number, line in lines:
        opened = re.match(r"( *)(`{3,}|~{3,})([\w+-]+)$", line)
        if opened is None:
            continue
        indent, fence, kind = opened.groups()
        inside = []
        for _, inner in lines:
            if re.fullmatch(rf" *{fence[0]}{{{len(fence)},}}", inner):
                break
            inside.append(inner.removeprefix(indent))
        yield Block(kind, number, "\n".join(inside) + "\n")


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def pages_with(kind: str) -> list[Path]:
    return [
        page
        for page in SOURCES
        if any(block.kind == kind for block in blocks(page.read_text(encoding="utf-8")))
    ]


def required(source: str) -> list[str]:
    """What the front matter says that a page needs."""
    front = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    found = re.search(r"^requires: *(.+)$", front[1], re.MULTILINE) if front else None
    return found[1].replace(",", " ").split() if found else []


def run(page: str, block: Block, namespace: dict[str, object]) -> None:
    """Run a block; a doctest must give what it shows."""
    if not block.text.startswith(">>>"):
        exec(compile("\n" * block.line + block.text, page, "exec"), namespace)
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(block.text, {}, page, page, block.line)
    test.globs = namespace
    said: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_the_code_of_a_page_runs_and_gives_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = page.read_text(encoding="utf-8")
    for module in required(source):
        pytest.importorskip(module, reason=f"the page needs {module}")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    with np.printoptions():
        for block in blocks(source):
            if block.kind == "python":
                run(name_of(page), block, namespace)


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, without what comes between them or redirects them."""
    lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not re.fullmatch("[|&;<>]+", word):
            words.append(word)
        elif words:
            yield words
            words = []


def read_program(arguments: list[str]) -> None:
    """Let the real parser read what comes after `python`."""
    if arguments[0] == "-c":
        compile(arguments[1], "-c", "exec")
        return
    if arguments[0] != "-m":
        assert (ROOT / arguments[0]).is_file()
        if arguments[0] == "docs/build.py":
            build.parser().parse_args(arguments[1:])
        return
    module, *rest = arguments[1:]
    assert importlib.util.find_spec(module.partition(".")[0]), f"there is no module {module}"
    if module == "autograder":
        autograder_parser().parse_args(rest)
    elif module in ("solution", "student"):
        from solution.__main__ import parse_options

        parse_options(rest)
    elif module == "docs.pictures":
        from docs.pictures.__main__ import parser

        parser().parse_args(rest)
    elif module.startswith("tests."):
        assert importlib.util.find_spec(module), f"there is no module {module}"


@pytest.mark.parametrize("page", pages_with("sh"), ids=name_of)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.kind != "sh":
            continue
        for line in block.text.replace("\\\n", " ").split("\n"):
            for words in commands(line):
                program = Path(words[0]).name
                try:
                    if program == "autograder":
                        autograder_parser().parse_args(words[1:])
                    elif program in ("python", "python3"):
                        read_program(words[1:])
                except SystemExit as error:
                    assert not error.code, f"no such command: {line}"
            for asked in re.findall(r"(?:byhand|\.)\[([\w,]+)\]", line):
                assert set(asked.split(",")) <= project["optional-dependencies"].keys(), line


def test_the_keys_of_a_result_and_of_a_syllabus_are_described() -> None:
    result = (DOCS / "reference" / "result.md").read_text(encoding="utf-8")
    check = Check("name", "passed")
    one = Result("x", 1, {}, 0.0, (TaskResult("id", "title", 1, 1, "passed", (check,)),)).as_dict()
    for keys in (one, one["tasks"][0], one["tasks"][0]["checks"][0]):
        for key in keys:
            assert f"`{key}`" in result
    syllabus = (DOCS / "reference" / "syllabus.md").read_text(encoding="utf-8")
    course = tomllib.loads((ROOT / "autograder" / "syllabus.toml").read_text(encoding="utf-8"))
    tables = [course, course["limits"], course["accuracy"], *course["task"]]
    for key in {key for table in tables for key in table} - {"limits", "accuracy", "task"}:
        assert f"| `{key}` |" in syllabus


# The site


class Read(HTMLParser):
    """What a page of the site links to, loads, and can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.without_text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in ("canonical",):
            self.loaded.append(given.get("href", ""))
        self.loaded += [
            given[name] for name in ("src", "srcset", "poster", "data") if given.get(name)
        ]
        if tag == "img" and not given.get("alt", "").strip():
            self.without_text.append(given.get("src", ""))


@dataclass
class Site:
    """The built pages, by their place in the site."""

    folder: Path
    pages: dict[str, Read] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in sorted(self.folder.glob("**/*.html")):
            name = file.relative_to(self.folder).as_posix()
            self.pages[name] = Read(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    build.draw()
    return Site(build.sphinx("html", tmp_path_factory.mktemp("site")))


def test_the_site_is_built_without_a_warning(site: Site) -> None:
    for folder in ("book", "course", "inside", "reference"):
        assert f"{folder}/index.html" in site.pages


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    for name, page in site.pages.items():
        for url in page.loaded:
            assert not urlsplit(url).netloc, f"{name} loads {url}"
    for sheet in site.folder.glob("**/*.css"):
        for url in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", sheet.read_text("utf-8")):
            assert url.startswith("data:") or not urlsplit(url).netloc, f"{sheet.name} loads {url}"


def test_every_link_within_the_site_leads_somewhere(site: Site) -> None:
    broken = []
    for name, page in site.pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            path, anchor = unquote(url.path), unquote(url.fragment)
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            there = site.pages.get(target)
            if (there is None and not (site.folder / target).is_file()) or (
                there is not None and anchor and anchor not in there.ids
            ):
                broken.append(f"{name}: {link}")
    assert broken == []


@pytest.mark.parametrize(
    "page", sorted({one.page for one in (*Syllabus.load().tasks, *catalogue())})
)
def test_the_pages_that_reports_link_to_are_there(site: Site, page: str) -> None:
    url = urlsplit(telling.address(page, "book"))
    assert url.path in site.pages
    assert not url.fragment or url.fragment in site.pages[url.path].ids


def test_every_task_has_its_box_on_the_page_that_the_syllabus_names(site: Site) -> None:
    for task in Syllabus.load().tasks:
        page = task.page.partition("#")[0]
        assert f"task-{task.id.replace('.', '-')}" in site.pages[f"book/{page}.html"].ids


def test_every_picture_has_its_text(site: Site) -> None:
    assert {name: page.without_text for name, page in site.pages.items() if page.without_text} == {}


def test_students_do_not_see_what_instructors_see(site: Site) -> None:
    shown = " ".join(file.read_text("utf-8") for file in site.folder.glob("**/*.html"))
    assert "Exercise 1" in shown
    assert 'class="answer' not in shown
    for mistake in catalogue():
        assert mistake.hints[1] not in shown
    assert not list(site.folder.glob("**/*.md.txt"))


def test_the_book_shows_the_order_in_which_a_check_asks(site: Site) -> None:
    page = (site.folder / "book" / "index.html").read_text("utf-8")
    section = page[page.index('id="the-order-of-the-tasks"') :]
    table = re.sub("<[^>]+>", " ", section[: section.index("</table>")])
    names = [task.id for task in Syllabus.load().tasks]
    assert [word.strip(",") for word in table.split() if word.strip(",") in names] == names


def test_examples_import_what_students_write(site: Site) -> None:
    shown = 0
    for file in sorted((site.folder / "book").glob("*.html")):
        text = re.sub("<[^>]+>", "", file.read_text("utf-8"))
        assert not re.search(r"(from|import) solution\b", text), file.name
        shown += text.count("from student import")
    assert shown >= 20


def test_the_book_does_not_hold_what_students_write() -> None:
    length = 20  # tokens: what is shorter, such as x.sum(axis=0), is in everybody's code
    secret = secret_runs(ROOT / "solution", Syllabus.load(), length)
    for page in SOURCES:
        found = runs(page.read_text(encoding="utf-8"), length) & secret
        assert not found, f"{name_of(page)}: {' '.join(sorted(found)[0])}"


# A page of its own, built in a moment


def made(tmp_path: Path, text: str, *more: str) -> str:
    """A page as HTML, built as the handbook is."""
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    (source / "index.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-c", str(DOCS), *more]
    done = subprocess.run([*command, str(source), str(tmp_path / "out")], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_formula_keeps_what_touches_it(tmp_path: Path) -> None:
    page = made(tmp_path, "# A page\n\nOf 2 × 2 ($k$), 94 % are $x$: few, `2 × 2` too.\n")
    words = re.findall(r'<span class="whole">(.*?</span>.*?)</span>', page)
    assert [re.sub("<[^>]+>", "", one) for one in words] == [r"(\(k\)),", r"\(x\):"]
    assert "2\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}2" in page
    assert "94\N{NO-BREAK SPACE}%" in page


ASKED = """# A page

```{exercise} How many?
Count them.
```

```{solution}
There are 13.
```
"""


def test_a_solution_is_shown_to_instructors(tmp_path: Path) -> None:
    page = made(tmp_path, ASKED, "-t", "instructor")
    assert "Exercise 1: How many?" in page
    assert 'class="answer' in page
    assert "There are 13." in page


def test_a_solution_is_not_shown_to_students(tmp_path: Path) -> None:
    page = made(tmp_path, ASKED)
    assert "Count them." in page
    assert "There are 13." not in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```{picture} relu\n```\n", "needs :alt:"),
        ("```{task} relu.sideways\n```\n", "no task 'relu.sideways'"),
        ("```{mistakes} accuracy\n```\n", "knows no mistake in accuracy"),
        ("```{order}\nnowhere: nothing\n```\n", "no task has the page nowhere"),
        ("```{picture} nowhere\n:alt: Nothing.\n```\n", "there is no picture nowhere"),
    ],
)
def test_what_a_page_gets_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        made(tmp_path, f"# A page\n\n{text}")


def test_a_text_can_be_translated(tmp_path: Path) -> None:
    texts = "# byhand\n\nDigits are read by hand.\n"
    made(tmp_path, texts)
    templates = tmp_path / "templates"
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "gettext", "-c", str(DOCS)]
    subprocess.run([*command, str(tmp_path / "source"), str(templates)], check=True)
    template = (templates / "index.pot").read_text(encoding="utf-8")
    told = 'msgid "Digits are read by hand."\nmsgstr ""'
    assert told in template
    catalogues = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    catalogues.mkdir(parents=True)
    translated = template.replace(told, told[:-1] + '手写数字。"')
    (catalogues / "index.po").write_text(translated, encoding="utf-8")
    chosen = ("-E", "-D", "language=zh_CN", "-D", f"locale_dirs={catalogues.parents[1]}")
    page = made(tmp_path, texts, *chosen)
    assert "手写数字。" in page
    assert 'lang="zh-CN"' in page


# In a browser

in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium"),
]
READY = "window.MathJax?.startup ? MathJax.startup.promise.then(() => true) : true"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.mark.parametrize(("width", "dark", "media"), [(390, True, ""), (1280, False, "")])
@pytest.mark.parametrize("name", [name_of(page)[:-3] + ".html" for page in SOURCES])
class TestAPageInABrowser:
    pytestmark = in_browser

    def test_it_has_no_fault_and_its_formulas_are_set(
        self, chromium: Page, site: Site, name: str, width: int, dark: bool, media: str
    ) -> None:
        chromium.open(site.folder / name, width, dark, media)
        chromium.evaluate(READY)
        assert chromium.faults() == []
        formulas = chromium.evaluate("document.querySelectorAll('.math').length")
        drawn = chromium.evaluate("document.querySelectorAll('.math mjx-container > svg').length")
        spoken = chromium.evaluate("document.querySelectorAll('mjx-assistive-mml math').length")
        assert drawn >= formulas
        assert spoken == drawn
        assert chromium.evaluate("document.querySelectorAll('mjx-merror').length") == 0


class TestTheSiteInABrowser:
    pytestmark = in_browser

    def test_on_a_telephone_numbers_are_whole_and_pictures_large(
        self, chromium: Page, site: Site
    ) -> None:
        chromium.open(site.folder / "book" / "convolution.html", 390)
        chromium.evaluate(READY)
        cut = """[...document.querySelectorAll('span.eqno')].filter(number => {
          const [own, all] = [number, number.parentElement].map(e => e.getBoundingClientRect());
          return own.top < all.top || own.bottom > all.bottom || own.right > innerWidth;
        }).length"""
        assert chromium.evaluate(cut) == 0
        wide = "[...document.querySelectorAll('.wide img')].filter(i => i.offsetWidth)"
        widths = chromium.evaluate(f"{wide}.map(i => i.offsetWidth)")
        assert widths
        assert min(widths) > 500

    def test_the_search_finds_a_chapter(self, chromium: Page, site: Site) -> None:
        handler = functools.partial(Quiet, directory=site.folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/search.html?q=softmax"
            chromium.call("Page.navigate", url=url)
            links = "[...document.querySelectorAll('#search-results a')].map(a => a.pathname)"
            found: list[str] = []
            end = time.monotonic() + 60
            while "/book/cross-entropy.html" not in found and time.monotonic() < end:
                time.sleep(0.2)
                found = chromium.evaluate(links)
            server.shutdown()
        assert "/book/cross-entropy.html" in found

    def test_the_page_follows_the_choice_of_light_or_dark(self, chromium: Page, site: Site) -> None:
        seen = "[...document.querySelectorAll('.picture img')].filter(i => i.offsetWidth)"
        for dark, kind in ((False, "light"), (True, "dark")):
            chromium.open(site.folder / "book" / "relu.html", 1280, dark)
            files = chromium.evaluate(f"{seen}.map(i => i.src)")
            assert files
            assert all(f"-{kind}.svg" in file for file in files)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and does not tell."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
def test_the_book_can_be_printed(tmp_path: Path) -> None:
    build.draw()
    page = build.one_page(tmp_path, tags=[])
    build.print_pdf(page, tmp_path / "book.pdf")
    content = (tmp_path / "book.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 50


def test_without_a_browser_printing_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    with pytest.raises(build.BuildError, match="printed by Chromium, and there is none"):
        build.print_pdf(tmp_path / "page.html", tmp_path / "book.pdf")
