"""What the handbook's pages are made of beside text: directives of ours for Sphinx.

`picture` shows one of `docs/pictures`, light and dark. `task`, `tasks`, `order`, `mistakes`,
`catalogue`, `commands`, `help` are made from the syllabus, the catalogue of mistakes and the
command lines, so they cannot say anything else; what stands in them is for those who read the
text without the site. `exercise` and `solution` are a question and its
answer, which is on instructors' pages only (`-t instructor`).

The book's examples are written, and tested, with the reference; readers see the name of the
package that students write.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import itertools
import os
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from autograder.mistakes import Mistake, catalogue
from autograder.syllabus import Syllabus, Task

LOGGER = logging.getLogger(__name__)
PICTURES = Path(__file__).parents[1] / "_build" / "pictures"
SHORT = 32  # characters of code that stand on one line
NARROW = 290  # points: a wider picture would be too small to be read on a telephone


class details(nodes.Element):
    """What is folded until a reader opens it; its first child is the summary."""


class summary(nodes.TextElement):
    """The line of `details` that is always seen."""


def slug(name: str) -> str:
    """The anchor of a task or a mistake: `relu.forward` → `relu-forward`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def code(*texts: str) -> list[nodes.Node]:
    """Each text as code, with commas between."""
    found: list[nodes.Node] = []
    for text in texts:
        found += [nodes.Text(", ")] * bool(found) + [nodes.literal(text, text)]
    return found


def paragraph(*parts: str | nodes.Node) -> nodes.paragraph:
    """A paragraph of texts and nodes."""
    made = nodes.paragraph()
    made += [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    return made


def marked(text: str) -> nodes.paragraph:
    """A paragraph in which `words` are code."""
    parts = re.split(r"`([^`]+)`", text)
    return paragraph(
        *(nodes.literal(one, one) if odd % 2 else one for odd, one in enumerate(parts) if one)
    )


class Base(SphinxDirective):
    """What the directives share."""

    def block(self, kind: str, title: str | list[nodes.Node]) -> nodes.admonition:
        """A box with a title."""
        box = nodes.admonition(classes=[kind])
        self.set_source_info(box)
        heading = nodes.title()
        heading += nodes.Text(title) if isinstance(title, str) else title
        box += heading
        return box

    def task(self, name: str) -> Task:
        """A task of the syllabus; an error of the page, if there is none."""
        try:
            return Syllabus.load().by_id(name)
        except Exception as error:
            raise self.error(str(error)) from error

    def link(self, task: Task) -> nodes.Node:
        """A link to the box of a task, which is on the page that the syllabus names."""
        reference = pending_xref(
            "",
            nodes.inline("", task.title),
            refdomain="std",
            reftype="ref",
            reftarget=label(task),
            refexplicit=True,
            refdoc=self.env.docname,
            refwarn=True,
        )
        self.set_source_info(reference)
        return reference

    def anchor(self, node: nodes.Element, name: str, title: str) -> None:
        """Give a node an anchor, under which other pages can link to it."""
        node["ids"].append(name)
        self.state.document.note_explicit_target(node, node)
        std = self.env.domains.standard_domain
        std.note_hyperlink_target(name, self.env.docname, name, title)

    def table(self, heads: Iterable[str], rows: Iterable[Iterable[nodes.Node]]) -> nodes.Node:
        """A table with a row of heads."""
        heads = list(heads)
        group = nodes.tgroup(cols=len(heads))
        group += [nodes.colspec(colwidth=1) for _ in heads]
        for kind, lines in (
            (nodes.thead, [[paragraph(head) for head in heads]]),
            (nodes.tbody, rows),
        ):
            part = kind()
            for line in lines:
                row = nodes.row()
                row += [nodes.entry("", cell) for cell in line]
                part += row
            group += part
        made = nodes.table("", group)
        self.set_source_info(made)
        return made


def width(picture: Path) -> float:
    """How wide a picture is, in points."""
    found = re.search(r'<svg [^>]*width="([\d.]+)pt"', picture.read_text(encoding="utf-8"))
    return float(found[1]) if found else 0.0


def label(task: Task) -> str:
    """The name under which the box of a task is known."""
    return f"task-{slug(task.id)}"


class Picture(Base):
    """A picture, light and dark, and its caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if not self.options.get("alt"):
            raise self.error(f"the picture {name} needs :alt:, which says what is to be seen")
        figure = nodes.figure(classes=["picture"])
        self.set_source_info(figure)
        frame = nodes.container(classes=["frame"])
        for kind in ("light", "dark"):
            file = f"{name}-{kind}.svg"
            if not (PICTURES / file).is_file():
                LOGGER.warning(
                    "there is no picture %s: is it drawn? python docs/build.py does it",
                    name,
                    location=figure,
                )
                break
            uri = f"/_build/pictures/{file}"
            frame += nodes.image(uri=uri, alt=self.options["alt"], classes=[f"only-{kind}"])
            if width(PICTURES / file) > NARROW and "wide" not in frame["classes"]:
                frame["classes"].append("wide")
        figure += frame
        if self.content:
            caption = nodes.caption()
            parsed = nodes.Element()
            self.state.nested_parse(self.content, self.content_offset, parsed)
            for number, part in enumerate(parsed.children):
                if not isinstance(part, nodes.paragraph):
                    raise self.error("the caption of a picture is text")
                caption += [nodes.Text(" ")] * bool(number) + part.children
            figure += caption
        return [figure]


class TaskBox(Base):
    """What is to be written, what it is worth, what it rests on, how it is checked."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        task = self.task(self.arguments[0])
        package = Syllabus.load().package
        points = "1 point" if task.points == 1 else f"{task.points} points"
        box = self.block("task", f"Task: {task.title} ({points})")
        if self.env.docname == f"book/{task.page}" and label(task) not in self.env.temp_data:
            self.env.temp_data[label(task)] = True
            self.anchor(box, label(task), task.title)
        if task.functions:
            parts: list[nodes.Node] = []
            for name in task.functions:
                module, _, function = name.partition(".")
                parts += [nodes.Text(", ")] * bool(parts)
                parts += [*code(function), nodes.Text(" in "), *code(f"{package}/{module}.py")]
            box += paragraph("To be written: ", *parts)
        if task.rests_on:
            others = [self.link(Syllabus.load().by_id(name)) for name in task.rests_on]
            spaced: list[str | nodes.Node] = []
            for other in others:
                spaced += [", "] * bool(spaced) + [other]
            box += paragraph("Rests on: ", *spaced)
        commands = f"autograder check {task.id}\nautograder grade {package} --task {task.id}"
        box += nodes.literal_block(commands, commands, language="sh")
        return [box]


class Tasks(Base):
    """All tasks of the syllabus as a table."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        syllabus = Syllabus.load()
        rows = [
            [
                paragraph(*code(task.id)),
                paragraph(self.link(task)),
                paragraph(str(task.points)),
                paragraph(*code(*task.functions)),
            ]
            for task in syllabus.tasks
        ]
        total = str(sum(task.points for task in syllabus.tasks))
        rows.append([paragraph(text) for text in ("", "all", total, "")])
        return [self.table(["task", "title", "points", "functions"], rows)]


class Order(Base):
    """The pages in the order in which the syllabus asks for them.

    Each line of the body says of a page what it teaches: `relu: what a backward pass is`.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        said = dict(re.split(r": *", line, maxsplit=1) for line in self.content if ":" in line)
        rows = []
        for page, tasks in itertools.groupby(Syllabus.load().tasks, lambda one: one.page):
            words, _ = self.state.inline_text(said.pop(page, ""), self.lineno)
            names = paragraph(*code(*(task.id for task in tasks)))
            rows.append([paragraph(self.page(page)), names, paragraph(*words)])
        left = said.keys() - {task.page for task in Syllabus.load().tasks}
        if left:
            raise self.error(f"no task has the page {', '.join(sorted(left))}")
        return [self.table(["page", "you write", "you learn"], rows)]

    def page(self, name: str) -> nodes.Node:
        """A link to a page of the book, under its title."""
        reference = pending_xref(
            "",
            nodes.inline("", ""),
            refdomain="std",
            reftype="doc",
            reftarget=f"/book/{name.partition('#')[0]}",
            refexplicit=False,
            refdoc=self.env.docname,
            refwarn=True,
        )
        self.set_source_info(reference)
        return reference


def told(mistake: Mistake) -> list[nodes.Node]:
    """The title of a mistake, and what happens."""
    strong = nodes.strong(mistake.title, mistake.title)
    return [paragraph(strong), paragraph(mistake.why)]


class Mistakes(Base):
    """The known mistakes of a task, folded."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        task = self.task(self.arguments[0])
        found = [mistake for mistake in catalogue() if mistake.task == task.id]
        if not found:
            raise self.error(f"the catalogue knows no mistake in {task.id}")
        folded = details(classes=["mistakes"])
        self.set_source_info(folded)
        many = "1 known mistake" if len(found) == 1 else f"{len(found)} known mistakes"
        folded += summary("", f"{task.title}: {many}")
        items = nodes.bullet_list()
        for mistake in found:
            items += nodes.list_item("", *told(mistake))
        folded += items
        return [folded]


class Catalogue(Base):
    """All known mistakes, a section for each task; answers are on instructors' pages only."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        answers = self.env.app.tags.has("instructor")
        sections: list[nodes.Node] = []
        for task in Syllabus.load().tasks:
            found = [mistake for mistake in catalogue() if mistake.task == task.id]
            if not found:
                continue
            section = nodes.section("", nodes.title(task.title, task.title))
            self.set_source_info(section)
            self.anchor(section, f"mistakes-{slug(task.id)}", task.title)
            for mistake in found:
                entry = nodes.section("", nodes.title(mistake.title, mistake.title))
                self.set_source_info(entry)
                self.anchor(entry, slug(mistake.id), mistake.title)
                entry += [paragraph(mistake.why), paragraph("Where to look: ", mistake.hints[0])]
                if answers:
                    entry += paragraph("Answer: ", mistake.hints[1])
                entry += paragraph(*code(mistake.id))
                section += entry
            sections.append(section)
        return sections


class Exercise(Base):
    """A question, numbered on its page."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        number = self.env.temp_data.get("exercises", 0) + 1
        self.env.temp_data["exercises"] = number
        words, messages = self.state.inline_text(self.arguments[0], self.lineno)
        box = self.block("exercise", [nodes.Text(f"Exercise {number}: "), *words])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box, *messages]


class Solution(Base):
    """The answer to a question: on instructors' pages only."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        if not self.env.app.tags.has("instructor"):
            return []
        box = self.block("answer", "Solution")
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Commands(Base):
    """All commands of a program, from its parser: `module:function` returns it."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        module, _, function = self.arguments[0].partition(":")
        parser = getattr(importlib.import_module(module), function)()
        return self.command(parser, "")

    def command(self, parser: argparse.ArgumentParser, what: str) -> list[nodes.Node]:
        """How one command is called, and a section for each that it has below it."""
        parser.color = False  # Python 3.14 would colour what goes to a terminal
        with mock.patch.dict(os.environ, COLUMNS="88"):
            usage = textwrap.dedent(parser.format_usage().replace("usage: ", " " * 7)).strip()
        found: list[nodes.Node] = [marked(f"{what[0].upper()}{what[1:]}.")] if what else []
        found.append(nodes.literal_block(usage, usage, language="text", classes=["usage"]))
        rows, below = [], []
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
                for name, one in action.choices.items():
                    section = nodes.section("", nodes.title("", "", *code(one.prog)))
                    self.set_source_info(section)
                    self.anchor(section, slug(one.prog), one.prog)
                    section += self.command(one, helps.get(name, ""))
                    below.append(section)
            elif not isinstance(action, argparse._HelpAction):
                told = (action.help or "") % {**vars(action), "prog": parser.prog}
                rows.append([paragraph(*code(invocation(action))), marked(told)])
        if rows:
            found.append(self.table(["option", "what it is"], rows))
        return found + below


class Help(Base):
    """What a program says of itself: `module:function` reads its command line."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        module, _, function = self.arguments[0].partition(":")
        said = io.StringIO()
        settings = {"COLUMNS": "88", "NO_COLOR": "1"}
        with (
            mock.patch.dict(os.environ, settings),
            contextlib.redirect_stdout(said),
            contextlib.suppress(SystemExit),
        ):
            getattr(importlib.import_module(module), function)(["--help"])
        text = said.getvalue().strip()
        return [nodes.literal_block(text, text, language="text")]


def invocation(action: argparse.Action) -> str:
    """How an option or an argument is written: `--json FILE`."""
    value = action.metavar or ("{" + ",".join(map(str, action.choices or [])) + "}")
    if action.nargs == 0:
        return ", ".join(action.option_strings)
    if action.nargs in ("*", "+"):
        value = f"{value} …"
    return " ".join([", ".join(action.option_strings), str(value)]).strip()


def visit_details(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "details"))


def depart_details(self: Any, node: nodes.Element) -> None:
    self.body.append("</details>\n")


def visit_summary(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "summary", suffix=""))


def depart_summary(self: Any, node: nodes.Element) -> None:
    self.body.append("</summary>\n")


def docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Bring a docstring into the form that Sphinx reads.

    Its last line, which names a page of the book in words, becomes a link after the summary;
    types such as "dtype of `x`" lose the marks, which RST cannot nest; and what is indented
    below a colon is shown as it stands.
    """
    lines[:] = [re.sub(r"dtype of `(\w+)`", r"dtype of \1", line) for line in lines]
    for number, line in enumerate(lines[:-2]):
        deeper = re.match(r" *", line)[0] + "    "
        if line.endswith(":") and not lines[number + 1] and lines[number + 2].startswith(deeper):
            lines[number] += ":" * (not line.endswith("::"))
    if any(line.startswith("Handbook: ") for line in lines):
        lines[:] = [line for line in lines if not line.startswith("Handbook: ")]
        function = name.partition(".")[2]
        pages = [task.page for task in Syllabus.load().tasks if function in task.functions]
        link = [f"Handbook: :doc:`/book/{page}`." for page in pages]
        end = lines.index("") if "" in lines else len(lines)
        lines[end:end] = ["", *link, ""]


def students(text: str) -> str:
    """The code of an example with the name of the package that students write."""
    syllabus = Syllabus.load()
    found = rf"^((?:>>> |\.\.\. )? *(?:from|import) ){re.escape(syllabus.reference)}\b"
    return re.sub(found, rf"\g<1>{syllabus.package}", text, flags=re.MULTILINE)


def whole(formula: nodes.math) -> None:
    """Keep a formula on one line with the brackets and marks that touch it."""
    parent = formula.parent
    place = parent.index(formula)
    before = parent[place - 1] if place else None
    after = parent[place + 1] if place + 1 < len(parent) else None
    opening = re.search(r"[(\[“]+$", before) if isinstance(before, nodes.Text) else None
    closing = re.match(r"[.,;:!?)\]”’]+", after) if isinstance(after, nodes.Text) else None
    if opening is None and closing is None:
        return
    span = nodes.inline(classes=["whole"])
    parent.replace(formula, span)
    span += formula
    if opening is not None:
        span.insert(0, nodes.Text(opening[0]))
        parent.replace(before, nodes.Text(before[: opening.start()]))
    if closing is not None:
        span += nodes.Text(closing[0])
        parent.replace(after, nodes.Text(after[closing.end() :]))


def finish(app: Sphinx, page: nodes.document) -> None:
    """What is done to a page once it is read: names in examples, and where lines may break."""
    if app.env.docname.startswith("book/"):
        for block in list(page.findall(nodes.literal_block)):
            if block.get("language") == "python":
                block.rawsource = students(block.astext())
                block.children = []
                block += nodes.Text(block.rawsource)
    for literal in page.findall(nodes.literal):
        if len(literal.astext()) <= SHORT:
            literal["classes"].append("short")  # which is not broken
    for text in list(page.findall(nodes.Text)):
        if isinstance(text.parent, (nodes.literal, nodes.FixedTextElement, nodes.math)):
            continue
        kept = re.sub(
            r"(?<=[\w)]) ([×·+=-]) (?=[\w(])", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text
        )
        kept = kept.replace("-=", "-\N{WORD JOINER}=")
        kept = re.sub(r"(?<![\w)-])-(?=[\w(])", "-\N{WORD JOINER}", kept)
        kept = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", kept)
        if kept != text:
            text.parent.replace(text, nodes.Text(kept))
    for formula in list(page.findall(nodes.math)):
        whole(formula)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_node(details, html=(visit_details, depart_details))
    app.add_node(summary, html=(visit_summary, depart_summary))
    for name, directive in {
        "picture": Picture,
        "task": TaskBox,
        "tasks": Tasks,
        "order": Order,
        "mistakes": Mistakes,
        "catalogue": Catalogue,
        "commands": Commands,
        "help": Help,
        "exercise": Exercise,
        "solution": Solution,
    }.items():
        app.add_directive(name, directive)
    app.connect("doctree-read", finish)
    app.connect("autodoc-process-docstring", docstring, priority=100)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
