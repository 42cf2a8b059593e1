"""Makes copied code look like other code, as students do who copy.

Each function takes the text of a module and returns another one that says the same. They are
read, never run: a name that an attribute needed may be gone.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import random
import re

PUBLIC = re.compile(r"^[A-Z]|^__|^(forward|backward|update|train|test|predict|load_dataset)$")


def renamed(source: str, seed: int = 0) -> str:
    """Other names for all variables, parameters and helpers; comments and layout are lost."""
    tree = ast.parse(source)
    rng = random.Random(seed)
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not PUBLIC.match(node.name)
    }
    own -= {"self", *dir(builtins), *keyword.kwlist}
    new = {name: f"{rng.choice('abcdefgh')}{number}" for number, name in enumerate(sorted(own))}

    class Renamer(ast.NodeTransformer):
        def visit_Name(self, node):
            node.id = new.get(node.id, node.id)
            return node

        def visit_arg(self, node):
            self.generic_visit(node)
            node.arg = new.get(node.arg, node.arg)
            return node

        def visit_FunctionDef(self, node):
            self.generic_visit(node)
            node.name = new.get(node.name, node.name)
            return node

        def visit_keyword(self, node):
            self.generic_visit(node)
            return node

        def visit_Attribute(self, node):
            self.generic_visit(node)
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                node.attr = new.get(node.attr, node.attr)
            return node

    return ast.unparse(Renamer().visit(tree)) + "\n"


def reordered(source: str, seed: int = 0) -> str:
    """Classes, functions and methods in another order."""
    rng = random.Random(seed)
    tree = ast.parse(source)
    for node in (tree, *(one for one in ast.walk(tree) if isinstance(one, ast.ClassDef))):
        places = [i for i, one in enumerate(node.body) if isinstance(one, ast.FunctionDef)]
        shuffled = [node.body[place] for place in places]
        rng.shuffle(shuffled)
        for place, one in zip(places, shuffled, strict=True):
            node.body[place] = one
    return ast.unparse(tree) + "\n"


def commented(source: str, seed: int = 0) -> str:
    """A remark above every third line, docstrings of one's own, blank lines."""
    rng = random.Random(seed)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
            node.body.insert(0, ast.Expr(ast.Constant(f"My own words, number {rng.random()}.")))
    lines = []
    for line in ast.unparse(tree).split("\n"):
        if rng.random() < 0.3 and line.strip():
            lines += ["", f"{re.match(' *', line)[0]}# here I do {rng.random()}"]
        lines.append(line)
    return "\n".join(lines) + "\n"


def disguised(source: str, seed: int = 0) -> str:
    """All of it at once."""
    return commented(reordered(renamed(source, seed), seed), seed)


def rewritten(source: str, seed: int = 0, rate: float = 0.5) -> str:
    """Much of it in other words: parts of expressions get names of their own.

    Not a disguise that keeps the code: what is left is about as alike as what two students
    write who were told the same.
    """
    rng = random.Random(seed)
    tree = ast.parse(source)

    class Splitter(ast.NodeTransformer):
        def split(self, body):
            new = []
            for statement in body:
                if (
                    isinstance(statement, ast.Assign | ast.Return | ast.AugAssign)
                    and statement.value
                ):
                    parts = [
                        (parent, field, value)
                        for parent in ast.walk(statement.value)
                        if isinstance(parent, ast.Call | ast.BinOp | ast.Subscript)
                        for field, value in ast.iter_fields(parent)
                        if isinstance(value, ast.BinOp | ast.Call | ast.Subscript)
                    ]
                    inside_scope = any(
                        isinstance(one, ast.comprehension | ast.Lambda | ast.IfExp | ast.BoolOp)
                        for one in ast.walk(statement.value)
                    )
                    if parts and not inside_scope and rng.random() < rate:
                        parent, field, value = rng.choice(parts)
                        name = f"part{rng.randrange(10**6)}"
                        new.append(ast.Assign([ast.Name(name, ast.Store())], value, lineno=0))
                        setattr(parent, field, ast.Name(name, ast.Load()))
                new.append(statement)
            return new

        def generic_visit(self, node):
            super().generic_visit(node)
            for field in ("body", "orelse", "finalbody"):
                if isinstance(getattr(node, field, None), list):
                    setattr(node, field, self.split(getattr(node, field)))
            return node

    return ast.unparse(ast.fix_missing_locations(Splitter().visit(tree))) + "\n"
