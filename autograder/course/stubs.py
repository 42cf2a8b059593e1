"""The package that students start from, made from the reference solution.

Whatever the syllabus names loses its body and keeps its docstring; the private
helpers beside it, which would tell how it is done, go altogether. Files from which
nothing is asked are given whole, and so are functions of tasks that are not set, with the
helpers that they use. This module must never import the solution, only read its
text, and must never know what the functions compute.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.errors import KitError, SyllabusError
from autograder.syllabus import HOME, Syllabus, Task

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def make_stubs(
    reference: Path, syllabus: Syllabus, tasks: Sequence[Task] | None = None
) -> dict[str, str]:
    """Make the stubs of a reference solution.

    Parameters
    ----------
    reference : Path
        The folder of the solution's package.
    syllabus : Syllabus
        Names the functions whose bodies are for the student to write.
    tasks : sequence of Task, optional
        Those of them that are set; the functions of all others are given.

    Returns
    -------
    dict of str to str
        For each Python file its name, relative to the package, and its text.

    Raises
    ------
    SyllabusError
        When a function that the syllabus names is not there.
    KitError
        When a stub cannot be made, or would not work.
    """
    sources = sources_of(reference, syllabus)
    wanted = {task.id for task in (syllabus.tasks if tasks is None else tasks)}
    asked: dict[str, dict[str, str]] = {name: {} for name in sources}
    given: dict[str, set[str]] = {name: set() for name in sources}
    for task in sorted(syllabus.tasks, key=lambda task: task.id not in wanted):
        for function in task.functions:
            module, _, inside = function.partition(".")
            if f"{module}.py" not in sources:
                raise SyllabusError(
                    f"Task {task.id} names {function}, but there is no {reference / module}.py."
                )
            # A function that two tasks name is written for the first of them.
            if task.id in wanted:
                asked[f"{module}.py"].setdefault(inside, task.id)
            elif inside not in asked[f"{module}.py"]:
                given[f"{module}.py"].add(inside)

    # What a course of one's own has dropped is given, too.
    ids = {task.id for task in syllabus.tasks}
    for task in Syllabus.load(HOME).tasks:
        for function in task.functions if task.id not in ids else ():
            module, _, inside = function.partition(".")
            if inside not in asked.get(f"{module}.py", {inside}):
                given[f"{module}.py"].add(inside)

    stubs, private = {}, set()
    for name, text in sources.items():
        # A file from which nothing is asked is given whole, with its helpers.
        if asked[name]:
            text, removed = _cut(text, str(reference / name), asked[name], given[name])
            text = _drop_imports(text)
            private |= removed
        stubs[name] = re.sub(rf"\b{syllabus.reference}\b", syllabus.package, text)
    for name, stub in stubs.items():
        _check(stub, str(reference / name), private)
    return stubs


def sources_of(reference: Path, syllabus: Syllabus) -> dict[str, str]:
    """The files of a solution by name, with what tasks of one's own add to it."""
    sources = {
        path.relative_to(reference).as_posix(): path.read_text(encoding="utf-8-sig")
        for path in sorted(reference.rglob("*.py"))
    }
    if not sources:
        raise KitError(f"{reference} holds no Python files. Name the folder of the solution.")
    for file in syllabus.own:
        if file.name in sources:
            raise SyllabusError(f"{file} has the name of a file of the solution: choose another.")
        text, classes = file.read_text(encoding="utf-8-sig"), _classes(file, syllabus)
        sources[file.name] = _part(text, str(file), _reference(text, str(file), classes))
        exported = ", ".join(f'"{name}"' for name in classes)
        sources["__init__.py"] += (
            f"\nfrom .{file.stem} import {', '.join(classes)}\n\n__all__ += [{exported}]\n"
        )
    return sources


def checks_of(file: Path, syllabus: Syllabus) -> str:
    """The file of a task of one's own as students are given it: the checks, and no answer.

    Raises
    ------
    KitError
        The checks use something that is not given.
    """
    text, where = file.read_text(encoding="utf-8-sig"), str(file)
    tree = _parse(text, where)
    hidden = _reference(text, where, _classes(file, syllabus)) | {CASES}
    text = _part(text, where, {name for node in tree.body for name in _names(node)} - hidden)
    for node in ast.walk(_parse(text, where)):
        if isinstance(node, ast.Name) and node.id in hidden:
            raise KitError(
                f"{where}: the checks use {node.id}, which students are not given. Let"
                f" {CASES} find the answer out, and take it from there."
            )
    return text


CASES = "cases"  # the function that makes the cases of a task of one's own


def _classes(file: Path, syllabus: Syllabus) -> list[str]:
    names = [
        function.split(".")[1]
        for task in syllabus.own_tasks
        for function in task.functions
        if task.group == file.stem
    ]
    return list(dict.fromkeys(names))


def _reference(text: str, where: str, classes: Sequence[str]) -> set[str]:
    """Some classes, and the private helpers that they use."""
    tree = _parse(text, where)
    nodes = [node for node in tree.body if _names(node) & set(classes)]
    return set(classes) | _helpers(tree, nodes)


def _part(text: str, where: str, names: set[str]) -> str:
    """A file with those of its definitions only; its docstring and the imports that they need."""
    lines = text.split("\n")
    for node in reversed(_parse(text, where).body):
        defined = _names(node)
        if defined and not defined & names:
            start = _start(node) - 1
            while start > 0 and lines[start - 1].startswith("#"):
                start -= 1
            _remove(lines, start, _end(node, lines))
    return _drop_imports("\n".join(lines))


def write_stubs(
    reference: Path, target: Path, syllabus: Syllabus, tasks: Sequence[Task] | None = None
) -> list[Path]:
    """Write the stubs of `reference` into the folder `target`, over what is there.

    Returns
    -------
    list of Path
        The files that were written.
    """
    written = []
    for name, text in make_stubs(reference, syllabus, tasks).items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))  # as bytes, so that lines end in LF everywhere
        written.append(path)
    return written


def _cut(text: str, where: str, tasks: dict[str, str], given: set[str]) -> tuple[str, set[str]]:
    """Return a file without the bodies and private definitions, and these names.

    Private definitions that the functions in `given` use stay.
    """
    lines = text.split("\n")
    tree = _parse(text, where)
    functions = _functions(tree)
    # From the end, so that the line numbers before a change stay right.
    changes: list[tuple[int, int, str | None]] = []
    for name, task in tasks.items():
        if len(functions.get(name, [])) != 1:
            count = "not" if name not in functions else "more than once"
            raise SyllabusError(f"Task {task} names {name}, which is {count} in {where}.")
        changes.append(_body(functions[name][0], lines, f"{where}: {name}", task))
    private: set[str] = set()
    kept = _helpers(tree, [functions[name][0] for name in given if name in functions])
    for node in tree.body:
        names = _private_names(node)
        if names and not names & kept:
            private |= names
            start = _start(node) - 1
            while start > 0 and lines[start - 1].startswith("#"):
                start -= 1
            changes.append((start, _end(node, lines), None))
    # A function that goes as a whole needs no body.
    whole = [(start, end) for start, end, new in changes if new is None]
    for start, end, new in sorted(changes, reverse=True):
        if new is None:
            _remove(lines, start, end)
        elif not any(first <= start < last for first, last in whole):
            lines[start:end] = [new]
    return "\n".join(lines).rstrip("\n") + "\n", private


def _body(node: _Function, lines: list[str], where: str, task: str) -> tuple[int, int, str]:
    """Return which lines of a function are its body, and what replaces them."""
    first = node.body[0]
    if ast.get_docstring(node) is None or first.end_lineno is None:
        raise KitError(f"{where} has no docstring, so that a student would not know what to write.")
    if len(node.body) > 1 and node.body[1].lineno <= first.end_lineno:
        raise KitError(f"{where}: the body must start on a line of its own, below the docstring.")
    # A remark above the docstring, or behind it, speaks of the body that goes.
    start = first.lineno - 1
    while lines[start - 1].lstrip().startswith("#"):
        start -= 1
    docstring = lines[first.lineno - 1 : first.end_lineno]
    docstring[-1] = docstring[-1].encode()[: first.end_col_offset].decode()
    indent = " " * first.col_offset
    stub = [*docstring, f'{indent}raise NotImplementedError("{task}")']
    return start, _end(node, lines), "\n".join(stub)


def _functions(tree: ast.Module) -> dict[str, list[_Function]]:
    """Return all functions and methods by their names, such as ``ReLULayer.forward``."""
    found: dict[str, list[_Function]] = {}
    for node in tree.body:
        if isinstance(node, _Function):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, _Function):
                    found.setdefault(f"{node.name}.{method.name}", []).append(method)
    return found


def _names(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    if isinstance(node, _Function | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        stored = [part for target in targets for part in ast.walk(target)]
        return {part.id for part in stored if isinstance(part, ast.Name)}
    return set()


def _private_names(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines, if all of them are private."""
    names = _names(node)
    private = all(name.startswith("_") and not name.startswith("__") for name in names)
    return names if private else set()


def _helpers(tree: ast.Module, functions: Sequence[ast.stmt]) -> set[str]:
    """Return the private names that functions use, and what these use in turn."""
    private = {name: node for node in tree.body for name in _private_names(node)}
    found: set[str] = set()
    waiting: list[ast.AST] = list(functions)
    while waiting:
        for part in ast.walk(waiting.pop()):
            if isinstance(part, ast.Name) and part.id in private and part.id not in found:
                found.add(part.id)
                waiting.append(private[part.id])
    return found


def _start(node: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _end(node: ast.stmt, lines: list[str]) -> int:
    """Return the last line of a statement, with the comments that stand inside it."""
    end = node.end_lineno or node.lineno
    for number in range(end, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if not line.lstrip().startswith("#") or indent <= node.col_offset:
            break
        end = number + 1
    return end


def _remove(lines: list[str], start: int, end: int) -> None:
    """Remove lines, and of the blank ones around them the shorter run."""
    before, after = start, end
    while before > 0 and not lines[before - 1].strip():
        before -= 1
    while after < len(lines) and not lines[after].strip():
        after += 1
    blank = max(start - before, after - end) if before > 0 else 0
    lines[before:after] = [""] * blank


def _drop_imports(text: str) -> str:
    """Remove the imports that only the removed bodies needed, but for NumPy's."""
    lines = text.split("\n")
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            exported = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            used |= {str(part.value) for part in exported}
    for node in reversed(tree.body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        kept = [
            alias
            for alias in node.names
            if (alias.asname or alias.name.partition(".")[0]) in used
            or (alias.name, alias.asname) in (("numpy", "np"), ("*", None))
        ]
        start, end = node.lineno - 1, node.end_lineno or node.lineno
        if not kept:
            _remove(lines, start, end)
        elif len(kept) < len(node.names):
            node.names = kept
            lines[start:end] = [_import(node)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _import(node: ast.Import | ast.ImportFrom) -> str:
    line = ast.unparse(node)
    if len(line) <= 100:
        return line
    head, _, names = line.partition(" import ")
    listed = "".join(f"    {name},\n" for name in names.split(", "))
    return f"{head} import (\n{listed})"


def _check(stub: str, where: str, private: Iterable[str]) -> None:
    """Make sure that a stub can be run, and lacks nothing that was removed."""
    for node in ast.walk(_parse(stub, f"The stub of {where}")):
        names = {node.id} if isinstance(node, ast.Name) else set()
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
        for name in sorted(names.intersection(private)):
            raise KitError(
                f"{where}: what is given to students uses {name}, which is private and so is "
                "removed. Give it a name without an underscore, or use it in a body only."
            )


def _parse(text: str, where: str) -> ast.Module:
    try:
        compile(text, where, "exec", dont_inherit=True)
        return ast.parse(text)
    except SyntaxError as error:
        raise KitError(f"{where} is no valid Python: {error}.") from error
