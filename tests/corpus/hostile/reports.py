"""What a report would show, and what it would do to a terminal, a browser or a CI run."""

from __future__ import annotations

from tests.corpus.hostile import Hostile

SHOWN = {
    "clears the terminal": "raise ValueError('\\x1b[2J\\x1b[H100 of 100 points')",
    "writes to the clipboard": "raise ValueError('\\x1b]52;c;ZXZpbA==\\x07')",
    "asks the terminal for an answer": "raise ValueError('\\x1b[6n\\x1b[c')",
    "names the window": "raise ValueError('\\x1b]0;100 points\\x07')",
    "uses the one-byte controls": "raise ValueError('\\x9b2J\\x90q\\x9c')",
    "hides a link in a text": "raise ValueError('\\x1b]8;;http://evil\\x1b\\\\\\\\here\\x1b]8;;\\x1b\\\\\\\\')",
    "overwrites its line": "raise ValueError('failed\\rpassed')",
    "walks back over what was written": "raise ValueError('failed' + '\\b' * 6 + 'passed')",
    "ends the text with NUL": "raise ValueError('a\\0b')",
    "turns the direction of reading": "raise ValueError('\\u202e001 fo 001')",
    "isolates directions": "raise ValueError('\\u2066a\\u2067b\\u2069')",
    "writes what cannot be seen": "raise ValueError('a\\u200b\\u200d\\u2060\\ufeffb')",
    "breaks lines otherwise": "raise ValueError('a\\u2028::error::b\\u2029c\\x85d\\x0be\\x0cf')",
    "commands a GitHub workflow": "raise ValueError('x\\n::add-mask::1\\n::set-env name=A::b')",
    "opens a group in a CI log": "raise ValueError('x\\n##[error]all is lost\\n##[group]x')",
    "forges a line of the report": "raise ValueError('x\\nFORGED 100 of 100 points')",
    "forges a line by a carriage return": "raise ValueError('x\\rFORGED\\r\\nFORGED 100 points')",
    "writes a formula": 'raise ValueError(\'x\\n=HYPERLINK("http://evil";"100")\')',
    "writes a script": "raise ValueError('x\\n<script>alert(1)</script>')",
    "raises a class with controls in its name": (
        "raise type('\\x1b[2J\\u202eE', (Exception,), {})('no')"
    ),
    "answers with a class with controls in its name": (
        "y = type('\\x1b[2J\\u202eE', (), {'__str__': lambda s: '\\x1b[2J'})()\nprint(y)\nreturn y"
    ),
    "prints controls": "print('\\x1b[2J\\u202e')\nraise ValueError('\\x1b[2J')",
}

HOSTILE = (
    *(Hostile(name, ("clean",), answer=answer) for name, answer in SHOWN.items()),
    Hostile(
        "has controls in a name of its code",
        ("clean",),
        top="import traceback\n\ndef inner():\n    raise ValueError('no')\n\n"
        "inner.__code__ = inner.__code__.replace("
        "co_name='\\x1b[2J', co_qualname='\\x1b[2J\\u202e')",
        answer="try:\n    inner()\nexcept ValueError:\n    traceback.print_exc()\n    raise",
    ),
    Hostile(
        "has controls in the line that is quoted",
        ("clean",),
        top="import traceback",
        answer="try:\n    raise ValueError('no')  # \u202e\x1b[2J\n"
        "except ValueError:\n    traceback.print_exc()\n    raise",
    ),
    Hostile(
        "has controls in a file's name",
        ("clean",),
        top="import importlib\nimport traceback\n\n"
        "import_it = lambda: importlib.import_module('.a\\x1b[2J\\u202eb', __package__)",
        answer="try:\n    import_it().fail()\n"
        "except ValueError:\n    traceback.print_exc()\n    raise",
        files={"a\x1b[2J\u202eb.py": "def fail():\n    raise ValueError('no')\n"},
    ),
    Hostile(
        "has controls in a file's name as Python is told it",
        ("clean",),
        top="import traceback\n\n"
        "code = compile('raise ValueError(1)',"
        " os.path.dirname(__file__) + '/\\x1b[2J\\u202e.py', 'exec')",
        answer="try:\n    exec(code)\nexcept ValueError:\n    traceback.print_exc()\n    raise",
    ),
    Hostile(
        "has controls in an error of its syntax",
        ("clean",),
        answer="exec('x = = \\x1b[2J\\u202e')",
        top="import traceback\n\nrun = exec\n\ndef exec(code):\n    try:\n        run(code)\n"
        "    except SyntaxError:\n        traceback.print_exc()\n        raise",
    ),
    Hostile(
        "has controls in an error at import",
        ("clean",),
        top="raise ImportError('\\x1b[2J\\u202e\\n::error::x')",
    ),
    Hostile(
        "has controls in a missing attribute",
        ("clean",),
        answer="getattr(self, '\\x1b[2J\\u202e')",
    ),
    Hostile(
        "has controls in the notes of an exception",
        ("clean",),
        top="import traceback",
        answer="try:\n    error = ValueError('no')\n    error.add_note('\\x1b[2J\\u202e')\n"
        "    raise error\nexcept ValueError:\n    traceback.print_exc()\n    raise",
    ),
    Hostile(
        "says what is no text at all",
        ("neighbours",),
        answer="raise ValueError('\\ud800\\udfff')",
        tasks=("relu.forward", "relu.backward"),
    ),
    Hostile(
        "piles marks on a letter",
        ("short",),
        answer="raise ValueError('a' + '\\u0301' * 1_000_000)",
    ),
)
