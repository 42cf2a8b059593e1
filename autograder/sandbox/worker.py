"""The process in which a submission lives: it answers questions about the submission.

This file is run alone, behind a wall (`wall.py`): it sees Python, NumPy, a copy of the
submission and nothing else of the kit, and must never import any of it. Whatever it sends
may have been forged by the submission, which owns this process; so it judges nothing, and the
other side checks every byte. What it does check is a courtesy: a clear word to honest
students about a value that cannot be sent.

A frame is a fixed prefix, a JSON header and raw array bytes (see `frames.py`, which
speaks the same format and documents it).
"""

import contextlib
import json
import os
import struct
import sys

PREFIX = struct.Struct("<4sIIQ")  # magic, number, header length, payload length
MAGIC = b"BYH1"
PLAIN = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
SMALL = 1 << 16  # bytes of arrays that are better copied than sent one by one
MAX_ITEMS = 64  # of a container that is read
MAX_DEPTH = 8  # of a list that stands for an array
MAX_DIMENSIONS = 32
SEVERAL = ("items", "get", "each", "compile", "learn")  # questions that have several answers
MAX_LENGTH = 1 << 31  # of an axis, also of an array without elements
NOT_NUMBERS = {  # kinds of arrays
    "O": "Python objects",
    "U": "text",
    "T": "text",
    "S": "bytes",
    "V": "records",
    "M": "dates",
    "m": "durations",
}


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
        if payload_length < SMALL:  # in one piece
            both = self._read(header_length + payload_length)
            header, payload = both[:header_length], both[header_length:]
        else:
            header, payload = self._read(header_length), self._read(payload_length)
        return number, json.loads(header), payload

    def send(self, number, header, payloads=()):
        text = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
        total = sum(len(part) for part in payloads)
        parts = [PREFIX.pack(MAGIC, number, len(text), total) + text, *payloads]
        for part in [b"".join(parts)] if total < SMALL else parts:
            view = memoryview(part)
            while view:
                view = view[self._write(view) :]

    def _write(self, view):
        return os.write(self.descriptor, view)


class Refused(Exception):
    """A value that is not made of numbers; the text says what it is."""


def import_numpy(folder):
    """NumPy from its folder, with the parts that it loads late; nothing beside it is found."""
    import importlib.util

    path = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(
        "numpy", path, submodule_search_locations=[folder]
    )
    numpy = importlib.util.module_from_spec(spec)
    sys.modules["numpy"] = numpy
    spec.loader.exec_module(numpy)
    import numpy.fft
    import numpy.lib.stride_tricks
    import numpy.linalg
    import numpy.random

    return numpy


class Randomness:
    """The random numbers of this process, also those that nobody seeds.

    They are the same on every day, since a mark must not depend on luck. And they are the
    same whatever was asked before, so that a mistake that draws some can be recognised.
    """

    def __init__(self, np):
        import random

        # As they are now: a submission can put other functions under their names.
        self.seeds = (random.seed, np.random.seed)
        self.getters = (random.getstate, np.random.get_state)
        self.setters = (random.setstate, np.random.set_state)
        self.asked = np.random.bit_generator  # by generators without a seed, for `randbits`
        self.bits = random.Random()

    def seed(self):
        for seed in self.seeds:
            seed(20240229)
        self.bits.seed(1)
        self.asked.randbits = self.bits.getrandbits

    def state(self):
        drawn = [getter() for getter in self.getters]
        return drawn, self.bits.getstate(), self.asked.randbits

    def restore(self, state):
        drawn, bits, self.asked.randbits = state
        self.bits.setstate(bits)
        for setter, value in zip(self.setters, drawn, strict=True):
            setter(value)


class Worker:
    """Holds the submission's objects and does what is asked with them."""

    def __init__(self, np, folder, package):
        self.np = np
        self.folder = folder
        self.package = package
        self.module = None
        self.arrays = {}  # that more than one question is about, by the grader's keys
        self.held = []  # what a question can refer to, by index
        self.randomness = Randomness(np)

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

    def encode(self, value, limit):
        """A description of `value` and the bytes of it, if it is an array."""
        if value is None:
            return {"kind": "none"}, b""
        try:
            # A submission may have made rounding an error; it is none here.
            with self.np.errstate(all="ignore"):
                array, dtype = self.as_array(value, limit)
                data = self.np.ascontiguousarray(array, dtype).tobytes()
        except Refused as refused:
            text = str(refused)
        except Exception as error:  # out of memory, or from code of the value's own class
            text = f"a value of type {name_of(type(value))} that cannot be read"
            text += f" ({name_of(type(error))})"
        else:
            return {"kind": "array", "dtype": dtype.str, "shape": list(array.shape)}, data
        return {"kind": "other", "id": self.hold(value), "text": text[:400]}, b""

    def as_array(self, value, limit):
        """The plain array of the numbers in `value` and the type to send it in, or Refused.

        docs/reference/values.md has the whole table. The type is what `type` says, and methods are
        those of the base class: a subclass may have changed all of its own.
        """
        np, kind = self.np, type(value)
        if issubclass(kind, np.ndarray):
            array = np.ndarray.view(value, np.ndarray)
        elif issubclass(kind, np.generic):  # before float, as float64 is both
            array = np.asarray(value)
        elif issubclass(kind, list):
            array = self.list_array(value, limit)
        else:
            base = next((one for one in (int, float, complex) if issubclass(kind, one)), None)
            if base is None:
                raise Refused(describe(value))
            array = np.asarray(value if kind is bool else base.__pos__(value))
            if array.dtype.hasobject:
                raise Refused("a whole number of more than 64 bits")
        dtype = sent_as(np, array.dtype)
        if array.ndim > MAX_DIMENSIONS:
            raise Refused(f"an array of {array.ndim} dimensions")
        # The size is known before anything is read: eight bytes can claim terabytes.
        if array.size * dtype.itemsize > limit or max(array.shape, default=0) > MAX_LENGTH:
            raise Refused(f"an array of shape {array.shape}, which is far too large")
        masked = "numpy.ma" in sys.modules and issubclass(kind, np.ma.MaskedArray)
        if masked and np.any(np.ma.getmask(value)):
            raise Refused("a masked array with masked elements")
        if array.dtype.kind == "c":
            if array.imag.any():
                most = float(np.abs(array.imag).max())
                raise Refused(f"complex numbers with an imaginary part (of up to {most:.2g})")
            array = array.real
        return array, dtype

    def list_array(self, value, limit):
        rows, _ = self.plain_list(value, limit)
        try:
            array = self.np.array(rows)
        except ValueError:
            raise Refused("a list whose parts have different lengths or shapes") from None
        if array.dtype.hasobject:
            raise Refused("a list with a whole number of more than 64 bits")
        return array

    def plain_list(self, value, room, depth=1):
        """A list as exact lists of plain numbers and arrays, and the bytes of room that are left.

        What is walked is a copy, so that nobody changes it meanwhile, and is counted before
        it is copied.
        """
        np, base = self.np, list if issubclass(type(value), list) else tuple
        room -= 8 * base.__len__(value)
        if room < 0:
            raise Refused("a very long list")
        if depth > MAX_DEPTH:
            raise Refused("a deeply nested list")
        rows = []
        for item in base.__getitem__(value, slice(None)):
            kind = type(item)
            if issubclass(kind, (list, tuple)):
                item, room = self.plain_list(item, room, depth + 1)
            elif kind not in (float, int, bool, np.float64, np.float32):
                try:
                    item, _ = self.as_array(item, room)
                except Refused as refused:
                    raise Refused(f"a list that holds {refused}") from None
                room -= 8 * item.size
            rows.append(item)
        return rows, room

    # Questions -------------------------------------------------------------------------

    def ask_compile(self, question, arguments):
        """The bytecode of the package's files, as other workers can import it."""
        import marshal

        for name in question["files"]:
            path = os.path.join(self.folder, name)
            try:
                with open(path, "rb") as file:
                    code = compile(file.read(), path, "exec", dont_inherit=True)
                yield self.np.frombuffer(marshal.dumps(code), "u1")
            except Exception:  # who imports it is told
                yield None

    def ask_import(self, question, arguments):
        """Import the package; say which of the wanted names it has."""
        import importlib

        self.randomness.seed()
        sys.path.insert(0, self.folder)
        self.module = importlib.import_module(self.package)
        return [name for name in question["names"] if hasattr(self.module, name)]

    def ask_new(self, question, arguments):
        """A new object, made with random numbers of its own.

        How many of them it draws is its own affair: what is drawn later does not hang on it.
        """
        kind = getattr(self.module, question["name"])
        before = None
        with contextlib.suppress(Exception):
            before = self.randomness.state()
            self.randomness.seed()
        try:
            return kind(*arguments)
        finally:
            with contextlib.suppress(Exception):
                self.randomness.restore(before)

    def ask_bare(self, question, arguments):
        """An instance whose `__init__` was not run."""
        kind = getattr(self.module, question["name"])
        return kind.__new__(kind)

    def ask_call(self, question, arguments):
        return getattr(self.held[question["target"]], question["name"])(*arguments)

    def ask_each(self, question, arguments):
        """What a method gives for each of some values: its first argument, or an attribute.

        One after the other, as they are sent: the next call may change what the last one gave.
        """
        target, attribute = self.held[question["target"]], question["attribute"]
        values, others = arguments
        for value in values:
            # Its own, each time: a call may change what it is given.
            given = [self.np.array(other) for other in others]
            if attribute is None:
                given.insert(0, value)
            else:
                setattr(target, attribute, value)
            yield getattr(target, question["name"])(*given)

    def ask_chain(self, question, arguments):
        """The same method of several objects, each given what the one before gave."""
        value = arguments[0]
        for index in question["targets"]:
            value = getattr(self.held[index], question["name"])(value)
        return value

    def ask_learn(self, question, arguments):
        """What the loss was before each step of training with these layers and this loss."""
        x, y, lr = arguments
        layers = [self.held[index] for index in question["targets"]]
        loss, size = self.held[question["loss"]], question["size"]
        while len(x):
            value, labels, inputs = x[:size], y[:size], []
            x, y = x[size:], y[size:]
            for layer in layers:
                inputs.append(value)
                value = layer.forward(value)
            result = loss.forward(value, labels)
            grad = loss.backward(value, labels)
            for layer in reversed(layers):
                grad = layer.backward(inputs.pop(), grad)
            for index in question["update"]:
                layers[index].update(lr)
            yield result

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
        if question.get("seed"):
            with contextlib.suppress(Exception):  # as far as the submission left it possible
                self.randomness.seed()
        result = getattr(self, "ask_" + question["ask"])(question, arguments)
        if question["ask"] == "import":
            return {"names": result}, []
        if question.get("keep"):
            return {"values": [{"kind": "held", "id": self.hold(result)}]}, []
        limit = question["limit"]
        values = result if question["ask"] in SEVERAL else [result]
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


def sent_as(np, dtype):
    """The type in which numbers of a type are sent; Refused, if they are no numbers."""
    if dtype.kind == "c":
        dtype = np.dtype(f"f{dtype.itemsize // 2}")
    if dtype.kind == "f" and dtype.itemsize > 8:
        dtype = np.dtype("f8")
    dtype = dtype.newbyteorder("<")
    if dtype.str[1:] not in PLAIN:
        held = NOT_NUMBERS.get(dtype.kind, "something else")
        raise Refused(f"an array of {held} (dtype {str(dtype)[:60]}), not of numbers")
    return dtype


def describe(value):
    """What a value is, in words, without running any code of its own."""
    kind = type(value)
    if value is None:
        return "None"
    if issubclass(kind, tuple):
        return f"a tuple of {tuple.__len__(value)} elements"
    if issubclass(kind, str):
        return "a string"
    held = {name for one in fact(kind, "__mro__") for name in fact(one, "__dict__")}
    words = f"an object of type {name_of(kind)}"
    if "__array__" in held or kind is memoryview:
        return f"{words}, not an array; numpy.asarray makes one of it"
    if "__float__" in held:
        return f"{words}, not a float; float() makes one of it"
    return words


def fact(kind, name):
    """An attribute of a class as Python keeps it: a metaclass may claim another."""
    return type.__dict__[name].__get__(kind)


def name_of(kind):
    """The name of a class, with its module."""
    module = fact(kind, "__dict__").get("__module__")
    name = fact(kind, "__name__")
    return (f"{module}.{name}" if type(module) is str else name)[:60]


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
            frames.append([path[:100], step.tb_lineno or 0, code.co_qualname[:100]])
        step = step.tb_next
    if len(frames) > 40:
        frames = frames[:20] + frames[-20:]
    message = message.replace(inside, "")
    text = ""
    if isinstance(error, SyntaxError) and str(error.filename or "").startswith(inside):
        path = str(error.filename)[len(inside) :]
        frames.append([path[:100], int(error.lineno or 0), "<module>"])
        message, text = str(error.msg), str(error.text or "")
    elif frames:
        import linecache

        text = linecache.getline(os.path.join(folder, frames[-1][0]), frames[-1][1])
    return {
        "type": type(error).__name__[:100],
        "types": [kind.__name__[:100] for kind in type(error).__mro__][:20],
        "message": message[:2000],
        "frames": frames,
        "text": text.strip()[:300],
    }


def main(settings):
    """Answer questions until the grader has no more.

    Parameters
    ----------
    settings
        Where the channel, NumPy and the copy of the submission are.
    """
    if settings["channel"] == "stdin":  # Windows: a socket cannot be inherited by number
        import socket

        shared = socket.fromshare(sys.stdin.buffer.read())
        channel = Channel(shared.fileno())
        channel._read_into, channel._write = shared.recv_into, shared.send
    else:
        channel = Channel(settings["channel"])
    # A fork server has imported it already.
    np = sys.modules.get("numpy") or import_numpy(settings["numpy"])
    worker = Worker(np, settings["folder"], settings["package"])
    channel.send(0, {"ready": np.__version__})
    while True:
        number, question, payload = channel.receive()
        try:
            header, payloads = worker.answer(question, payload)
        except BaseException as error:  # SystemExit too: leaving early is no answer
            header, payloads = {"error": report(error, worker.folder)}, []
        channel.send(number, header, payloads)
