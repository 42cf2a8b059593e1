"""The check of the whole: does it learn to read digits, by the documented steps?

A mark here needs three things. *Trajectory*: some steps of `train` give the parameters
that the submission's own layers give, called one by one elsewhere. *Learning*: after
training, the parameters that are read back, set in a worker that never saw a label,
reach the threshold on the test images. *Prediction*: `predict` agrees with them. So
neither labels nor weights that were carried in are worth anything.

Who is trained depends on what is known already. Where all that it is made of is right, the
network's own `train` is called. Where something is not, its layers are trained by those
steps, one by one, so that nothing else can be done there in the name of training. And a
network that is slow, as one of nested loops is, is spared it where there is no doubt where its
training would end: the reference is trained from the same start, with the mistakes in it that
were recognised, if it takes the same steps; and the submission's layers have to read the test
images as that does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.cases import Case, Trained, training
from autograder.cases.digits import as_digits, digits
from autograder.cases.training import start_of
from autograder.checks import evidence, wiring
from autograder.checks.compare import same_shape
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.layer import call
from autograder.checks.wiring import Chain, Stub, judging, network_with
from autograder.sandbox.processes import seconds_of_processor
from autograder.sandbox.submission import RemoteArray, RemoteObject, Submission
from autograder.syllabus import Accuracy, Task

Another = Callable[[str], Submission]
TrainReference = Callable[[], Trained]
Twins = Callable[[Iterable[str]], Iterable[ModuleType]]
Follows = Callable[[ModuleType], bool]

STEPS = 12
DRIFT = 1e-3  # of how far the parameters moved: honest runs measured 1e-15, wrong ones 0.25
PIECE = 500  # images that are evaluated at a time
ASKED, AGREEMENT = 1000, 0.99  # predictions that are compared, and how many must agree
# Seconds of one pass over the training split, from which on a network may be spared it, and
# beyond which none is trained.
SLOW, PATIENCE = 2.5, 15.0
SOME = 32  # images that the pace is measured on
FEW, READ = 5, 200  # images of a batch, and that are read, of a network that is slow


@pytest.mark.task("accuracy")
@pytest.mark.cases("accuracy")
def test_accuracy(
    another: Another,
    case: Case,
    known: dict[str, str],
    accuracy: Accuracy,
    task: Task,
    trained: TrainReference | None,
    twins: Twins,
    remark: Callable[[str, dict[str, Any]], None],
) -> None:
    """Trained on the training split, the network reads the test split."""
    before = known.get("network.train", "passed")
    if before == "not implemented":
        raise Stub("waits for network.train, which is not implemented yet")
    if before in ("crashed", "timed out", "skipped"):
        ended = {"crashed": "it crashed", "timed out": "it timed out"}
        raise Waits("network.train", ended.get(before, "it was skipped"))
    x, y = digits(case, "train")
    start = start_of(case)
    with judging(another("trajectory"), "train", (x[:1], y[:1], 1, 1, 0.1)):
        not_right = [name for name in sorted(task.foundation) if known.get(name) != "passed"]
        duration = seconds_of_a_pass(another, accuracy, start, x, y)
        slow = duration > SLOW
        size = FEW if slow else accuracy.batch_size
        network, follows = follow_trajectory(another, case, accuracy, x, y, size)
        lost = [name for name in not_right if not name.startswith("network.")]
        taught: Trained | None = None
        whose = "solution with the same mistakes" if lost else "solution's network"
        if slow and lost:
            taught = trained_twin(twins(lost), follows, case, accuracy)
        elif slow and trained and all(map(follows, twins([]))):  # none in a student's installation
            taught = trained()
        same = reads_as(taught, another, case) if taught else 0.0
        if taught and (same >= AGREEMENT or not not_right):
            reader = network_with(another("reading"), start)
            note = f"{pace(duration)}, so the {whose} was trained in its place"
            remark(*as_trained(taught, same, note, reader, case, accuracy, known))
        elif duration > PATIENCE:
            raise Waits((*not_right, "a grading where the solution is at hand")[0], pace(duration))
        else:
            passes = trained_layers if not_right else trained_network
            trainer = passes(another("training"), start, accuracy, x, y)
            remark(*train(trainer, network, another, case, accuracy, start, known))


def seconds_of_a_pass(
    another: Another,
    accuracy: Accuracy,
    start: dict[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
) -> float:
    """How long a pass over the training split would take, from a small part of it.

    The shortest of some times counts, since the first is often slow. It is the processor's time
    where that can be seen: a machine that is busy with something else changes no mark.
    """
    submission = another("pace")
    network = network_with(submission, start)
    found: list[float] = []
    while len(found) < 3 and SLOW <= min(found, default=SLOW) <= 2 * PATIENCE:
        began = clock(submission.pid)
        call(network, "train", x[:SOME], y[:SOME], accuracy.batch_size, 1, 0.0)
        found.append((clock(submission.pid) - began) * len(x) / SOME)
    return min(found)


def clock(pid: int) -> float:
    """Seconds that a process has run, or else seconds that have passed."""
    used = seconds_of_processor(pid)
    return time.monotonic() if used is None else used


def pace(seconds: float) -> str:
    """Why a network is not trained."""
    length = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    return f"one pass over the training split would take it about {length}"


def follow_trajectory(
    another: Another,
    case: Case,
    accuracy: Accuracy,
    x: np.ndarray,
    y: np.ndarray,
    size: int,
) -> tuple[RemoteObject, Follows]:
    """Some steps of train are the documented steps.

    Returns
    -------
    network
        That took them.
    follows
        Whether another module's network takes the same.
    """
    lr = accuracy.learning_rate
    x, y = x[: STEPS * size].astype(np.float64), y[: STEPS * size]
    start = wiring.case_parameters(case)
    network = network_with(another("trajectory"), start)
    chain = Chain(another("steps"), start)
    chain.epoch(x.copy(), y.copy(), size, lr)
    expected = wiring.evidence_of_steps(chain.parameters(), start)
    call(network, "train", x, y, size, 1, lr)
    got = wiring.read_parameters(wiring.layers_of(network))
    where = f"train on {STEPS} batches, against your own layers called one by one"
    wiring.agree_on_parameters(got, expected, start, where, DRIFT)

    def follows(other: ModuleType) -> bool:
        after = training.steps(other, start, x, y, size, lr)
        return all(
            after[name].shape == value.shape
            and np.abs(after[name] - value).max() <= DRIFT * np.abs(value - start[name]).max()
            for name, value in expected.items()
        )

    return network, follows


def trained_twin(
    twins: Iterable[ModuleType], follows: Follows, case: Case, accuracy: Accuracy
) -> Trained | None:
    """What training gives the first module that takes the same steps, if there is one."""
    for twin in twins:
        # A mistake may well raise something, where the student's code does not.
        with np.errstate(all="ignore"), contextlib.suppress(Exception):
            if follows(twin):
                trained = training.train(twin, case, accuracy)
                if all(np.isfinite(value).all() for value in trained.parameters.values()):
                    return trained
    return None


Passes = Iterator[tuple[float | None, dict[str, np.ndarray]]]


def trained_network(
    submission: Submission,
    start: dict[str, np.ndarray],
    accuracy: Accuracy,
    x: np.ndarray,
    y: np.ndarray,
) -> Passes:
    """After each pass of the network's own training: its loss, and the parameters."""
    network = network_with(submission, start)
    data = submission.array(x), submission.array(y)
    while True:
        loss = call(network, "train", *data, accuracy.batch_size, 1, accuracy.learning_rate)
        mean = float(loss.ravel()[0]) if loss is not None and loss.size == 1 else None
        yield mean, wiring.read_parameters(wiring.layers_of(network))


def trained_layers(
    submission: Submission,
    start: dict[str, np.ndarray],
    accuracy: Accuracy,
    x: np.ndarray,
    y: np.ndarray,
) -> Passes:
    """The same of its layers, called one by one."""
    chain = Chain(submission, start)
    while True:
        loss = chain.learn_all(x, y, accuracy.batch_size, accuracy.learning_rate)
        yield loss, chain.parameters()


def train(
    passes: Passes,
    predictor: RemoteObject,
    another: Another,
    case: Case,
    accuracy: Accuracy,
    start: dict[str, np.ndarray],
    known: dict[str, str],
) -> tuple[str, dict[str, Any]]:
    """Train until the threshold is reached; how it went, in words and to be drawn.

    Parameters
    ----------
    predictor
        A network that has seen no label of the test split.
    """
    test_x, test_y = digits(case, "test")
    judge = Chain(another("evaluation"), start)
    starts = range(0, test_x.shape[0], PIECE)
    pieces = [judge.submission.array(test_x[i : i + PIECE]) for i in starts]
    history: list[float] = []
    losses: list[float | None] = []
    for loss, parameters in passes:
        losses.append(loss)
        guesses = evaluate(judge, parameters, pieces)
        history.append(float((guesses == test_y).mean()))
        if training.over(history, accuracy):
            break
    drawn = evidence.training(losses, history, as_digits(case, test_y), as_digits(case, guesses))
    reached = reaches(history, accuracy, drawn)
    agree_with_predict(predictor, parameters, known, test_x, guesses)
    return reached, drawn


def reaches(
    history: Sequence[float], accuracy: Accuracy, drawn: dict[str, Any], note: str = ""
) -> str:
    """What was read in the end, in words, if it is enough."""
    count = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    if not history[-1] >= accuracy.threshold:
        early = len(history) < accuracy.epochs
        slowly = f", too slow to get there in {accuracy.epochs}" if early else ""
        shown = ", ".join(f"{100 * value:.1f}" for value in history)
        raise CheckFailed(
            f"the network reads {100 * history[-1]:.1f} % of the test images after"
            f" {count}{slowly}; expected at least {100 * accuracy.threshold:.0f} %\n"
            f"  after each epoch: {shown}{note}",
            evidence=drawn,
        )
    return f"{100 * history[-1]:.1f} % after {count}"


def reads_as(trained: Trained, another: Another, case: Case) -> float:
    """The share of some test images that the layers read as a trained reference does."""
    judge = Chain(another("evaluation"), trained.parameters)
    few = judge.submission.array(digits(case, "test")[0][:READ])
    guesses = evaluate(judge, trained.parameters, [few])
    return float((guesses == trained.guesses[:READ]).mean())


def as_trained(
    trained: Trained,
    same: float,
    note: str,
    predictor: RemoteObject,
    case: Case,
    accuracy: Accuracy,
    known: dict[str, str],
) -> tuple[str, dict[str, Any]]:
    """What a network reads with the parameters that training would have given it.

    It has to read some test images as the reference does.

    Parameters
    ----------
    same
        The share of them that it does.
    note
        Why it was not trained, and what was.
    """
    if not same >= AGREEMENT:
        raise CheckFailed(
            f"with trained parameters the network reads {100 * same:.1f} % of {READ} test"
            f" images as the solution does; expected at least {100 * AGREEMENT:.0f} %\n  {note}"
        )
    test_x, test_y = digits(case, "test")
    agree_with_predict(predictor, trained.parameters, known, test_x[:READ], trained.guesses[:READ])
    drawn = evidence.training(
        trained.losses,
        trained.accuracies,
        as_digits(case, test_y),
        as_digits(case, trained.guesses),
    )
    reached = reaches(trained.accuracies, accuracy, drawn, f"\n  {note}")
    return f"{reached}; {note}", drawn


def evaluate(
    chain: Chain, parameters: dict[str, np.ndarray], pieces: list[RemoteArray]
) -> np.ndarray:
    """The class that the layers give each image, with these parameters."""
    for name, value in parameters.items():
        if not np.isfinite(value).all():
            index, _, attribute = name.partition(".")
            raise CheckFailed(f"layers[{index}].{attribute} is not finite after training")
    chain.set(parameters)
    outputs = [chain.submission.chain(chain.layers, piece) for piece in pieces]
    for piece, output in zip(pieces, outputs, strict=True):
        count = 0 if piece.sent is None else len(piece.sent)
        same_shape(output, (count, 10), "the output of your layers", "the evaluation")
    return np.concatenate([output.argmax(axis=1) for output in outputs])


def agree_with_predict(
    network: RemoteObject,
    parameters: dict[str, np.ndarray],
    known: dict[str, str],
    test_x: np.ndarray,
    guesses: np.ndarray,
) -> None:
    """A network with the trained parameters predicts what they say."""
    if known.get("network.predict", "passed") != "passed":
        return  # it has lost its own points, and loses no others
    wiring.set_parameters(wiring.layers_of(network), parameters)
    test_x, guesses = test_x[:ASKED], guesses[:ASKED]
    got = call(network, "predict", test_x)
    same_shape(got, (len(test_x), 10), "the table of probabilities", "predict(test images)")
    share = float((got.argmax(axis=1) == guesses).mean())
    if not share >= AGREEMENT:
        raise CheckFailed(
            f"predict agrees with the trained parameters on {100 * share:.1f} % of the test"
            f" images only; expected at least {100 * AGREEMENT:.0f} %"
        )
