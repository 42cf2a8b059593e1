"""The network that the course teaches, composed of a submission's own layers.

What the network's methods must do is stated here by doing it, one call after another: a
layer with a mistake makes the same mistake on both sides, and costs nothing here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from autograder.cases import Case
from autograder.checks.compare import agree, magnitude
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.layer import GROUPS, missing
from autograder.diagnosis.observations import observe, recording
from autograder.sandbox.problems import NotNumbers, Problem, Raised, TimedOut
from autograder.sandbox.submission import RemoteArray, RemoteObject, Submission

LAYERS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("ConvolutionLayer", (1, 4, 5, 5)),
    ("MaxPoolingLayer", (2, 2)),
    ("ReLULayer", ()),
    ("ConvolutionLayer", (4, 16, 3, 3)),
    ("MaxPoolingLayer", (2, 2)),
    ("ReLULayer", ()),
    ("FlattenLayer", ()),
    ("LinearLayer", (400, 10)),
)
SHAPES = (  # of what each layer gives for one image
    (4, 24, 24),
    (4, 12, 12),
    (4, 12, 12),
    (16, 10, 10),
    (16, 5, 5),
    (16, 5, 5),
    (400,),
    (10,),
)
WITH_PARAMETERS = (0, 3, 7)
NETWORK = "ConvolutionNeuralNetwork"
INITS = {f"{name}.__init__" for name in GROUPS}
FUNCTIONS = {f"{name}.{method}" for name in GROUPS for method in ("forward", "backward", "update")}
TOGETHER = 32  # steps of training that are asked for at once
# Both sides run the same layers; only a cast, or another order of sums, may differ.
TOLERANCE = 1e-4


class Chain:
    """The eight layers and the loss, one by one.

    Parameters
    ----------
    submission
        In a worker that holds no network of the submission's.
    parameters
        ``0.weight`` … by layer; without them, the layers keep what they start with.
    """

    def __init__(
        self, submission: Submission, parameters: dict[str, np.ndarray] | None = None
    ) -> None:
        self.submission = submission
        self.layers = [self.make(name, args) for name, args in LAYERS]
        self.loss: RemoteObject | None = None
        if parameters is not None:
            self.set(parameters)

    @classmethod
    def of(cls, submission: Submission, layers: list[RemoteObject]) -> Chain:
        """The chain of layers that exist already."""
        chain = cls.__new__(cls)
        chain.submission, chain.layers, chain.loss = submission, layers, None
        return chain

    def make(self, name: str, args: tuple[int, ...] = ()) -> RemoteObject:
        group = GROUPS[name]
        if name not in self.submission.names:
            raise Waits(f"{group}.forward", missing(name))
        try:
            return getattr(self.submission, name)(*args)
        except Problem as problem:
            raise waits(f"{group}.init", problem) from None

    def set(self, parameters: dict[str, np.ndarray]) -> None:
        set_parameters(self.layers, parameters)

    def parameters(self) -> dict[str, np.ndarray]:
        return read_parameters(self.layers)

    def forward(self, x: Any) -> list[RemoteArray]:
        """The input of each layer, and last the output."""
        values = [x if isinstance(x, RemoteArray) else self.submission.array(x)]
        for layer in self.layers:
            try:
                values.append(step(layer, "forward", values[-1]))
            except Waits as waiting:
                raise self.culprit("forward", values[1:], SHAPES, waiting) from None
        return values

    def backward(self, values: list[RemoteArray], grad: RemoteArray) -> RemoteArray:
        """The gradient of the images; `values` are those of `forward`, without the output."""
        grads: list[RemoteArray] = []
        for index in reversed(range(len(self.layers))):
            try:
                grads.append(step(self.layers[index], "backward", values[index], grad))
            except Waits as waiting:
                shapes = ((1, 28, 28), *SHAPES[:-1])[::-1]
                raise self.culprit("backward", grads, shapes, waiting) from None
            grad = grads[-1]
        return grad

    def culprit(
        self,
        method: str,
        found: list[RemoteArray],
        shapes: tuple[tuple[int, ...], ...],
        waiting: Waits,
    ) -> Waits:
        """Whose fault it is that a layer does not work: that of one before it, maybe.

        Parameters
        ----------
        found
            What the layers gave until then, in the order in which they were called.
        shapes
            What each of them should have for one image.
        """
        if not self.submission.alive:
            return waiting  # that which ended the process; nothing can be read any more
        layers = self.layers if method == "forward" else self.layers[::-1]
        for layer, value, shape in zip(layers, found, shapes, strict=False):
            try:
                got = value.read()
            except Problem as problem:
                got, reason = None, str(problem)
            else:
                reason = "None" if got is None else f"an array of shape {got.shape}"
            if got is None or got.shape[1:] != shape:
                expected = f"(B, {', '.join(map(str, shape))})"
                return Waits(
                    f"{layer_group(layer)}.{method}",
                    f"it gives {reason}, not {expected}",
                    waiting.crashed,
                )
        return waiting

    def make_loss(self) -> RemoteObject:
        if self.loss is None:
            self.loss = self.make("CrossEntropyLoss")
        return self.loss

    def step(self, x: np.ndarray, y: np.ndarray, lr: float) -> float:
        """One step of training on one batch; its loss before the step.

        A layer or a loss that changes its argument changes `x` and `y` here too, as it would
        change the slices that the network gives it.
        """
        images, labels = self.submission.array(x), self.submission.array(y)
        loss = self.learn(images, labels, lr)
        for ours, theirs in ((x, images), (y, labels)):
            now = theirs.read()
            if now is not None and now.shape == ours.shape:
                ours[...] = now
        return single(loss.read(), "loss.forward")

    def learn(self, x: RemoteArray, y: RemoteArray, lr: float) -> RemoteArray:
        """Forward, backward and update on one batch; its loss."""
        *values, logits = self.forward(x)
        loss = step(self.make_loss(), "forward", logits, y)
        grad = step(self.make_loss(), "backward", logits, y)
        self.backward(values, grad)
        for index in WITH_PARAMETERS:
            step(self.layers[index], "update", lr)
        return loss

    def epoch(self, x: np.ndarray, y: np.ndarray, size: int, lr: float) -> list[float]:
        """One step for each batch, in the order given; the losses."""
        starts = range(0, x.shape[0], size)
        return [self.step(x[i : i + size], y[i : i + size], lr) for i in starts]

    def learn_all(self, x: np.ndarray, y: np.ndarray, size: int, lr: float) -> float | None:
        """One step for each batch, of which nothing is kept; the mean loss, if it is numbers."""
        loss = self.make_loss()
        losses = []
        some = TOGETHER * size
        for i in range(0, x.shape[0], some):
            images, labels = x[i : i + some], y[i : i + some]
            try:
                losses += self.submission.learn(
                    self.layers, loss, WITH_PARAMETERS, images, labels, size, lr
                )
            except Problem as problem:
                inner = problem.passes_through(FUNCTIONS) if isinstance(problem, Raised) else None
                name, _, method = (inner or "LinearLayer.forward").partition(".")
                raise waits(f"{GROUPS[name]}.{method}", problem) from None
        numbers = [float(got.ravel()[0]) for got in losses if got is not None and got.size == 1]
        return float(np.mean(numbers)) if len(numbers) == len(losses) else None

    def losses(self, x: np.ndarray, y: np.ndarray, size: int) -> list[float]:
        """The losses of all batches, without learning from them."""
        found = []
        for i in range(0, x.shape[0], size):
            logits = self.forward(x[i : i + size])[-1]
            labels = self.submission.array(y[i : i + size])
            loss = step(self.make_loss(), "forward", logits, labels)
            found.append(single(loss.read(), "loss.forward"))
        return found

    def logits(self, x: Any) -> np.ndarray:
        """The outputs for some images."""
        sent = x.sent if isinstance(x, RemoteArray) else x
        count = 0 if sent is None else len(sent)
        return self.output(self.forward(x), count)

    def output(self, values: list[RemoteArray], count: int) -> np.ndarray:
        """The last of the values of `forward`, if it depends on the images."""
        what = "the output of the layers, called one by one,"
        got = evidence(values[-1].read(), (count, 10), "linear.forward", what)
        if count > 1 and np.ptp(got, axis=0).max() == 0:
            raise Waits("linear.forward", f"{what} is the same for all images")
        return got


def single(value: Any, task: str) -> float:
    if value is None or value.size != 1:
        raise Waits(task, "it does not give one number")
    return float(value.reshape(()))


def step(layer: RemoteObject, method: str, *args: Any) -> RemoteArray:
    """One call of one layer, whose result stays in the worker."""
    try:
        return layer.keep(method, *args)
    except Problem as problem:
        raise waits(f"{layer_group(layer)}.{method}", problem) from None


def layer_group(layer: RemoteObject) -> str:
    """The task group of a layer, from how it was made: `ReLULayer()`, `layers[2] (ReLULayer)`."""
    return next(group for name, group in GROUPS.items() if name in layer._call)


def waits(task: str, problem: Problem) -> Exception:
    """A layer that does not work is not the network's fault; a time-out is tried again."""
    if isinstance(problem, TimedOut):
        return problem
    if isinstance(problem, Raised) and problem.not_implemented:
        return Waits(task, "it is not implemented yet")
    return Waits(task, str(problem), crashed=isinstance(problem, Raised))


class OwnNetwork(Chain):
    """The documented sequences, composed of the network's own methods.

    A mistake in the network's forward, backward or update has cost its points; what is
    built on it is right when it does with them what it should.
    """

    def __init__(self, submission: Submission, parameters: dict[str, np.ndarray]) -> None:
        self.submission, self.loss = submission, None
        self.network = network_with(submission, parameters)
        self.layers = layers_of(self.network)

    def forward(self, x: Any, keepgrad: bool = False) -> list[RemoteArray]:
        x = x if isinstance(x, RemoteArray) else self.submission.array(x)
        arguments = (x, True) if keepgrad else (x,)
        return [x, self.network.keep("forward", *arguments)]

    def learn(self, x: RemoteArray, y: RemoteArray, lr: float) -> RemoteArray:
        logits = self.forward(x, True)[-1]
        loss = step(self.make_loss(), "forward", logits, y)
        grad = step(self.make_loss(), "backward", logits, y)
        self.network.keep("backward", grad)
        self.network.keep("update", lr)
        return loss


_composition: ContextVar[type[Chain]] = ContextVar("composition", default=Chain)


def compose(another: Callable[[str], Submission], parameters: dict[str, np.ndarray]) -> Chain:
    """What the network is compared with, in a worker of its own."""
    kind = _composition.get()
    return kind(another("layers" if kind is Chain else "methods"), parameters)


def by_layers_or_methods(check: Callable[..., None]) -> Callable[..., None]:
    """Ask a check again against the network's own methods, where the layers say it is wrong."""

    @functools.wraps(check)
    def ask(**fixtures: Any) -> None:
        try:
            return check(**fixtures)
        except (CheckFailed, Waits) as error:
            first = error
        token = _composition.set(OwnNetwork)
        try:
            with recording():  # what is recorded is what came first
                check(**fixtures)
        except (CheckFailed, Problem, Waits):
            raise first from None
        finally:
            _composition.reset(token)

    return ask


def splinted_if_needed(check: Callable[..., None]) -> Callable[..., None]:
    """Ask a check of the wiring again with splinted layers, where a layer crashes.

    A gradient of the wrong shape has cost its own points already; here it must not keep
    the layers from being put together.
    """

    @functools.wraps(check)
    def ask(**fixtures: Any) -> None:
        try:
            return check(**fixtures)
        except Waits as waiting:
            if not waiting.crashed:
                raise
            reason = waiting
        layers = [name for name in GROUPS if name != "CrossEntropyLoss"]
        try:
            fixtures["submission"].splint(layers)
            fixtures["another"]("layers").splint(layers)
            check(**fixtures)
        except (Raised, Waits):
            raise reason from None

    return ask


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, in float64, or in float16 where the logits are."""
    shifted = logits.astype(np.float64) - logits.max(1)[:, None]
    p = np.exp(shifted - np.log(np.exp(shifted).sum(1))[:, None])
    return p.astype(np.float16) if logits.dtype == np.float16 else p


# The submission's network --------------------------------------------------------------


class Stub(Problem):
    """A method of the network that is still to be written."""

    status = "not implemented"


@contextmanager
def judging(submission: Submission, method: str, args: tuple[Any, ...]) -> Iterator[None]:
    """Tell a method that is not written from one that waits for a layer.

    A stub raises NotImplementedError by itself; a method that is written may meet one in
    a layer, or a network that cannot be built.
    """
    try:
        yield
    except (Raised, Waits) as error:
        if is_stub(submission, method, args):
            raise Stub(f"{NETWORK}.{method} is not implemented yet") from None
        if isinstance(error, Raised):
            inner = error.passes_through(INITS)
            if inner and can_be_built(submission, inner.partition(".")[0]):
                inner = None  # the network gives it arguments that it cannot take
            if inner is None and error.not_implemented:
                inner = error.passes_through(FUNCTIONS)
            if inner:
                name, _, function = inner.partition(".")
                raise waits(f"{GROUPS[name]}.{function.strip('_')}", error) from None
        raise


def can_be_built(submission: Submission, name: str) -> bool:
    """Whether a layer can be made with the sizes that the network needs."""
    try:
        for layer, args in LAYERS:
            if layer == name:
                getattr(submission, name)(*args)
    except Problem:
        return False
    return True


def is_stub(submission: Submission, method: str, args: tuple[Any, ...]) -> bool:
    """Whether the network's method raises NotImplementedError by itself."""
    if not submission.alive or NETWORK not in submission.names:
        return False
    try:
        submission.bare(NETWORK).call(method, *args)
    except Raised as problem:
        return problem.not_implemented and problem.passes_through(FUNCTIONS) is None
    except Problem:
        return False
    return False


def network_with(submission: Submission, parameters: dict[str, np.ndarray]) -> RemoteObject:
    """The submission's network, with these parameters in its layers."""
    if NETWORK not in submission.names:
        raise CheckFailed(missing(NETWORK))
    network = getattr(submission, NETWORK)()
    set_parameters(layers_of(network), parameters)
    return network


def set_parameters(layers: list[RemoteObject], parameters: dict[str, np.ndarray]) -> None:
    for index in WITH_PARAMETERS:
        layers[index].assign(weight=parameters[f"{index}.weight"], bias=parameters[f"{index}.bias"])


def layers_of(network: RemoteObject) -> list[RemoteObject]:
    """The eight layers that the network holds."""
    layers = network.items("layers")
    observe("number of layers", len(layers), 0.0)
    if len(layers) != len(LAYERS) or not all(isinstance(one, RemoteObject) for one in layers):
        raise CheckFailed(
            f"network.layers must hold the {len(LAYERS)} layers of the network in order;"
            f" it holds {len(layers)} values"
        )
    for index, layer in enumerate(layers):
        name = LAYERS[index][0]
        object.__setattr__(layer, "_call", f"layers[{index}] ({name})")
    return layers


def read_parameters(layers: list[RemoteObject]) -> dict[str, np.ndarray]:
    found = {}
    for index in WITH_PARAMETERS:
        values = layers[index].fetch("weight", "bias")
        for name, value in zip(("weight", "bias"), values, strict=True):
            if value is None:
                raise NotNumbers(f"layers[{index}].{name} is None")
            found[f"{index}.{name}"] = value
    return found


def agree_on_parameters(
    got: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
    before: dict[str, np.ndarray],
    call: str,
    tolerance: float = TOLERANCE,
) -> None:
    """Compare parameters after training, measured against how far they moved."""
    scales = {}
    for name, right in expected.items():
        moved = 0.0
        if right.shape == before[name].shape:
            moved = float(np.abs(right.astype(np.float64) - before[name]).max())
        # Never finer than what float32 can hold of the parameter itself.
        scales[name] = max(moved, float(np.abs(right).max()) * 1e-3, 1e-12)
        # All are noted before the first is judged: which ones moved tells mistakes apart.
        observe(name, got[name], tolerance * max(scales[name], magnitude(got[name])))
    for name, right in expected.items():
        index, _, attribute = name.partition(".")
        what = f"layers[{index}].{attribute}"
        agree(got[name], right, scales[name], what, call, tolerance, before[name])


def kept_inputs(network: RemoteObject) -> list[Any]:
    """What `layer_inputs` holds, an attribute that need not exist before it is used."""
    try:
        return network.items("layer_inputs")
    except Raised as problem:
        if "AttributeError" in problem.kinds or "TypeError" in problem.kinds:
            return []
        raise


def nothing_kept(network: RemoteObject, call: str, x: np.ndarray | None = None) -> None:
    """Raise `CheckFailed` if inputs were kept, unless forward keeps them on its own for `x`."""
    kept = kept_inputs(network)
    observe("number of inputs kept", len(kept), 0.0)
    if kept and x is not None:
        network.call("forward", x)
        if kept_inputs(network):
            return  # which costs forward its points, and no others
    if kept:
        raise CheckFailed(
            f"layer_inputs must be empty afterwards; it holds {len(kept)} values\n  in {call}",
            fault="inputs kept",
        )


def compare_values(got: Any, expected: np.ndarray, what: str, call: str) -> None:
    """Agreement of two computations by the same layers."""
    right = expected.astype(np.float64)
    # What layers compute in float16, by mistake, is float16 on both sides.
    tolerance = 1e-2 if expected.dtype.itemsize < 4 else TOLERANCE
    agree(got, right, max(float(np.abs(right).max()), 1e-12), what, call, tolerance)


def evidence(value: Any, shape: tuple[int, ...], task: str, what: str) -> np.ndarray:
    """What the layers give one by one, if an agreement with it proves anything.

    Raises
    ------
    Waits
        It has the wrong shape, is not finite, or is the same for every input.
    """
    if value is None:
        raise Waits(task, f"{what} is None")
    if value.shape != shape:
        raise Waits(task, f"{what} has the shape {value.shape}, not {shape}", crashed=True)
    if not np.isfinite(value).all():
        raise Waits(task, f"{what} is not finite")
    if value.size > 1 and not np.ptp(value) > 0:
        raise Waits(task, f"{what} is constant")
    return value


def evidence_of_steps(
    after: dict[str, np.ndarray], before: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Parameters that the layers' own updates give, if they moved at all."""
    moved = 0.0
    for name, value in after.items():
        index, _, attribute = name.partition(".")
        group = GROUPS[LAYERS[int(index)][0]]
        evidence(value, before[name].shape, f"{group}.update", f"layers[{index}].{attribute}")
        moved = max(moved, float(np.abs(value - before[name]).max()))
    if moved == 0:
        raise Waits("conv.update", "it leaves all parameters as they are")
    return after


def evidence_of_gradients(
    gradients: dict[str, Any], shapes: dict[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """Gradients that the layers give one by one, if they are more than constants."""
    varied = False
    for name, value in gradients.items():
        if value is None or value.shape != shapes[name]:
            shape = None if value is None else value.shape
            raise Waits("conv.backward", f"{name} has the shape {shape}", crashed=True)
        if not np.isfinite(value).all():
            raise Waits("conv.backward", f"{name} is not finite")
        varied = varied or bool(np.ptp(value) > 0)
    if not varied:
        raise Waits("conv.backward", "all gradients are constant")
    return gradients


def evidence_of_losses(losses: list[float]) -> float:
    """The mean of the batches' losses, if they are losses."""
    evidence(np.array(losses), (len(losses),), "loss.forward", "the loss")
    return sum(losses) / len(losses)


def case_parameters(case: Case) -> dict[str, np.ndarray]:
    return {
        f"{index}.{name}": case[f"{index}.{name}"]
        for index in WITH_PARAMETERS
        for name in ("weight", "bias")
    }
