"""The check of the whole: does it learn to read digits, by the documented steps?

A mark here needs three things. *Trajectory*: some steps of `train` give the parameters
that the submission's own layers give, called one by one elsewhere; and so, less exactly,
does the whole first pass of the training that is judged, unless all else is right, where
nothing is won by another training. *Learning*: after
training, the parameters that are read back, set in a worker that never saw a label,
reach the threshold on the test images. *Prediction*: `predict` agrees with them. So
neither labels nor weights that were carried in are worth anything.

A network for which one pass takes longer than `PATIENCE`, as one of nested loops does, is
not trained: where all that it is made of is right, and `train` takes the documented steps,
there is no doubt where training would end. So the reference is trained from the same start,
and the submission's layers read the test images with the parameters that this gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.cases import Case
from autograder.cases.digits import as_digits, digits
from autograder.cases.training import Trained
from autograder.checks import evidence, wiring
from autograder.checks.compare import same_shape
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.layer import call
from autograder.checks.wiring import Chain, Stub, judging, network_with
from autograder.sandbox.submission import RemoteArray, RemoteObject, Submission
from autograder.syllabus import Accuracy, Task

Another = Callable[[str], Submission]
Train = Callable[[Case, dict[str, np.ndarray]], Trained]

STEPS = 12
DRIFT = 1e-3  # of how far the parameters moved: honest runs measured 1e-15, wrong ones 0.25
EPOCH_DRIFT = 0.3  # the same after a whole pass in float32, by the Euclidean norm
EARLY, NOTHING = 2, 0.3  # after so many passes, less of the test images than this
SMALL = 0.002  # what a pass more may bring, whatever the last ones brought
PIECE = 500  # images that are evaluated at a time
ASKED, AGREEMENT = 1000, 0.99  # predictions that are compared, and how many must agree
PATIENCE = 15.0  # seconds of one pass over the training split
FEW = 10  # images of a batch, of a network that is slower; and what its pace is measured on


@pytest.mark.task("accuracy")
@pytest.mark.cases("accuracy")
def test_accuracy(
    another: Another,
    case: Case,
    known: dict[str, str],
    accuracy: Accuracy,
    task: Task,
    trained: Train | None,
    remark: Callable[[str, dict[str, Any]], None],
) -> None:
    """Trained on the training split, the network reads the test split."""
    before = known.get("network.train", "passed")
    if before == "not implemented":
        raise Stub("waits for network.train, which is not implemented yet")
    if before in ("crashed", "timed out", "skipped"):
        raise Waits("network.train", f"it was {before}")
    x, y = digits(case, "train")
    start = starting_parameters(case)
    with judging(another("trajectory"), "train", (x[:1], y[:1], 1, 1, 0.1)):
        pace = seconds_for_an_image(another, start, x, y)
        not_right = [name for name in sorted(task.foundation) if known.get(name) != "passed"]
        if pace * len(x) > PATIENCE:
            follow_trajectory(another, case, accuracy, x, y, size=FEW)
            because = minutes(pace * len(x))
            if not_right:
                why = f"{because}; it is spared that where all else has passed"
                raise Waits(not_right[0], why)
            if trained is None:
                raise Waits("a grading where the solution is at hand", because)
            network = network_with(another("training"), start)
            remark(*as_trained(network, another, case, trained(case, start), because))
            return
        training = Training(another, case, accuracy, start, x, y)
        network = follow_trajectory(another, case, accuracy, x, y)
        first_pass = None
        if not_right:
            steps = Chain(another("steps"), start)
            steps.learn_all(x, y, accuracy.batch_size, accuracy.learning_rate)
            first_pass = steps.parameters()
        remark(*training.run(network, known, first_pass))


def starting_parameters(case: Case) -> dict[str, np.ndarray]:
    """What training starts from, float32."""
    return {
        name: (case[f"start.{name}"] if name.endswith("bias") else value).astype(np.float32)
        for name, value in wiring.case_parameters(case).items()
    }


def seconds_for_an_image(
    another: Another, start: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray
) -> float:
    """How long `train` takes for an image; the shorter of two times, the first is often slow."""
    network = network_with(another("pace"), start)
    found = []
    for _ in range(2):
        began = time.monotonic()
        call(network, "train", x[:FEW], y[:FEW], FEW, 1, 0.0)
        found.append((time.monotonic() - began) / FEW)
    return min(found)


def minutes(seconds: float) -> str:
    """Why a network is not trained."""
    length = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    return f"one pass over the training split would take it about {length}"


def follow_trajectory(
    another: Another,
    case: Case,
    accuracy: Accuracy,
    x: np.ndarray,
    y: np.ndarray,
    size: int | None = None,
) -> RemoteObject:
    """Some steps of train are the documented steps; the network that took them.

    Parameters
    ----------
    size
        Of a batch, if not that of the syllabus.
    """
    size, lr = size or accuracy.batch_size, accuracy.learning_rate
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
    return network


def follow_epoch(
    got: dict[str, np.ndarray], expected: dict[str, np.ndarray], start: dict[str, np.ndarray]
) -> None:
    """A pass over all data is the documented steps, too: no other training is done there.

    Roundings of float32 grow on the way, so directions and lengths are compared only.
    """
    names = [name for name in start if got[name].shape == expected[name].shape]
    far = np.concatenate([(expected[name] - start[name]).ravel() for name in names])
    off = np.concatenate([(got[name] - expected[name]).ravel() for name in names])
    drift = float(np.linalg.norm(off) / np.linalg.norm(far))
    if len(names) < len(start) or not drift <= EPOCH_DRIFT:
        raise CheckFailed(
            "train on the whole training split is not what it is on a part of it: after one"
            " pass the parameters are not those that your own layers give, called one by"
            f" one\n  off by {drift:.2g} of the way; expected at most {EPOCH_DRIFT}"
        )


class Training:
    """The training of the network, whose first epoch goes on while others are asked."""

    def __init__(
        self,
        another: Another,
        case: Case,
        accuracy: Accuracy,
        start: dict[str, np.ndarray],
        x: np.ndarray,
        y: np.ndarray,
    ) -> None:
        self.another, self.case, self.accuracy, self.start = another, case, accuracy, start
        self.network = network_with(another("training"), start)
        self.data = another("training").array(x), another("training").array(y)
        self.finish = self.begin()

    def begin(self) -> Callable[[], Any]:
        size, lr = self.accuracy.batch_size, self.accuracy.learning_rate
        return self.network.later("train", *self.data, size, 1, lr)

    def run(
        self,
        predictor: RemoteObject,
        known: dict[str, str],
        first_pass: dict[str, np.ndarray] | None,
    ) -> tuple[str, dict[str, Any]]:
        """Train until the threshold is reached; how it went, in words and to be drawn.

        Parameters
        ----------
        predictor
            A network that has seen no label of the test split.
        first_pass
            What the parameters are to be, nearly, after the first pass; None: anything.
        """
        test_x, test_y = digits(self.case, "test")
        judge = Chain(self.another("evaluation"), self.start)
        starts = range(0, test_x.shape[0], PIECE)
        pieces = [judge.submission.array(test_x[i : i + PIECE]) for i in starts]
        history: list[float] = []
        losses: list[float | None] = []
        threshold, epochs = self.accuracy.threshold, self.accuracy.epochs
        while True:
            loss = self.finish()
            losses.append(float(loss.ravel()[0]) if loss is not None and loss.size == 1 else None)
            parameters = wiring.read_parameters(wiring.layers_of(self.network))
            if first_pass is not None and not history:
                follow_epoch(parameters, first_pass, self.start)
            guesses = evaluate(judge, parameters, pieces)
            history.append(float((guesses == test_y).mean()))
            if history[-1] >= threshold or len(history) == epochs:
                break
            if hopeless(history, self.accuracy):
                break
            self.finish = self.begin()
        shown = ", ".join(f"{100 * value:.1f}" for value in history)
        count = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
        case = self.case
        drawn = evidence.training(
            losses, history, as_digits(case, test_y), as_digits(case, guesses)
        )
        if not history[-1] >= threshold:
            pace = f", too slow to get there in {epochs}" if len(history) < epochs else ""
            raise CheckFailed(
                f"the network reads {100 * history[-1]:.1f} % of the test images after"
                f" {count}{pace}; expected at least {100 * threshold:.0f} %\n"
                f"  after each epoch: {shown}",
                evidence=drawn,
            )
        agree_with_predict(predictor, parameters, known, test_x, guesses)
        return f"{100 * history[-1]:.1f} % after {count}", drawn


def as_trained(
    network: RemoteObject,
    another: Another,
    case: Case,
    trained: Trained,
    because: str,
) -> tuple[str, dict[str, Any]]:
    """What a network reads with the parameters that training would have given it.

    It is asked for as many of the test images as `PATIENCE` allows, `PIECE` at the least, and
    has to read them as the reference does, which reaches the threshold on all of them.

    Parameters
    ----------
    network
        That predicts.
    because
        Why it was not trained, in words.
    """
    test_x, test_y = digits(case, "test")
    judge = Chain(another("evaluation"), trained.parameters)
    guesses = np.empty(0, int)
    began = time.monotonic()
    while len(guesses) < len(test_x) and time.monotonic() - began < PATIENCE:
        piece = judge.submission.array(test_x[len(guesses) :][:PIECE])
        found = evaluate(judge, trained.parameters, [piece])
        guesses = np.concatenate([guesses, found])
    count = len(guesses)
    note = f"{because}, so the solution's network was trained instead"
    same = float((guesses == trained.guesses[:count]).mean())
    if not same >= AGREEMENT:
        raise CheckFailed(
            f"with trained parameters the network reads {100 * same:.1f} % of {count} test"
            f" images as the solution does; expected at least {100 * AGREEMENT:.0f} %\n  {note}"
        )
    agree_with_predict(network, trained.parameters, {}, test_x[:count], guesses)
    drawn = evidence.training(
        trained.losses,
        trained.accuracies,
        as_digits(case, test_y),
        as_digits(case, trained.guesses),
    )
    return f"{100 * trained.accuracies[-1]:.1f} %; {note}", drawn


def hopeless(history: Sequence[float], accuracy: Accuracy) -> bool:
    """Whether the passes that are left will not do, so that they need not be run.

    That is when two have taught nothing, or when the threshold would not be reached although
    each pass brought as much as the better of the last two: the gain shrinks on the way.
    """
    if len(history) <= EARLY:
        return len(history) == EARLY and max(history) < NOTHING
    gain = max(*np.diff(history[-3:]), SMALL)
    return history[-1] + (accuracy.epochs - len(history)) * gain < accuracy.threshold


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
