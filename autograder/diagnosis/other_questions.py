"""Names what is wrong by asking the solution another question.

An *alteration* changes what goes into one method of the solution, or what is kept between
two calls of it: "as if last_x_grad were all ones", "as if there were one epoch more", "with
the argument of the call before". It knows arguments by name, and no formula. One that
answers all checks of a task as the submission did, the right ones too, says what the
submission really computes; at least one of the wrong answers must be numbers, since all
crashes are alike. Two that no check can tell apart are named together; of more, none is.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autograder.cases.variants import Variants
from autograder.diagnosis.alterations import (
    IMAGES,
    Alteration,
    of_arguments,
    of_attribute,
    of_batch,
    of_constructor,
    of_labels,
    of_memory,
    of_rate,
    of_steps,
)
from autograder.diagnosis.failed_checks import by_checks
from autograder.diagnosis.fingerprints import Asked, Question, in_order, telling, waiting
from autograder.diagnosis.forms import Form
from autograder.diagnosis.network_alterations import of_network
from autograder.diagnosis.observations import Record
from autograder.intake import CLASSES

PARAMETERS = {"linear": 2, "conv": 4}  # how many axes a weight has
MOST = 2  # alterations that no check can tell apart, and that are named together
MEMORY = "kept."  # how the ids of alterations of what is kept begin
PREVIEW = 1e-2  # of the largest value: what is nearer is asked through the checks
ANSWERS = ("x_grad", "weight_grad", "bias_grad")


class Altered(Variants):
    """The solution with an alteration in it, instead of a mistake of the catalogue."""

    def __init__(self, variants: Variants, group: str, alterations: Sequence[Alteration]) -> None:
        super().__init__(variants.folder)
        self.variants, self.name = variants, CLASSES[group]
        self.alterations = {alteration.id: alteration for alteration in alterations}

    def make(self, *keys: str) -> ModuleType:
        module = self.variants.make()
        for key in keys:
            self.alterations[key].apply(getattr(module, self.name))
        return module


def asked(
    task: str,
    known: Asked,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> Form | None:
    """The one alteration that answers as the submission did."""
    found = left(task, known, questions, records)
    if not 1 <= len(found) <= MOST:
        return None
    title = f"It answers {', or '.join(one.title for one in found)}"
    return Form(f"as.{found[0].id}", title, "Look for where this happens, or what makes it so.")


def left(
    task: str,
    known: Asked,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> list[Alteration]:
    """All alterations that answer as the submission did; of one thing, the simplest."""
    group, _, method = task.partition(".")
    if group not in CLASSES or method == "init":
        return []
    if not any(telling(record) and not record.fault for record in records.values()):
        return []  # all crashes are alike, and all zeros
    if waiting(records):
        return []
    found = list(alterations(group, method, wrong_answer(records)))
    shown = sorted(filter(can_be_shown, records.values()), key=lambda one: one.status == "crashed")
    if shown and method != "update":
        found = previewed(found, known.variants, method, shown[0])
    elif by_checks(records):  # all answers are right by themselves
        found = [one for one in found if one.id.startswith(MEMORY)]
    asker = Asked(Altered(known.variants, group, found), known.limits)
    order = in_order(records)
    simplest: dict[str, Alteration] = {}
    for one in found:
        if asker.agreement(one.id, order, questions, records) == "exact":
            simplest.setdefault(one.id.partition(".")[0], one)
    return list(simplest.values())


def can_be_shown(record: Record) -> bool:
    """Whether a question of one layer is at hand, with a wrong answer or a crash."""
    if record.case is None or "out" not in record.case.arrays:
        return False
    if record.status == "crashed":
        return True
    finite = record.pair is not None and bool(np.isfinite(record.pair[1]).all())
    return finite and not record.fault


def previewed(
    found: Sequence[Alteration], variants: Variants, method: str, record: Record
) -> list[Alteration]:
    """Those that give one wrong answer, or crash as it did: few are asked through the checks."""
    case, kept = record.case, []
    assert case is not None
    cls = getattr(variants.make(), case.layer)
    wide = {name: value.astype(np.float64) for name, value in case.arrays.items()}
    second = case["y"] if "y" in case.arrays else wide["g"]
    takes_two = "y" in case.arrays or method == "backward"
    for one in found:
        altered = type(cls.__name__, (cls,), {})
        one.apply(altered)
        layer = altered(*case.args)
        for name in case.parameters:
            setattr(layer, name, wide[name].copy())
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the mean of nothing, and the like
                if method == "backward":
                    cls.forward(
                        layer, *([wide["x"], second] if "y" in case.arrays else [wide["x"]])
                    )
                result = getattr(layer, method)(wide["x"], *([second] if takes_two else []))
        except Exception:
            if record.status == "crashed":
                kept.append(one)
            continue
        answers = [result, *(getattr(layer, f"{name}_grad", None) for name in case.parameters)]
        if record.pair is not None and any(alike(answer, record.pair[1]) for answer in answers):
            kept.append(one)
    return kept


def alike(answer: Any, got: np.ndarray) -> bool:
    """Whether two answers may be the same; what is nearly so is judged by the checks."""
    if answer is None:
        return False
    answer = np.asarray(answer)
    if answer.shape != got.shape or not np.isfinite(answer).all():
        return False
    return bool(np.abs(answer - got).max(initial=0) <= PREVIEW * np.abs(got).max(initial=1e-300))


def wrong_answer(records: Mapping[str, Record]) -> str:
    """The one answer of several that is wrong, if it is the same in all checks."""
    found = set()
    for record in records.values():
        if record.case is not None and "weight_grad" in record.case.arrays and record.pair:
            same = [name for name in ANSWERS if is_answer(record, name)]
            found.add(same[0] if same else "")
    return found.pop() if len(found) == 1 else ""


def is_answer(record: Record, name: str) -> bool:
    assert record.case is not None and record.pair is not None
    return np.array_equal(record.case[name], record.pair[0])


def alterations(group: str, method: str, answer: str = "") -> Iterator[Alteration]:
    """All other questions that a method of a task group can be asked.

    Parameters
    ----------
    answer
        Which of several answers is wrong, if others are right: "weight_grad".
    """
    ndim = IMAGES if group in ("conv", "maxpool", "relu", "flatten") else 2
    if group == "network":
        yield from of_network(method)
    elif method in ("forward", "backward"):
        yield from of_arguments("x", 0, ndim, method)
        if method == "backward" and group != "loss":
            yield from of_arguments("last_x_grad", 1, ndim, method)
            if answer:
                yield from of_arguments("last_x_grad", 1, ndim, method, answer)
        if group == "loss":
            yield from of_labels(method)
        yield from of_batch(method)
        yield from of_memory(method)
        yield from of_constructor()
        if group in PARAMETERS:
            yield from of_attribute("weight", PARAMETERS[group], method)
            yield from of_attribute("bias", 1, method)
    elif method == "update":
        yield from of_rate(method, 0)
        yield from of_steps(PARAMETERS[group])
        yield from of_memory(method)
