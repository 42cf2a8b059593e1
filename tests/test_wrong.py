"""Each mistake costs the points of its own task, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cases.build import HOME
from tests.corpus.wrong import TWELVE, Wrong, package
from tests.grading import graded, lost, messages


@pytest.mark.parametrize("wrong", TWELVE, ids=lambda wrong: wrong.name)
def test_a_mistake_costs_its_own_task_only(wrong: Wrong, tmp_path: Path) -> None:
    result = graded(wrong.write(tmp_path), skip=["accuracy"])
    assert set(lost(result)) == set(wrong.tasks)
    assert set(lost(result).values()) == {"failed"}


def test_the_message_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    path = package(tmp_path, {"layers.py": ("x @ self.weight + self.bias", "x @ self.weight")})
    result = graded(path, only=["linear.forward"])
    task = result.tasks[0]
    message = next(check.message for check in task.checks if check.status == "failed")
    assert "expected at [0, 0]:" in message
    assert "got" in message
    assert "LinearLayer(5, 3).forward(array (4, 5))" in message
    assert len(message.splitlines()) <= 8


def test_an_exception_shows_the_students_own_line(tmp_path: Path) -> None:
    path = package(tmp_path, {"layers.py": ("return np.maximum(x, 0)", "return x.relu()")})
    result = graded(path, only=["relu"])
    assert lost(result) == {"relu.forward": "crashed"}
    assert "AttributeError" in messages(result)
    assert "student/layers.py, line" in messages(result)
    assert "return x.relu()" in messages(result)
    assert "worker.py" not in messages(result)


def test_a_forward_that_hangs_costs_only_forward(tmp_path: Path) -> None:
    path = package(
        tmp_path, {"layers.py": ("return np.maximum(x, 0)  # like x", "while True: pass")}
    )
    result = graded(path, only=["relu"])
    assert lost(result) == {"relu.forward": "timed out"}


def test_a_forward_that_ends_the_process_costs_only_forward(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {"layers.py": ("return np.maximum(x, 0)  # like x", "import os; os._exit(0)")},
    )
    result = graded(path, only=["relu"])
    assert lost(result) == {"relu.forward": "crashed"}
    assert "exit status 0" in messages(result)


def test_an_initialisation_that_crashes_costs_only_itself(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {"layers.py": ("self.weight = _he_normal((d1, d2), fan_in=d1)", "raise TypeError('no')")},
    )
    result = graded(path, only=["linear"])
    assert lost(result) == {"linear.init": "crashed"}


def unwritten(folder: Path, forward: str) -> Path:
    """The solution with another forward of the linear layer, whose initialisation is a stub."""
    path = package(
        folder,
        {
            "layers.py": (
                "self.weight = _he_normal((d1, d2), fan_in=d1)",
                "raise NotImplementedError",
            )
        },
    )
    layers = path / "layers.py"
    text = layers.read_text(encoding="utf-8")
    layers.write_text(text.replace("x @ self.weight + self.bias", forward), encoding="utf-8")
    return path


def test_a_mistake_does_not_hide_behind_an_initialisation_that_is_not_written(
    tmp_path: Path,
) -> None:
    path = unwritten(tmp_path, "x @ weights + self.bias")
    result = graded(path, only=["linear.forward"])
    assert lost(result) == {"linear.forward": "crashed"}
    assert "name 'weights' is not defined" in messages(result)


def test_an_attribute_that_only_an_initialisation_can_set_is_waited_for(tmp_path: Path) -> None:
    path = unwritten(tmp_path, "x @ self.weight + self.shift")
    result = graded(path, only=["linear.forward"])
    assert lost(result) == {"linear.forward": "skipped"}
    assert "has no attribute 'shift'" in messages(result)


def test_a_layer_that_is_missing_makes_the_network_wait(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {"layers.py": ("return np.maximum(x, 0)  # like x", "raise NotImplementedError")},
    )
    result = graded(path, only=["relu.forward", "network.forward"])
    assert lost(result) == {"relu.forward": "not implemented", "network.forward": "skipped"}
    assert "waits for relu.forward" in messages(result)


def test_a_network_waits_for_the_layer_whose_answer_has_the_wrong_shape(tmp_path: Path) -> None:
    # The pooling behind it is right, and crashes all the same.
    path = package(
        tmp_path,
        {
            "layers.py": ("return np.maximum(x, 0)  # like x", "return np.maximum(x, 0)[..., 1:]"),
            "network.py": ("if isinstance(layer, ParamLayer):\n                ", ""),
        },
    )
    result = graded(path, only=["relu.forward", "maxpool.forward", "network.update"])
    assert lost(result) == {"relu.forward": "failed", "network.update": "skipped"}
    assert "waits for relu.forward: it gives an array of shape (5, 4, 12, 11)" in messages(result)


def test_a_network_waits_for_the_gradient_that_has_the_wrong_shape(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {
            "layers.py": ("return last_x_grad.reshape(x.shape)", "return last_x_grad"),
            "network.py": ("if isinstance(layer, ParamLayer):\n                ", ""),
        },
    )
    result = graded(path, only=["flatten.backward", "relu.backward", "network.update"])
    assert lost(result) == {"flatten.backward": "failed", "network.update": "skipped"}
    assert "waits for flatten.backward: it gives an array of shape (5, 400)" in messages(result)


def test_a_network_waits_for_the_layer_that_ends_the_process(tmp_path: Path) -> None:
    last = "return last_x_grad.reshape(x.shape)"
    path = package(tmp_path, {"layers.py": (last, f"__import__('os')._exit(3)\n        {last}")})
    result = graded(path, only=["network.train"])
    assert lost(result) == {"network.train": "skipped"}
    assert "waits for flatten.backward: the submission ended its own process" in messages(result)


@pytest.mark.parametrize("task", ["network.train", "network.test"])
def test_a_network_waits_for_the_layer_that_fails_at_the_last_and_smaller_batch(
    tmp_path: Path, task: str
) -> None:
    first = "return np.maximum(x, 0)  # like x"
    fussy = f"vars(self).setdefault('seen', x)\n        x = x + 0 * self.seen\n        {first}"
    path = package(tmp_path, {"layers.py": (first, fussy)})
    result = graded(path, only=[task])
    assert "waits for relu.forward: ValueError" in messages(result)


def test_an_exception_in_a_function_that_others_use_names_the_caller_too(tmp_path: Path) -> None:
    path = package(tmp_path, {"losses.py": ("grad = softmax(x)", "grad = softmax(None)")})
    result = graded(path, only=["loss.backward"])
    assert lost(result) == {"loss.backward": "crashed"}
    assert "called from student/losses.py, line" in messages(result)


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ("self.layer_inputs[::-1]", {"network.train": "crashed"}),
        ("self.layer_inputs", {"network.backward": "crashed", "network.train": "crashed"}),
    ],
    ids=["backward is right", "backward is wrong in another way"],
)
def test_a_mistake_that_its_own_task_does_not_show_is_not_named_in_another(
    inputs: str, wrong: dict[str, str], tmp_path: Path
) -> None:
    # Without kept inputs this backward does nothing at all, as one that leaves layers out.
    path = package(
        tmp_path,
        {
            "network.py": (
                "        if not self.layer_inputs:\n"
                '            raise RuntimeError("no inputs were kept: call forward with'
                ' keepgrad=True first")\n'
                "        for layer, x in zip("
                "reversed(self.layers), reversed(self.layer_inputs), strict=True):\n",
                f"        for layer, x in zip(reversed(self.layers), {inputs}):\n",
            )
        },
    )
    network = path / "network.py"
    text = network.read_text(encoding="utf-8")
    network.write_text(text.replace("keepgrad=True)", "keepgrad=False)"), encoding="utf-8")
    result = graded(path, only=["network.backward", "network.train"])
    assert lost(result) == wrong
    named = {check.mistake.id for check in result.tasks[1].checks if check.mistake}
    assert not [name for name in named if name.startswith("network.backward")]


def test_accuracy_needs_training_that_reaches_the_threshold(tmp_path: Path) -> None:
    path = package(tmp_path, {"network.py": ("                self.update(lr)\n", "")})
    result = graded(path, only=["accuracy"])
    assert lost(result) == {"accuracy": "failed"}


def test_accuracy_refuses_weights_that_were_carried_in(tmp_path: Path) -> None:
    # Whatever it is given to learn from, it takes the same steps on data of its own.
    path = package(
        tmp_path,
        {
            "network.py": (
                "        for _ in range(epochs):\n",
                "        train_x, train_y = np.roll(train_x, 100, axis=0),"
                " np.roll(train_y, 100)\n        for _ in range(epochs):\n",
            )
        },
    )
    result = graded(path, only=["accuracy"])
    assert lost(result) == {"accuracy": "failed"}
    assert "called one by one" in messages(result)


def test_a_backward_that_fits_a_forward_with_a_known_mistake_keeps_its_points(
    tmp_path: Path,
) -> None:
    path = package(
        tmp_path,
        {
            "layers.py": (
                "        B, _, H, W = x.shape\n        c2, _, k1, k2 = self.weight.shape\n",
                "        y = _Right.forward(_flipped(self), x)\n        return y\n",
            )
        },
    )
    layers = path / "layers.py"
    text = layers.read_text(encoding="utf-8")
    text = text.replace(
        "        B, c2, o1, o2 = last_x_grad.shape\n",
        "        right = _flipped(self)\n"
        "        x_grad = _Right.backward(right, x, last_x_grad)\n"
        "        self.weight_grad = right.weight_grad[:, :, ::-1, ::-1]\n"
        "        self.bias_grad = right.bias_grad\n"
        "        return x_grad\n",
    )
    original = (HOME / "solution" / "layers.py").read_text(encoding="utf-8")
    (path / "original.py").write_text(original, encoding="utf-8")
    text += (
        "\n\nfrom .original import ConvolutionLayer as _Right\n\n\n"
        "def _flipped(layer):\n"
        "    right = _Right.__new__(_Right)\n"
        "    right.weight, right.bias = layer.weight[:, :, ::-1, ::-1], layer.bias\n"
        "    return right\n"
    )
    layers.write_text(text, encoding="utf-8")
    result = graded(path, only=["conv.forward", "conv.backward"])
    assert lost(result) == {"conv.forward": "failed"}


def test_a_constant_backward_does_not_pass_with_a_constant_forward(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {
            "layers.py": (
                "return x @ self.weight + self.bias",
                "return np.zeros((len(x), self.weight.shape[1]))",
            )
        },
    )
    layers = path / "layers.py"
    text = layers.read_text(encoding="utf-8")
    text = text.replace("x.T @ last_x_grad", "0 * x.T @ last_x_grad")
    text = text.replace("(self.weight @ last_x_grad.T).T", "0 * x")
    layers.write_text(text, encoding="utf-8")
    result = graded(path, only=["linear.forward", "linear.backward"])
    assert set(lost(result)) == {"linear.forward", "linear.backward"}


def test_what_rests_on_a_task_that_hangs_is_not_tried(tmp_path: Path) -> None:
    path = package(
        tmp_path, {"layers.py": ("return np.maximum(x, 0)  # like x", "while True: pass")}
    )
    result = graded(path, only=["relu.forward", "network", "accuracy"])
    assert lost(result) == {
        "relu.forward": "timed out",
        **{f"network.{name}": "skipped" for name in ("forward", "backward", "update")},
        **{f"network.{name}": "skipped" for name in ("train", "test", "predict")},
        "accuracy": "skipped",
    }


def test_a_network_that_builds_a_layer_wrongly_is_told_so_itself(tmp_path: Path) -> None:
    path = package(
        tmp_path, {"network.py": ("ConvolutionLayer(1, 4, 5, 5)", "ConvolutionLayer(0, 4, 5, 5)")}
    )
    result = graded(path, only=["conv.init", "network.forward"])
    assert lost(result) == {"network.forward": "crashed"}


SLOW = {
    "network.py": (
        "        for _ in range(epochs):\n",
        "        import time; end = time.process_time() + 0.01 * len(train_x)\n"
        "        while time.process_time() < end: pass\n"
        "        for _ in range(epochs):\n",
    )
}


def test_a_right_network_that_is_too_slow_to_be_trained_has_full_marks(tmp_path: Path) -> None:
    result = graded(package(tmp_path, SLOW))
    assert lost(result) == {}
    assert (
        "about 2 minutes, so the solution's network was trained in its place"
        in result.tasks[-1].checks[0].message
    )


def test_a_slow_network_with_a_known_mistake_loses_the_points_of_that_alone(
    tmp_path: Path,
) -> None:
    wrong = {"layers.py": ("x @ self.weight + self.bias", "x @ self.weight")}
    result = graded(package(tmp_path, SLOW | wrong))
    assert lost(result) == {"linear.forward": "failed"}
    assert "the solution with the same mistakes was trained in its place" in messages(result)


def test_a_slow_network_with_a_known_mistake_that_learns_nothing_is_told_so(
    tmp_path: Path,
) -> None:
    right = "self.weight_grad = x.T @ last_x_grad  # (d1, d2)\n        self.bias_grad = "
    wrong = {"layers.py": (right, right.replace("= ", "= -"))}
    result = graded(package(tmp_path, SLOW | wrong))
    assert lost(result) == {"linear.backward": "failed", "accuracy": "failed"}
    assert "of the test images after 1 epoch, too slow to get there" in messages(result)


def test_a_slow_network_with_a_mistake_that_nobody_knows_waits_for_what_is_wrong(
    tmp_path: Path,
) -> None:
    wrong = {"layers.py": ("x @ self.weight + self.bias", "x @ self.weight + 1.3 * self.bias")}
    result = graded(package(tmp_path, SLOW | wrong))
    assert lost(result) == {"linear.forward": "failed", "accuracy": "skipped"}
    assert "waits for linear.forward: one pass over the training split" in messages(result)


def test_a_slow_network_that_ceases_to_learn_is_not_taken_for_the_solution(tmp_path: Path) -> None:
    ceases = {
        "layers.py": (
            "        self.weight = _descended(self.weight, self.weight_grad, lr)  # (d1, d2)\n",
            "        self.steps = getattr(self, 'steps', 0) + 1\n"
            "        if self.steps > 6:\n"
            "            return\n"
            "        self.weight = _descended(self.weight, self.weight_grad, lr)  # (d1, d2)\n",
        )
    }
    result = graded(package(tmp_path, SLOW | ceases))
    assert lost(result) == {"accuracy": "skipped"}
