"""How strong are the checks? All small changes of the solution, and which of them pass.

    python -m tests.mutants [--sample N] [--only layers.ConvolutionLayer] [--seed N]

A mutant is the solution with one expression or statement of its layers, losses or network
changed: another operator, a constant one more or less, an argument dropped, two swapped,
a slice without its start, a statement deleted. It is killed when it loses points in a task
of its group; the tasks most likely to see it are asked first, and the first loss ends it.
A survivor is either a mutant that the contract allows, listed with the reason in
`mutants_equivalent.toml`, or a hole in the checks.

Not changed: docstrings, imports, annotations, and what only raises a friendly error.
"""

from __future__ import annotations

import argparse
import ast
import copy
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder import intake
from autograder.cases.build import HOME
from autograder.grading import Grading, Silence
from autograder.sandbox.isolation import unprotected
from autograder.syllabus import Syllabus
from tests.grading import cases_of

MODULES = ("layers", "losses", "network")
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")

# Tasks by the beginning of a function's name, the most specific last.
TASKS = {
    "layers._he_normal": ["linear.init", "conv.init"],
    "layers._descended": ["linear.update", "conv.update"],
    "layers._unfold_width": ["conv"],
    "layers._fold_width": ["conv.backward", "conv"],
    "layers._rows": ["conv"],
    "layers.ParamLayer": ["linear", "conv", "network"],
    "layers.ReLULayer": ["relu"],
    "layers.FlattenLayer": ["flatten"],
    "layers.MaxPoolingLayer": ["maxpool"],
    "layers.LinearLayer": ["linear"],
    "layers.ConvolutionLayer": ["conv"],
    "losses.softmax": ["loss.backward", "loss", "network.predict"],
    "losses.CrossEntropyLoss": ["loss"],
    "network": ["network"],
}

OTHERS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Add: [ast.Sub, ast.Mult],
    ast.Sub: [ast.Add, ast.Mult],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult, ast.Sub],
    ast.FloorDiv: [ast.Div, ast.Mult],
    ast.Mod: [ast.FloorDiv, ast.Add],
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr, ast.BitXor],
    ast.BitXor: [ast.BitAnd, ast.BitOr],
    ast.Gt: [ast.GtE, ast.Lt, ast.NotEq],
    ast.Eq: [ast.NotEq, ast.LtE, ast.GtE],
}

PAIRS = [
    ("weight", "bias"),
    ("weight_grad", "bias_grad"),
    ("k1", "k2"),
    ("c1", "c2"),
    ("o1", "o2"),
    ("d1", "d2"),
    ("H", "W"),
    ("start", "end"),
    ("sum", "mean"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("zeros", "ones"),
    ("zeros", "empty"),
    ("ones_like", "zeros_like"),
    ("empty_like", "ones_like"),
    ("exp", "log"),
    ("forward", "backward"),
    ("randn", "rand"),
    ("x", "last_x_grad"),
    ("parameter", "grad"),
    ("log_sum", "right"),
]


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a module; `old` and `new` are the statement's first line."""

    function: str  # "layers.ReLULayer.forward"
    line: int
    old: str
    new: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.function, self.old, self.new

    def __str__(self) -> str:
        module = self.function.partition(".")[0]
        return f"{module}.py:{self.line}  {self.function}\n      {self.old}\n    → {self.new}"


# What can be changed ---------------------------------------------------------------------


def other_names(name: str) -> Iterator[str]:
    for one, two in PAIRS:
        if name in (one, two):
            yield two if name == one else one


def swapped(items: Sequence[Any]) -> Iterator[list[Any]]:
    """The items with two neighbours exchanged."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def without(items: Sequence[Any]) -> Iterator[list[Any]]:
    """The items with one left out."""
    for i in range(len(items)):
        yield [*items[:i], *items[i + 1 :]]


def altered(node: ast.AST, **fields: Any) -> Any:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def changes(node: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    """All that a node is replaced with, one at a time, in a function that has these names."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op, right=right):
            for other in OTHERS.get(type(op), []):
                yield altered(node, op=other())
            yield left
            yield right
            if not isinstance(op, (ast.Add, ast.Mult, ast.BitAnd, ast.BitXor)):
                yield altered(node, left=right, right=left)
        case ast.Compare(ops=[op]):
            for other in OTHERS.get(type(op), []):
                yield altered(node, ops=[other()])
        case ast.Call(func=func, args=args, keywords=keywords):
            for some in without(keywords):
                yield altered(node, keywords=some)
            for some in swapped(args):
                yield altered(node, args=some)
            if len(args) > 1:
                for some in without(args):
                    yield altered(node, args=some)
            if len(args) == 1:
                yield args[0]  # without the call: reversed(x), np.log(x)
            if isinstance(func, ast.Attribute) and not is_name(func.value, "np"):
                yield func.value  # without the method: x.transpose(…)
        case ast.Attribute(value=value, attr=name):
            for other in other_names(name):
                yield altered(node, attr=other)
            if name == "T":
                yield value
        case ast.Name(id=name, ctx=ast.Load()):
            for other in other_names(name):
                if other in names:
                    yield altered(node, id=other)
        case ast.Slice(lower=lower, upper=upper, step=step):
            for part, present in (("lower", lower), ("upper", upper), ("step", step)):
                if present:
                    yield altered(node, **{part: None})
        case ast.Subscript(value=value, slice=index):
            if not is_name(value, "np"):
                yield value
            if isinstance(index, ast.Slice) and not index.step:
                yield altered(node, slice=altered(index, step=ast.UnaryOp(ast.USub(), one())))
        case ast.Tuple(elts=items):
            for some in swapped(items):
                yield altered(node, elts=some)
        case ast.List(elts=items):
            for some in [*swapped(items), *without(items)]:
                yield altered(node, elts=some)
        case ast.Return(value=value) if value is not None:
            yield ast.Return(None)
        case ast.AugAssign(target=target, op=op, value=value):
            for other in OTHERS.get(type(op), []):
                yield altered(node, op=other())
            yield ast.Assign([target], value)
            yield ast.Pass()
        case ast.If(test=test):
            yield altered(node, test=negated(test))
            yield altered(node, test=ast.Constant(True))
            yield ast.Pass()
        case ast.For(body=body):
            yield altered(node, body=[*body, ast.Break()])
            yield altered(node, iter=ast.Call(ast.Name("reversed"), [as_list(node.iter)], []))
            yield ast.Pass()
        case ast.Assign() | ast.Expr() | ast.AnnAssign():
            yield ast.Pass()


def one() -> ast.Constant:
    return ast.Constant(1)


def as_list(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("list"), [node], [])


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_left_out(node: ast.AST) -> bool:
    """Docstrings, imports, and what only raises a friendly error."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Raise() | ast.If(body=[ast.Raise()], orelse=[]):
            return True
        case ast.AnnAssign(value=None):
            return True
    return False


# Where it can be changed -----------------------------------------------------------------


@dataclass
class Place:
    """A node, and how to put another in its stead."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def places(parent: ast.AST) -> Iterator[Place]:
    """The children of a node that may be changed."""
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "bases", "decorator_list", "type_params"):
            continue
        found = [(None, value)] if isinstance(value, ast.AST) else []
        if isinstance(value, list):
            found = [(i, one) for i, one in enumerate(value) if isinstance(one, ast.AST)]
        for index, node in found:
            if not is_left_out(node):
                yield Place(node, parent, field, index)


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of the source, each text once."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}

    def walk(
        parent: ast.AST, function: str, around: Place | None, names: set[str]
    ) -> Iterator[Mutant]:
        for place in places(parent):
            node = place.node
            inner, outer, known = function, around, names
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                inner, outer = f"{function}.{node.name}", None
                known = names_in(node)
            elif outer is None or isinstance(node, ast.stmt) or isinstance(parent, ast.List):
                outer = place
            if outer is not None:
                for new in changes(node, known):
                    old_line = first_line(outer)
                    place.put(ast.copy_location(new, node))
                    text, new_line = ast.unparse(tree), first_line(outer)
                    place.put(node)
                    if text not in seen and compiles(text):
                        seen.add(text)
                        yield Mutant(inner, line_of(outer), old_line, new_line, text)
            yield from walk(node, inner, outer, known)

    yield from walk(tree, module, None, set())


def names_in(function: ast.AST) -> set[str]:
    """The arguments and variables of a function."""
    nodes = list(ast.walk(function))
    return {node.arg for node in nodes if isinstance(node, ast.arg)} | {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def line_of(place: Place) -> int:
    return getattr(place.node, "lineno", None) or getattr(place.parent, "lineno", 0)


def first_line(place: Place) -> str:
    """The statement that stands at a place now, without the block below it."""
    value = getattr(place.parent, place.field)
    node = value if place.index is None else value[place.index]
    line = ast.unparse(node).splitlines()[0]
    if isinstance(node, ast.arguments):
        return f"def …({line})"
    ends = isinstance(node, ast.For) and isinstance(node.body[-1], ast.Break)
    return f"{line} …; break" if ends else line


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


# What becomes of them --------------------------------------------------------------------


def hurried(syllabus: Syllabus) -> Syllabus:
    """The syllabus with limits that end a mutant that hangs within seconds."""

    def less(limits: Any, call: float, task: float) -> Any:
        return replace(limits, call=call, task=task)

    tasks = tuple(
        replace(task, limits=less(task.limits, 10, 20))
        if task.limits.call > syllabus.limits.call
        else replace(task, limits=less(task.limits, 3, 12))
        for task in syllabus.tasks
    )
    return replace(syllabus, limits=less(syllabus.limits, 3, 12), tasks=tasks)


def tasks_for(function: str, syllabus: Syllabus) -> list[Any]:
    """The tasks that may see a change in a function, the likeliest first."""
    names = next(TASKS[name] for name in reversed(TASKS) if function.startswith(name))
    found = [task for name in names for task in syllabus.select([name])]
    own = [task for task in found if any(function == name for name in task.functions)]
    return list(dict.fromkeys([*own, *found]))


def killer(mutant: Mutant, syllabus: Syllabus, seed: int) -> str:
    """The first task that loses points, with its outcome; "" if none does."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "in" / "student"
        shutil.copytree(HOME / syllabus.reference, package)
        shutil.rmtree(package / "__pycache__", ignore_errors=True)
        module = mutant.function.partition(".")[0]
        (package / f"{module}.py").write_text(mutant.source, encoding="utf-8")
        taken = intake.take(package, Path(folder))
        grading = Grading(taken, cases_of(seed), syllabus, Silence(), unprotected())
        grading.fingerprints = None  # nothing need be named
        try:
            for task in tasks_for(mutant.function, syllabus):
                (result,) = grading.run([task])
                if result.status != "passed":
                    return f"{task.id} {result.status}"
        finally:
            grading.pool.close()
    return ""


def equivalents() -> dict[tuple[str, str, str], str]:
    """The mutants that the contract allows, with the reasons."""
    if not EQUIVALENT.exists():
        return {}
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
    return {
        (entry["function"], entry["old"], new): entry["reason"]
        for entry in entries
        for new in entry["new"]
    }


def source_of(module: str) -> str:
    return (HOME / "solution" / f"{module}.py").read_text(encoding="utf-8")


def all_mutants() -> list[Mutant]:
    return [mutant for module in MODULES for mutant in mutants_of(module, source_of(module))]


def check_the_original(functions: Sequence[str], syllabus: Syllabus, seed: int) -> None:
    """End the program if the solution itself, without a change, loses points."""
    asked = set()
    for function in functions:
        tasks = frozenset(tasks_for(function, syllabus))
        if tasks not in asked:
            asked.add(tasks)
            source = ast.unparse(ast.parse(source_of(function.partition(".")[0])))
            death = killer(Mutant(function, 0, "", "", source), syllabus, seed)
            if death:
                raise SystemExit(f"the solution itself, unchanged, loses points: {death}")


def main() -> None:
    """Make the mutants, grade them, and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, help="only about so many of them")
    parser.add_argument("--only", default="", help="functions whose name begins so")
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--list", action="store_true", help="only show them")
    parser.add_argument("--verbose", action="store_true", help="say of each what killed it")
    options = parser.parse_args()
    syllabus, allowed = hurried(Syllabus.load()), equivalents()
    everything = all_mutants()
    chosen = [mutant for mutant in everything if mutant.function.startswith(options.only)]
    if options.sample:
        chosen = chosen[:: max(1, len(chosen) // options.sample)]
    if options.list:
        print(*chosen, f"{len(chosen)} mutants", sep="\n")
        return
    functions = list(dict.fromkeys(mutant.function for mutant in chosen))
    check_the_original(functions, syllabus, options.seed)
    started, late, equivalent = time.monotonic(), 0, 0
    survivors, stale, broken = [], [], []
    for mutant in chosen:
        death = killer(mutant, syllabus, options.seed)
        late += death.endswith("timed out")
        if death.endswith("grader error"):
            broken.append(f"{mutant}\n    {death}")
        if options.verbose:
            print(f"{mutant}\n    {death or 'SURVIVES'}", flush=True)
        if mutant.key in allowed:
            equivalent += 1
            if death:
                stale.append(f"{mutant}\n    {death}")
        elif not death:
            survivors.append(mutant)
    total = len(chosen) - equivalent
    killed = total - len(survivors)
    keys = {mutant.key for mutant in everything}
    print(f"mutants: {len(chosen)} of {len(everything)}, {equivalent} of them equivalent")
    print(f"killed {killed} of {total} non-equivalent, {100 * killed / max(total, 1):.1f} %")
    print(f"{late} ended by a limit; {time.monotonic() - started:.0f} s")
    for title, some in (
        ("survivors", survivors),
        ("killed by an error of the grader, which is no way to be killed", broken),
        ("listed as equivalent, yet killed", stale),
        ("listed as equivalent, but made no more", [key for key in allowed if key not in keys]),
    ):
        if some:
            print(f"{title}:", *(f"  {one}" for one in some), sep="\n")


if __name__ == "__main__":
    main()
