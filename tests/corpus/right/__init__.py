"""Right submissions, as different as students are: every one must get full marks.

`VARIANTS` maps a name to a function that writes the package into a folder and returns the
package's path:

    path = VARIANTS["conv_einsum"](tmp_path)        # tmp_path/student

Each also says what is unusual about it (`.about`) and, where the contract can be read in
another way, how (`.doubt`). `python -m tests.corpus.right.check` proves them right
without the autograder, against its own reference.

A variant is put together from `parts/`: one file for each `conv`, `pool`, `relu`, `flatten`,
`linear`, `loss`, `network`, `base`, or a `whole` package; `wrap` names files of
`parts/helpers/` with a class decorator, `initial` one with other initial weights. Then its
steps change the files: layout, encoding, clutter. `parts/ruff.toml` keeps Ruff away from them:
they are students' sources, ugly where students are.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PARTS = Path(__file__).parent / "parts"
Files = dict[str, str | bytes]
Step = Callable[[Files], Files]

DEFAULTS = {
    "base": "plain",
    "relu": "where",
    "flatten": "reshape",
    "pool": "argmax",
    "linear": "plain",
    "conv": "rows",
    "loss": "shifted",
    "network": "plain",
    "dataset": "plain",
    "main": "plain",
}
LAYER_KINDS = ("base", "relu", "flatten", "pool", "linear", "conv")
LAYERS = ["ReLULayer", "FlattenLayer", "MaxPoolingLayer", "LinearLayer", "ConvolutionLayer"]
PARAM_LAYERS = ("LinearLayer", "ConvolutionLayer")
LOSS, NETWORK = "CrossEntropyLoss", "ConvolutionNeuralNetwork"
NAMES = ["NetworkLayer", "ParamLayer", *LAYERS, LOSS, NETWORK, "load_dataset"]


# ---------------------------------------------------------------- putting parts together


def joined(*sources: str) -> str:
    """One module of several: imports first and once, those of sister modules left out."""
    imports: dict[str, None] = {}
    body = []
    for source in sources:
        lines: list[str | None] = list(source.splitlines())
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                if not getattr(node, "level", 0):
                    imports[ast.unparse(node)] = None
                lines[node.lineno - 1 : node.end_lineno] = [None] * (
                    node.end_lineno - node.lineno + 1
                )
        body.append("\n".join(line for line in lines if line is not None).strip("\n") + "\n")
    return "\n".join(imports) + "\n\n\n" + "\n\n".join(body)


def decorated(source: str, classes: tuple[str, ...]) -> str:
    return re.sub(rf"^(?=class (?:{'|'.join(classes)})\b)", "@wrap\n", source, flags=re.M)


def part(kind: str, name: str) -> str:
    return (PARTS / kind / f"{name}.py").read_text(encoding="utf-8")


def helpers(wrap: str, initial: str) -> str:
    """The package's helpers.py; empty when it needs none."""
    sources = [part("helpers", name) for name in (wrap, initial) if name]
    if wrap.startswith("dress_"):
        sources.insert(0, part("helpers", "_dress"))
    return joined(*sources) if sources else ""


def from_parts(
    wrap: str = "",
    wrapped: tuple[str, ...] = tuple(LAYERS),
    initial: str = "",
    layout: str = "given",
    **choice: str,
) -> Files:
    if initial:
        choice |= {"conv": "helped", "linear": "helped"}
    picked = {kind: part(kind, name) for kind, name in (DEFAULTS | choice).items()}
    helper = helpers(wrap, initial)
    if wrap:
        picked = {kind: decorated(source, wrapped) for kind, source in picked.items()}
    return {"given": given, "one": one_file, "many": many_files}[layout](picked, helper)


def exports(places: dict[str, list[str]]) -> str:
    lines = [f"from {place} import {', '.join(names)}" for place, names in places.items()]
    return "\n".join(lines) + "\n"


def given(picked: dict[str, str], helper: str) -> Files:
    """layers.py, losses.py, network.py, dataset.py: as handed out."""
    files: Files = {
        "__init__.py": exports(
            {
                ".layers": ["NetworkLayer", "ParamLayer", *LAYERS],
                ".losses": [LOSS],
                ".network": [NETWORK],
                ".dataset": ["load_dataset"],
            }
        ),
        "layers.py": joined(*(picked[kind] for kind in LAYER_KINDS)),
        "losses.py": picked["loss"],
        "network.py": picked["network"],
        "dataset.py": picked["dataset"],
        "__main__.py": picked["main"],
    }
    if helper:
        files["helpers.py"] = helper
        for name in ("layers.py", "losses.py", "network.py"):
            text = files[name]
            found = [n for n in ("wrap", "initial") if re.search(rf"@{n}\b|\b{n}\(", text)]
            if found:
                files[name] = f"from .helpers import {', '.join(found)}\n{text}"
    return files


def one_file(picked: dict[str, str], helper: str) -> Files:
    """Everything in __init__.py."""
    order = (*LAYER_KINDS, "loss", "network", "dataset")
    return {"__init__.py": joined(*filter(None, [helper]), *(picked[kind] for kind in order))}


def many_files(picked: dict[str, str], helper: str) -> Files:
    """A sub-package of layers, a file for each."""
    names = dict(zip(LAYER_KINDS[1:], LAYERS, strict=True))
    files: Files = {
        "__init__.py": exports(
            {
                ".core.layers": ["NetworkLayer", "ParamLayer", *LAYERS],
                ".core": [LOSS, NETWORK],
                ".io.dataset": ["load_dataset"],
            }
        ),
        "core/__init__.py": exports({".losses": [LOSS], ".network": [NETWORK]}),
        "core/losses.py": picked["loss"],
        "core/network.py": picked["network"],
        "core/layers/base.py": picked["base"],
        "core/layers/__init__.py": "from .base import *\n"
        + exports({f".{kind}": [name] for kind, name in names.items()}),
        "io/__init__.py": "",
        "io/dataset.py": picked["dataset"],
    }
    for kind in names:
        files[f"core/layers/{kind}.py"] = picked[kind]
    if helper:
        files["core/layers/helpers.py"] = helper
    return files


def from_whole(name: str) -> Files:
    root = PARTS / "whole" / name
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*.py"))
    }


# ---------------------------------------------------------------- steps


def each_source(change: Callable[[str], str | bytes]) -> Step:
    """A step that changes the text of every module."""

    def step(files: Files) -> Files:
        return {
            name: change(text) if name.endswith(".py") and isinstance(text, str) else text
            for name, text in files.items()
        }

    return step


def add(more: Files) -> Step:
    return lambda files: files | more


def after_future(text: str, insert: str) -> str:
    """`insert` at the top, but below `from __future__` lines."""
    future = "".join(re.findall(r"^from __future__.*\n", text, flags=re.M))
    return future + insert + re.sub(r"^from __future__.*\n", "", text, flags=re.M)


def tabs(text: str) -> str:
    return re.sub(r"^(?:    )+", lambda m: "\t" * (len(m[0]) // 4), text, flags=re.M)


def form_feeds(text: str) -> str:
    return re.sub(r"^(?=class |def |@wrap)", "\f\n", text, flags=re.M).rstrip("\n")


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def bom(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def latin1(text: str) -> bytes:
    return text.encode("latin-1")


def gbk(text: str) -> bytes:
    text = re.sub(r"^( *)(?=def (forward|backward)\b)", r"\1# 计算：\2\n\1", text, flags=re.M)
    note = '# 第四次作业：卷积神经网络。图像 → 卷积 → 池化\n作者 = "张伟"\nassert len(作者) == 2\n'
    return b"# -*- coding: gbk -*-\n" + after_future(text, note).encode("gbk")


def unicode_names(text: str) -> str:
    """Identifiers that are not ASCII, some of which Python normalises (ﬁ is fi)."""
    text = re.sub(r"\blast_x_grad\b", "δx", text)
    text = re.sub(r"\bwindows\b", "ﬁgures", text)
    return after_future(text, "# 🎓 наши слои, ما, \u202eright to left\u202c\nπ = 3.14159\n")


def long_lines(text: str) -> str:
    table = ", ".join(f"{n}.5" for n in range(1_500))
    return f"{text}\nTABLE = [{table}]  # {'very ' * 500}long\n"


def absolute(files: Files) -> Files:
    """`from student.layers import …` in place of `from .layers import …`."""

    def change(name: str, text: str) -> str:
        here = ".".join(["student", *name.split("/")[:-1]])
        return re.sub(
            r"^(\s*)from \.(\w[\w.]*) import", rf"\1from {here}.\2 import", text, flags=re.M
        )

    return {
        name: change(name, text) if isinstance(text, str) else text for name, text in files.items()
    }


def star_imports(files: Files) -> Files:
    modules = ["layers", "losses", "network", "dataset"]
    lists = {"layers.py": ["NetworkLayer", "ParamLayer", *LAYERS], "losses.py": [LOSS]}
    files = {n: f"{t}\n\n__all__ = {lists[n]}\n" if n in lists else t for n, t in files.items()}
    network = re.sub(
        r"^from \.(\w+) import (\([^)]*\)|.*)",
        r"from .\1 import *",
        str(files["network.py"]),
        flags=re.M,
    )
    init = "".join(f"from .{m} import *\n" for m in modules) + f"__all__ = {NAMES}\n"
    return files | {"network.py": network, "__init__.py": init}


def lazy_names(files: Files) -> Files:
    """Nothing is imported before it is asked for (PEP 562)."""
    return files | {
        "__init__.py": f"""import importlib

__all__ = {NAMES}


def __getattr__(name):
    if name in __all__:
        for module in ("layers", "losses", "network", "dataset"):
            found = importlib.import_module("." + module, __name__)
            if hasattr(found, name):
                return getattr(found, name)
    raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
"""
    }


def own_path(files: Files) -> Files:
    """The package puts its own folder on the path and imports its modules from there."""
    files = {
        name: re.sub(r"^from \.(\w+) import", r"from \1 import", text, flags=re.M)
        if name != "__main__.py" and isinstance(text, str)
        else text
        for name, text in files.items()
    }
    top = "import os\nimport sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"
    return files | {"__init__.py": top + str(files["__init__.py"])}


def names_of_the_library(files: Files) -> Files:
    """Modules of the package are called like modules of the standard library."""
    new = {"layers": "types", "losses": "random", "network": "queue", "dataset": "json"}

    def change(text: str | bytes) -> str | bytes:
        if isinstance(text, bytes):
            return text
        return re.sub(
            r"^from \.(\w+) import",
            lambda m: f"from .{new.get(m[1], m[1])} import",
            text,
            flags=re.M,
        )

    files = {name: change(text) for name, text in files.items()}
    return {f"{new.get(name[:-3], name[:-3])}.py": text for name, text in files.items()}


def scripts(files: Files) -> Files:
    """Trials at the end of each module, to be run as a script; prints at import."""
    trial = (
        "\n\nprint('loaded', __name__)\n\nif __name__ == '__main__':\n"
        "    import matplotlib.pyplot as plt\n    plt.show()\n    raise SystemExit(1)\n"
    )
    return {n: str(t) + trial if n != "__main__.py" else t for n, t in files.items()}


CLUTTER: Files = {
    "old_layers.py": "import torch\n\nclass ReLULayer(:\n    def forward(self, x):\n  return x\n",
    "network (copy).py": "<<<<<<< HEAD\nfrom layers import *\n=======\n>>>>>>> mine\n",
    "losses.py.bak": "raise SystemExit\n",
    "layers.py~": b"\xff\xfe\x00 not text",
    "~$network.py": b"\x00" * 40,
    ".DS_Store": b"\x00\x00\x00\x01Bud1" + bytes(200),
    "._layers.py": b"\x00\x05\x16\x07" + bytes(50),
    "Thumbs.db": bytes(100),
    "README.md": "# Solution\n\n```python\nraise SystemExit\n```\n",
    "report ümläut 数.pdf": b"%PDF-1.4\n",
    "pytest.ini": "[pytest]\naddopts = --no-such-option -x\nminversion = 99\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p no:autograder\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--also-no-such-option'\n[[broken",
    "conftest.py": "raise RuntimeError('this conftest is not for the grader')\n",
    "tests/__init__.py": "raise RuntimeError('these tests are not for the grader')\n",
    "tests/conftest.py": "import no_such_module\n",
    "tests/test_layers.py": "def test_nothing():\n    assert False\n",
    "sitecustomize.py": "raise SystemExit('customised')\n",
    "usercustomize.py": "raise SystemExit('customised')\n",
    "numpy.py": "raise ImportError('not the numpy that you look for')\n",
    "random.py": "raise ImportError('not the random that you look for')\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": "[core]\n\trepositoryformatversion = 0\n",
    ".ipynb_checkpoints/layers-checkpoint.py": "class ReLULayer(:\n",
    ".vscode/settings.json": "{}",
    ".idea/workspace.xml": "<xml",
    "solution.ipynb": "{not json",
    "requirements.txt": "numpy==1.0\ntorch\n",
    "requests/__init__.py": "",
    "data/train-labels-idx1-ubyte.gz": b"\x1f\x8b not really",
}
CACHE = Path(importlib.util.cache_from_source("layers.py")).name
STALE: Files = {
    f"__pycache__/{CACHE}": b"not byte code",
    f"__pycache__/{CACHE.replace('layers', 'network')}": b"",
    "__pycache__/__init__.cpython-36.pyc": b"\x33\x0d\x0d\x0a",
    "losses.pyc": b"\x00\x00",
}


def init_data(files: Files) -> Files:
    """settings.json, gain.txt and normals.npy, which some initial weights are made from."""
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.random.RandomState(1).standard_normal(5000))
    settings = '{"seed": 7, "mean": 0.0, "gain": 2.0, "von": "Jürgen"}'
    return files | {
        "settings.json": settings.encode(),
        "gain.txt": "2.0\n",
        "normals.npy": buffer.getvalue(),
    }


# ---------------------------------------------------------------- the table


@dataclass(frozen=True)
class Variant:
    about: str
    choice: dict = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    doubt: str = ""
    folder: str = "student"

    def files(self) -> Files:
        choice = dict(self.choice)
        files = from_whole(choice["whole"]) if "whole" in choice else from_parts(**choice)
        for step in self.steps:
            files = step(files)
        return files

    def __call__(self, where: Path) -> Path:
        package = Path(where) / self.folder
        for name, content in self.files().items():
            target = package / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return package


def v(about: str, *steps: Step, doubt: str = "", folder: str = "student", **choice) -> Variant:
    return Variant(about, choice, steps, doubt, folder)


ALL = (*LAYERS, LOSS, NETWORK)
COMPUTING = (*LAYERS, LOSS)

VARIANTS: dict[str, Variant] = {
    # how the convolution is computed
    "conv_positions": v("a loop over output positions", conv="positions", pool="positions"),
    "loops": v(
        "a loop over images, channels, rows, columns, in each layer: too slow to be trained",
        conv="loops",
        pool="loops",
        linear="loops",
    ),
    "loops_numbers": v(
        "convolution with a loop for each of seven indices, over lists of numbers",
        conv="numbers",
        pool="loops",
        linear="loops",
        loss="purepython",
    ),
    "conv_einsum": v(
        "einsum over sliding windows; weights, so results, partly float64",
        conv="einsum",
        linear="einsum",
        loss="logaddexp",
    ),
    "conv_einsum_plain": v(
        "einsum without optimize: the slowest of all",
        each_source(lambda text: text.replace(", optimize=True", "")),
        conv="einsum",
    ),
    "conv_fft64": v("FFT in float64; all answers are float64", conv="fft64", relu="one"),
    "conv_fft32": v("FFT in float32, padded to powers of two; .real views", conv="fft32"),
    "conv_rows": v("plain im2col, a row for each image and position"),
    "conv_batchlast": v("im2col, batch last in memory", conv="batchlast", pool="offsets"),
    "conv_perimage": v("a matrix product for each image", conv="perimage", relu="copy"),
    "conv_tensordot": v("tensordot over sliding windows", conv="tensordot", pool="shared"),
    "conv_offsets": v("a sum of shifted 1×1 convolutions", conv="offsets", pool="repeat"),
    "conv_toeplitz": v("the kernel unfolded into a large matrix", conv="toeplitz"),
    "conv_nhwc": v("channels last inside", conv="nhwc", linear="turned", relu="half"),
    "conv_width": v("only the width unfolded; rows kept from forward", conv="width", pool="last"),
    "conv_strided": v("as_strided; weights and answers in Fortran order", conv="strided"),
    "conv_fancy": v("index arrays, and np.add.at on the way back", conv="fancy", pool="cached"),
    "conv_filters": v("loops over filters, channels and kernel positions", conv="filters"),
    "conv_flat": v("images as lines: a shift by i·W + j for each entry", conv="flat"),
    "conv_threads": v("a pool of threads, made at import, shares the batch", conv="threads"),
    "conv_lines": v(
        "one image line after the other",
        initial="init_gauss",
        flatten="merge",
        pool="shared",
        relu="copy",
    ),
    # pooling, ReLU, flatten, linear, loss
    "pool_last": v("the last of equal maxima wins", pool="last"),
    "pool_shared": v("equal maxima share the gradient", pool="shared", conv="batchlast"),
    "pool_repeat": v("maximum.reduceat and repeat; equal maxima share", pool="repeat"),
    "relu_one": v("the gradient of ReLU at 0 is 1", relu="one", conv="batchlast"),
    "relu_half": v("the gradient of ReLU at 0 is one half", relu="half", conv="batchlast"),
    "relu_clip": v("clip and sign", relu="clip", flatten="product"),
    "linear_outer": v("a sum of outer products, sample by sample", linear="outer"),
    "linear_augmented": v(
        "bias as a row of one matrix; weight and bias are views, gradients read-only properties",
        linear="augmented",
        doubt="weight_grad and bias_grad cannot be assigned; DESIGN names assignment for "
        "parameters only",
    ),
    "loss_logaddexp": v("np.logaddexp.reduce and np.eye", loss="logaddexp"),
    "loss_takealong": v("take_along_axis; the loss is a 0-d array", loss="takealong"),
    "loss_python": v("the loss in plain Python numbers", loss="purepython"),
    "loss_double": v("always float64; np.choose; a subclass of float", loss="double"),
    "loss_longdouble": v(
        "the loss is an np.longdouble",
        loss="longdouble",
        doubt="a NumPy scalar, so allowed; but it may be one that a protocol cannot send",
    ),
    # what is kept between calls
    "cached": v(
        "every layer and the loss keep what backward needs; its x is ignored",
        conv="cached",
        pool="cached",
        relu="cached",
        flatten="product",
        linear="buffers",
        loss="cached",
    ),
    "buffers": v(
        "gradients and columns allocated once, written in place; parameters updated in place",
        base="inplace",
        conv="buffers",
        linear="buffers",
    ),
    "update_in_place": v("`self.weight -= …`, also in an assigned array", base="inplace"),
    "reused_answers": v(
        "a layer answers with one buffer, written again at its next call",
        wrap="reused",
        conv="batchlast",
        doubt="answers are right when they come, but are no longer after the next call",
    ),
    # precision
    "float64": v("everything in float64, whatever comes in", wrap="float64", wrapped=COMPUTING),
    "float32": v("everything in float32, whatever comes in", wrap="float32", wrapped=COMPUTING),
    "mixed": v(
        "forward float64, backward float32, gradients float64, parameters float32",
        wrap="mixed",
        wrapped=COMPUTING,
        conv="batchlast",
    ),
    "mixed_layers": v(
        "some layers float32 only, others float64 only",
        conv="fft32",
        linear="einsum",
        loss="double",
        network="threaded",
    ),
    # what comes out
    "answers_fortran": v("Fortran order", wrap="dress_fortran", wrapped=COMPUTING),
    "answers_backwards": v("negative strides", wrap="dress_backwards", wrapped=COMPUTING),
    "answers_views": v("views into larger arrays of NaN", wrap="dress_window", wrapped=COMPUTING),
    "answers_readonly": v("read-only arrays", wrap="dress_readonly", wrapped=COMPUTING),
    "answers_bytes": v("memory NumPy does not own, not aligned", wrap="dress_bytes"),
    "answers_masked": v("masked arrays without a mask", wrap="dress_masked", wrapped=COMPUTING),
    "answers_subclass": v("a subclass of ndarray that is hard to touch", wrap="dress_subclass"),
    "answers_bigendian": v(
        "big-endian arrays",
        wrap="dress_bigendian",
        wrapped=COMPUTING,
        doubt="float32 in another byte order: `dtype == np.float32` is false, str is '>f4'",
    ),
    # where parameters and layers are kept
    "store_turned": v(
        "kept flat and transposed, behind properties", wrap="store_turned", wrapped=PARAM_LAYERS
    ),
    "store_dict": v(
        "__getattr__ and __setattr__ over dictionaries", wrap="store_dict", wrapped=PARAM_LAYERS
    ),
    "store_descriptor": v(
        "descriptors; values are copied", wrap="store_descriptor", wrapped=PARAM_LAYERS
    ),
    "store_copies": v(
        "parameters and gradients are handed out as read-only copies",
        wrap="store_copies",
        wrapped=PARAM_LAYERS,
        conv="batchlast",
    ),
    "store_lazy": v(
        "weights are drawn when the first attribute is asked for",
        wrap="store_lazy",
        wrapped=PARAM_LAYERS,
        conv="batchlast",
    ),
    "predict_hungry": v(
        "predict in pieces of 1,000 with float64 columns, unfolded twice",
        conv="perimage",
        linear="einsum",
        network="deques",
        wrap="float64",
        wrapped=COMPUTING,
        doubt="as network_deques",
    ),
    "network_inline": v(
        "train, test and predict call no method of the network; layers is a property",
        network="inline",
    ),
    "network_dicts": v("layers and layer_inputs are dictionaries by name", network="dicts"),
    "network_deques": v(
        "deques; backward takes the kept inputs out",
        network="deques",
        doubt="after backward nothing is kept, and a second backward without forward fails",
    ),
    "network_functional": v(
        "layers a read-only tuple; layer_inputs None or a tuple; reduce, closures, generators",
        network="functional",
        doubt="layer_inputs is None, not an empty container, when nothing is kept",
    ),
    "network_chain": v("own containers that can only be walked; predict a view", network="chain"),
    "network_itself": v(
        "the network is the list of its layers; layer_inputs eight times None",
        network="itself",
        doubt="layer_inputs has eight entries, all None, when nothing is kept",
    ),
    "network_threaded": v(
        "threads in test and predict; layers an object array; train casts images to float32",
        network="threaded",
        conv="perimage",
        doubt="with float64 images train computes with their float32 values",
    ),
    "network_linked": v("a linked list that calls itself", network="linked", conv="batchlast"),
    # how it is written
    "whole_terse": v("one file of one-letter names; absolute import", whole="terse"),
    "whole_records": v("typed dataclasses with eq=True, a Protocol, match", whole="records"),
    "whole_slots": v("__slots__ everywhere; its own checks raise errors", whole="slots"),
    "whole_closures": v(
        "layers are functions that return namespaces of closures",
        whole="closures",
        doubt="ReLULayer and the others are callables, not classes",
    ),
    "whole_tape": v(
        "a small automatic differentiation",
        whole="tape",
        doubt="network.backward replays its tape through the layers' operations, without "
        "calling their backward",
    ),
    "whole_espanol": v(
        "latin-1 with a cookie; own parameter names, also in signatures",
        each_source(latin1),
        whole="espanol",
        doubt="parameters have other names than documented, but for keepgrad: calls are positional",
    ),
    "whole_notebook": v(
        "exported notebook: functions given to classes cell by cell",
        whole="notebook",
        doubt="network.backward clears layer_inputs",
    ),
    "abstract": v("abstract base classes", base="abstract", conv="batchlast"),
    "metaclass": v("a metaclass: classes have length 0, so are false; mixins", base="meta"),
    "prickly": v(
        "layers that cannot be compared, hashed, printed, tested, copied; length 0",
        wrap="prickly",
        wrapped=COMPUTING,
        network="dicts",
    ),
    "counted": v("methods are objects that count their calls", wrap="callcount", wrapped=ALL),
    "timed": v(
        "a timing decorator and a log file, where it may be written", wrap="timing", wrapped=ALL
    ),
    "positional": v(
        "methods take their arguments by position only",
        wrap="positional",
        wrapped=ALL,
        doubt="documented names of arguments do not exist (but keepgrad): calls are positional",
    ),
    "one_file": v("all in __init__.py", layout="one", base="abstract"),
    "many_files": v(
        "sub-packages, a file for each class", layout="many", base="abstract", network="chain"
    ),
    "absolute": v("absolute imports of its own name", absolute),
    "absolute_many": v(
        "sub-packages and absolute imports", absolute, layout="many", conv="toeplitz"
    ),
    "star_imports": v("star imports and __all__", star_imports),
    "lazy_names": v("module __getattr__: names are found when asked for", lazy_names),
    "own_path": v("puts its own folder on the path", own_path),
    "library_names": v("modules called types, random, queue, json", names_of_the_library),
    "scripts": v("trials at the end of modules, prints at import", scripts),
    "folder_solution": v("the package is called solution", folder="solution", conv="batchlast"),
    # how the text is stored
    "tabs": v("tabs", each_source(tabs)),
    "crlf": v("Windows line ends", each_source(crlf), layout="many"),
    "bom": v("a byte order mark", each_source(bom)),
    "gbk": v(
        "GBK with a cookie, Chinese comments and identifiers", each_source(gbk), conv="offsets"
    ),
    "unicode_names": v(
        "Greek, Cyrillic, compatibility characters, emoji",
        each_source(unicode_names),
        conv="tensordot",
    ),
    "form_feeds": v("form feeds, no line end at the end", each_source(form_feeds)),
    "long_lines": v("lines of more than 10,000 characters", each_source(long_lines)),
    # what it says and sets
    "noise_prints": v(
        "prints to stdout, stderr and descriptors 1 and 2, also what is not UTF-8",
        wrap="noise_prints",
        wrapped=ALL,
        conv="batchlast",
        pool="offsets",
    ),
    "noise_flood": v(
        "more output a call than a pipe holds",
        wrap="noise_flood",
        wrapped=("ConvolutionLayer", NETWORK),
        conv="batchlast",
        pool="offsets",
    ),
    "noise_warnings": v(
        "warnings and logging on each call",
        wrap="noise_warnings",
        wrapped=COMPUTING,
        conv="batchlast",
    ),
    "strict": v(
        "np.seterr(all='raise') and warnings as errors",
        wrap="strict",
        wrapped=ALL,
        conv="batchlast",
    ),
    "settings": v("seeds, recursion limit, gc, locale, a talking thread, atexit", wrap="settings"),
    "streams": v("reconfigures stdout, uses its buffer, swaps it on each call", wrap="streams"),
    "streams_closed": v(
        "closes stderr and replaces stdout at import",
        wrap="closed",
        doubt="sys.stderr is None, so is what a worker would print a traceback to",
    ),
    # initial weights
    "init_gauss": v("random.gauss of the standard library", initial="init_gauss"),
    "init_boxmuller": v("Box–Muller, float64", initial="init_boxmuller"),
    "init_uniform": v("uniform with the right variance", initial="init_uniform"),
    "init_truncated": v("truncated normal with the right variance", initial="init_truncated"),
    "init_signs": v("two values, with the right variance", initial="init_signs"),
    "init_alike": v("every layer draws from the same seed", initial="init_alike"),
    "init_bigendian": v("big-endian parameters", initial="init_bigendian"),
    "init_json": v("settings from a .json beside the code", init_data, initial="init_json"),
    "init_resources": v(
        "importlib.resources, pkgutil and a .npy", init_data, initial="init_resources"
    ),
    # what lies around
    "clutter": v("bad old files, broken tests and settings, .git, .DS_Store", add(CLUTTER)),
    "stale_cache": v("a leftover __pycache__ that is not byte code", add(STALE)),
}
