"""Whether the tasks of one's own can be trusted: asked before they are handed out.

The reference in their file must pass, a stub must not, each task must have checks, and what
the reference calls a gradient must be one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.cases import Case, Cases
from autograder.cases.build import HOME, load_own
from autograder.checks.gradients import disagreement
from autograder.checks.run import RunFailed, collected
from autograder.course.stubs import write_stubs
from autograder.errors import KitError
from autograder.grading import grade
from autograder.syllabus import Syllabus


def prove(syllabus: Syllabus, cases: Cases) -> None:
    """Make sure that the checks of the tasks of one's own let right answers through, and no stub.

    Raises
    ------
    KitError
        They do not, or belong to no task.
    """
    tasks = syllabus.own_tasks
    if not tasks:
        return
    try:
        strays = collected(tasks, cases).strays
    except RunFailed as error:
        raise KitError(f"the checks of your own cannot be collected: {error}") from error
    if strays:
        ids = " or ".join(repr(task.id) for task in tasks)
        raise KitError(f"{strays[0]} belongs to no task: mark it with pytest.mark.task({ids})")
    for file in syllabus.own:
        differentiate(load_own(file), cases)
    with tempfile.TemporaryDirectory(prefix="byhand-") as scratch:
        for asked, right in ((), "passed"), (tasks, "not implemented"):
            package = Path(scratch) / right.replace(" ", "_") / syllabus.package
            write_stubs(HOME / syllabus.reference, package, syllabus, asked)
            for one in grade(package, cases, syllabus, tasks).tasks:
                wrong = next((check for check in one.checks if check.status != right), None)
                if wrong:
                    what = "stub" if asked else "reference"
                    raise KitError(
                        f"{one.id}: of its own {what} the check “{wrong.name}” says"
                        f" {wrong.status}, not {right}\n{wrong.message}"
                    )


def differentiate(module: ModuleType, cases: Cases) -> None:
    """Make sure that the right answers to the cases of a layer are gradients of its forward."""
    for case in cases:
        if not hasattr(module, case.layer) or not {"g", "x_grad"} <= case.arrays.keys():
            continue
        layer = getattr(module, case.layer)(*case.args)
        for name, value in case.parameters.items():
            setattr(layer, name, value.astype(np.float64))

        def losses(points: Sequence[np.ndarray], layer: Any = layer, case: Case = case) -> Any:
            return [float((layer.forward(x) * case["g"]).sum()) for x in points]

        at, gradient = case["x"].astype(np.float64), case["x_grad"]
        step, allowed = 1e-6 * np.abs(at).max(), 1e-5 * np.abs(gradient).sum()
        random = np.random.RandomState(1)
        if disagreement(losses, at, gradient, step, allowed, random):
            raise KitError(
                f"{case.layer}: backward of the reference is not the derivative of its forward"
                f" ({case.title})"
            )
