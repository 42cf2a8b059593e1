"""The process in which a submission lives: it answers questions about the submission.

This file is run by path, alone: it sees Python, NumPy, a copy of the submission and
nothing else of the kit, and must never import any of it. Whatever it sends may have
been forged by the submission, which owns this process; so it judges nothing, and the
other side checks every byte. What it does check is a courtesy: a clear word to honest
students about a value that cannot be sent.

A frame is a fixed prefix, a JSON header and raw array bytes (see `frames.py`, which
speaks the same format and documents it).
"""

import json
import os
import struct
import sys

PREFIX = struct.Struct("<4sIIQ")  # magic, number, header length, payload length
MAGIC = b"BYH1"
PLAIN = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
MAX_ITEMS = 64  # of a container that is read
MAX_LIST = 1_000_000  # numbers in a list that stands for an array


class Channel:
    """Frames over a socket, blocking."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def _read(self, count):
        data = bytearray(count)
        view = memoryview(data)
        while view:
            got = self._read_into(view)
            if not got:
                os._exit(0)  # the grader has gone
            view = view[got:]
        return data

    def _read_into(self, view):
        return os.readv(self.descriptor, [view])

    def receive(self):
        magic, number, header_length, payload_length = PREFIX.unpack(self._read(PREFIX.size))
        if magic != MAGIC:
            os._exit(3)
        header = json.loads(self._read(header_length))
        return number, header, self._read(payload_length)

    def send(self, number, header, payloads=()):
        text = json.dumps(header).encode()
        total = sum(len(part) for part in payloads)
        for part in (PREFIX.pack(MAGIC, number, len(text), total) + text, *payloads):
            view = memoryview(part)
            while view:
                view = view[self._write(view) :]

    def _write(self, view):
        return os.write(self.descriptor, view)


class Refused(Exception):
    """A value that is not made of numbers; the text says what it is."""


def confine(memory, file_size):
    """Limit the memory and the files of this process, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    megabyte = 1 << 20
    wanted = [
        ("RLIMIT_AS", memory * megabyte if sys.platform.startswith("linux") else None),
        ("RLIMIT_FSIZE", file_size * megabyte),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 128),
    ]
    for name, value in wanted:
        limit = getattr(resource, name, None)
        if limit is None or value is None:
            continue
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def import_numpy(folder):
    """NumPy with the parts that it loads late, then without its folder on the path."""
    sys.path.append(folder)
    import numpy
    import numpy.fft
    import numpy.lib.stride_tricks
    import numpy.linalg
    import numpy.random

    sys.path.remove(folder)
    return numpy


def seed_everything(np):
    """Make unseeded random numbers the same on every day: a mark must not depend on luck."""
    import random

    random.seed(20240229)
    np.random.seed(20240229)
    drawn = random.Random(1)
    # Generators without a seed ask the operating system through this name.
    np.random.bit_generator.randbits = drawn.getrandbits


class Worker:
    """Holds the submission's objects and does what is asked with them."""

    def __init__(self, np, folder, package):
        self.np = np
        self.folder = folder
        self.package = package
        self.module = None
        self.arrays = {}  # that more than one question is about, by the grader's keys
        self.held = []  # what a question can refer to, by index

    # Values: from a question, to an answer -------------------------------------------

    def decode(self, described, payload, offset=0):
        """The values that descriptions in a question mean, and where their bytes end."""
        values = []
        for entry in described:
            kind = entry["kind"]
            if kind == "array":
                dtype = self.np.dtype(entry["dtype"])
                count = 1
                for length in entry["shape"]:
                    count *= length
                end = offset + count * dtype.itemsize
                # A slice of a bytearray is a new one: the array is writable and its own.
                part = payload if end - offset == len(payload) else payload[offset:end]
                array = self.np.frombuffer(part, dtype).reshape(entry["shape"])
                values.append(self.store(entry.get("key"), array))
                offset = end
            elif kind == "list":
                items, offset = self.decode(entry["items"], payload, offset)
                values.append(items)
            elif kind == "stored":
                values.append(self.arrays[entry["key"]])
            elif kind == "held":
                values.append(self.held[entry["id"]])
            else:
                values.append(entry["value"])
        return values, offset

    def store(self, key, array):
        """Keep an array under a key; under one that exists, give that its contents back."""
        if key is None:
            return array
        known = self.arrays.get(key)
        if known is None or known.size != array.size or known.dtype != array.dtype:
            self.arrays[key] = array
        else:
            known.shape = array.shape  # which a call can change, too
            self.np.copyto(known, array)
        return self.arrays[key]

    def hold(self, value):
        self.held.append(value)
        return len(self.held) - 1

    def as_array(self, value):
        """The plain array of numbers that `value` is, or Refused."""
        np = self.np
        if isinstance(value, np.ndarray) and "numpy.ma" in sys.modules:
            if np.ma.getmaskarray(value).any():
                raise Refused("a masked array with masked elements")
            value = np.ma.getdata(value)
        if isinstance(value, np.ndarray):
            array = np.ndarray.view(value, np.ndarray)
        elif isinstance(value, (bool, int, float, complex, np.generic)):
            array = np.asarray(value)
        elif isinstance(value, list):
            self.check_list(value)
            try:
                array = np.array(value)
            except ValueError:
                raise Refused("a list of lists of different lengths") from None
        else:
            raise Refused(describe(value))
        return self.plain(array)

    def plain(self, array):
        """The same numbers in a type that can be sent."""
        np = self.np
        dtype = array.dtype
        if dtype.kind == "c":
            if array.imag.any():
                raise Refused("complex numbers with an imaginary part")
            array = array.real
            dtype = array.dtype
        if dtype.kind == "f" and dtype.itemsize > 8:
            dtype = np.dtype("f8")
        dtype = dtype.newbyteorder("<")
        if dtype.str[1:] not in PLAIN:
            raise Refused(f"an array of dtype {str(dtype)[:60]}, not of numbers")
        return array, dtype

    def check_list(self, value, depth=0, count=0):
        """Refuse lists that are too deep, too long or not of numbers, without building them."""
        if depth > 8:
            raise Refused("a deeply nested list")
        for item in value:
            count += 1
            if count > MAX_LIST:
                raise Refused("a very long list")
            if isinstance(item, list):
                count = self.check_list(item, depth + 1, count)
            elif not isinstance(item, (bool, int, float, self.np.generic, self.np.ndarray)):
                raise Refused(f"a list that holds {describe(item)}")
        return count

    def encode(self, value, limit):
        """A description of `value` and the bytes of it, if it is an array."""
        if value is None:
            return {"kind": "none"}, b""
        try:
            array, dtype = self.as_array(value)
        except Refused as refused:
            return {"kind": "other", "id": self.hold(value), "text": str(refused)}, b""
        # The size is known before anything is copied: eight bytes can claim terabytes.
        if array.size * dtype.itemsize > limit:
            text = f"an array of shape {array.shape}, which is far too large"
            return {"kind": "other", "id": self.hold(value), "text": text}, b""
        data = self.np.ascontiguousarray(array, dtype).tobytes()
        return {"kind": "array", "dtype": dtype.str, "shape": list(array.shape)}, data

    # Questions -------------------------------------------------------------------------

    def ask_import(self, question, arguments):
        """Import the package; say which of the wanted names it has."""
        import importlib

        sys.path.insert(0, self.folder)
        self.module = importlib.import_module(self.package)
        return [name for name in question["names"] if hasattr(self.module, name)]

    def ask_new(self, question, arguments):
        return getattr(self.module, question["name"])(*arguments)

    def ask_bare(self, question, arguments):
        """An instance whose `__init__` was not run."""
        kind = getattr(self.module, question["name"])
        return kind.__new__(kind)

    def ask_call(self, question, arguments):
        return getattr(self.held[question["target"]], question["name"])(*arguments)

    def ask_chain(self, question, arguments):
        """The same method of several objects, each given what the one before gave."""
        value = arguments[0]
        for index in question["targets"]:
            value = getattr(self.held[index], question["name"])(value)
        return value

    def ask_get(self, question, arguments):
        target = self.held[question["target"]]
        return [getattr(target, name) for name in question["names"]]

    def ask_set(self, question, arguments):
        for name, value in zip(question["names"], arguments, strict=True):
            setattr(self.held[question["target"]], name, value)

    def ask_read(self, question, arguments):
        return arguments[0]

    def ask_items(self, question, arguments):
        """The elements of a container, whatever its type; None stands for an empty one."""
        container = getattr(self.held[question["target"]], question["name"])
        if container is None:
            return []
        if hasattr(container, "values") and hasattr(container, "keys"):
            container = container.values()
        items = []
        for item in container:
            if item is not None:
                items.append(item)
            if len(items) > MAX_ITEMS:
                break
        return items

    def ask_splint(self, question, arguments):
        """Bring what the layers of these classes give into the shape that others rely on.

        So the wiring of a network can be judged although one layer's answer does not fit
        the next: it is compared with layers that are splinted in the same way.
        """
        for name in question["names"]:
            kind = getattr(self.module, name)
            for method in ("forward", "backward"):
                setattr(kind, method, self.splinted(name, getattr(kind, method), method))

    def splinted(self, name, original, method):
        np = self.np

        def fit(value, shape):
            value = np.asarray(value)
            if value.shape == shape:
                return value
            if value.ndim and value.shape[0] == shape[0] and value.size:
                # Row by row: the images of a batch are not mixed.
                return np.stack([np.resize(row, shape[1:]) for row in value])
            return np.resize(value, shape)

        def forward(layer, x):
            return fit(original(layer, x), output_shape(name, layer, x.shape))

        def backward(layer, x, last_x_grad):
            x_grad = fit(original(layer, x, last_x_grad), x.shape)
            for parameter in ("weight", "bias"):
                gradient = getattr(layer, parameter + "_grad", None)
                if gradient is not None:
                    shape = np.shape(getattr(layer, parameter))
                    setattr(layer, parameter + "_grad", fit(gradient, shape))
            return x_grad

        return forward if method == "forward" else backward

    def answer(self, question, payload):
        """The header and the payloads that answer a question."""
        arguments, _ = self.decode(question.get("args", []), payload)
        result = getattr(self, "ask_" + question["ask"])(question, arguments)
        if question["ask"] == "import":
            return {"names": result}, []
        if question.get("keep"):
            return {"values": [{"kind": "held", "id": self.hold(result)}]}, []
        limit = question["limit"]
        values = result if question["ask"] in ("items", "get") else [result]
        described = []
        for value in values:
            entry = self.encode(value, limit)
            limit -= len(entry[1])
            described.append(entry)
        return {"values": [entry[0] for entry in described]}, [entry[1] for entry in described]


def output_shape(name, layer, shape):
    """The shape of what a layer of the network gives for an input of this shape."""
    if name == "FlattenLayer":
        count = 1
        for length in shape[1:]:
            count *= length
        return (shape[0], count)
    if name == "MaxPoolingLayer":
        return (*shape[:2], shape[2] // 2, shape[3] // 2)
    if name == "LinearLayer":
        return (shape[0], layer.weight.shape[1])
    if name == "ConvolutionLayer":
        c2, _, k1, k2 = layer.weight.shape
        return (shape[0], c2, shape[2] - k1 + 1, shape[3] - k2 + 1)
    return shape


def describe(value):
    """What a value is, in words, without running any code of its own."""
    kind = type(value)
    if value is None:
        return "None"
    if kind is tuple:
        return f"a tuple of {len(value)} elements"
    if kind is str:
        return "a string"
    return f"an object of type {kind.__name__[:60]}"


def report(error, folder):
    """An exception as bounded text, with the frames that lie in the submission."""
    try:
        message = str(error)
    except BaseException:
        message = "(its message could not be made)"
    frames = []
    inside = os.path.join(folder, "")
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename.startswith(inside):
            path = code.co_filename[len(inside) :]
            frames.append([path[:200], step.tb_lineno or 0, code.co_qualname[:200]])
        step = step.tb_next
    if len(frames) > 40:
        frames = frames[:20] + frames[-20:]
    text = ""
    if isinstance(error, SyntaxError) and str(error.filename or "").startswith(inside):
        path = str(error.filename)[len(inside) :]
        frames.append([path[:200], int(error.lineno or 0), "<module>"])
        message, text = str(error.msg), str(error.text or "")
    elif frames:
        import linecache

        text = linecache.getline(os.path.join(folder, frames[-1][0]), frames[-1][1])
    return {
        "type": type(error).__name__[:200],
        "types": [kind.__name__[:200] for kind in type(error).__mro__][:20],
        "message": message[:2000],
        "frames": frames,
        "text": text.strip()[:300],
    }


def main():
    channel_name, numpy_folder, folder, package, memory, file_size = sys.argv[1:]
    if channel_name == "stdin":  # Windows: a socket cannot be inherited by number
        import socket

        shared = socket.fromshare(sys.stdin.buffer.read())
        channel = Channel(shared.fileno())
        channel._read_into, channel._write = shared.recv_into, shared.send
    else:
        channel = Channel(int(channel_name))
    sys.argv[:] = [""]
    confine(int(memory), int(file_size))
    np = import_numpy(numpy_folder)
    seed_everything(np)
    worker = Worker(np, folder, package)
    channel.send(0, {"ready": np.__version__})
    while True:
        number, question, payload = channel.receive()
        try:
            header, payloads = worker.answer(question, payload)
        except BaseException as error:  # SystemExit too: leaving early is no answer
            header, payloads = {"error": report(error, folder)}, []
        channel.send(number, header, payloads)


if __name__ == "__main__":
    main()
