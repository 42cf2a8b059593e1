"""The check of the whole: does it learn to read digits, by the documented steps?

A mark here needs three things. *Trajectory*: some steps of `train` give the parameters
that the submission's own layers give, called one by one elsewhere. *Learning*: after
training, the parameters that are read back, set in a worker that never saw a label,
reach the threshold on the test images. *Prediction*: `predict` agrees with them. So
neither labels nor weights that were carried in are worth anything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autograder.cases import Case
from autograder.cases.digits import digits
from autograder.checks import wiring
from autograder.checks.compare import same_shape
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.layer import call
from autograder.checks.wiring import Chain, Stub, judging, network_with
from autograder.sandbox.submission import RemoteArray, RemoteObject, Submission
from autograder.syllabus import Accuracy

Another = Callable[[str], Submission]

STEPS = 12
DRIFT = 1e-3  # of how far the parameters moved: honest runs differ by 1e-6, wrong ones by 0.1
PIECE = 500  # images that are evaluated at a time
AGREEMENT = 0.99  # of the predictions


@pytest.mark.task("accuracy")
@pytest.mark.cases("accuracy")
def test_accuracy(
    another: Another,
    case: Case,
    known: dict[str, str],
    accuracy: Accuracy,
    remark: Callable[[str], None],
) -> None:
    """Trained on the training split, the network reads the test split."""
    before = known.get("network.train", "passed")
    if before == "not implemented":
        raise Stub("waits for network.train, which is not implemented yet")
    if before in ("crashed", "timed out", "skipped"):
        raise Waits("network.train", f"it was {before}")
    x, y = digits(case, "train")
    with judging(another("trajectory"), "train", (x[:1], y[:1], 1, 1, 0.1)):
        follow_trajectory(another, case, accuracy, x, y)
        remark(learn(another, case, known, accuracy, x, y))


def follow_trajectory(
    another: Another, case: Case, accuracy: Accuracy, x: np.ndarray, y: np.ndarray
) -> None:
    """Some steps of train are the documented steps."""
    size, lr = accuracy.batch_size, accuracy.learning_rate
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


def learn(
    another: Another,
    case: Case,
    known: dict[str, str],
    accuracy: Accuracy,
    x: np.ndarray,
    y: np.ndarray,
) -> str:
    """Train until the threshold is reached; how it went, in words."""
    start = {
        name: (case[f"start.{name}"] if name.endswith("bias") else value).astype(np.float32)
        for name, value in wiring.case_parameters(case).items()
    }
    trained = another("training")
    network = network_with(trained, start)
    data = trained.array(x), trained.array(y)
    test_x, test_y = digits(case, "test")
    judge = Chain(another("evaluation"), start)
    pieces = [
        judge.submission.array(test_x[i : i + PIECE]) for i in range(0, test_x.shape[0], PIECE)
    ]
    history = []
    for _ in range(accuracy.epochs):
        call(network, "train", *data, accuracy.batch_size, 1, accuracy.learning_rate)
        guesses = evaluate(judge, wiring.read_parameters(wiring.layers_of(network)), pieces)
        history.append(float((guesses == test_y).mean()))
        if history[-1] >= accuracy.threshold:
            break
    shown = ", ".join(f"{100 * value:.1f}" for value in history)
    if not history[-1] >= accuracy.threshold:
        raise CheckFailed(
            f"the network reads {100 * history[-1]:.1f} % of the test images after"
            f" {len(history)} epochs; expected at least {100 * accuracy.threshold:.0f} %\n"
            f"  after each epoch: {shown}"
        )
    agree_with_predict(network, known, test_x, guesses)
    epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    return f"{100 * history[-1]:.1f} % after {epochs}"


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
    network: RemoteObject, known: dict[str, str], test_x: np.ndarray, guesses: np.ndarray
) -> None:
    """The trained network predicts what its parameters say."""
    if known.get("network.predict", "passed") != "passed":
        return  # it has lost its own points, and loses no others
    got = call(network, "predict", test_x)
    same_shape(got, (len(test_x), 10), "the table of probabilities", "predict(test images)")
    share = float((got.argmax(axis=1) == guesses).mean())
    if not share >= AGREEMENT:
        raise CheckFailed(
            f"predict agrees with the trained parameters on {100 * share:.1f} % of the test"
            f" images only; expected at least {100 * AGREEMENT:.0f} %"
        )
