"""The form of an error by which checks failed, and by what these know for sure.

This module sees the names of checks and their outcomes; it knows no layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autograder.diagnosis.fingerprints import WRONG
from autograder.diagnosis.forms import Form
from autograder.diagnosis.observations import Record

FAULTS = {
    "changed": (
        "The call changes what it was given",
        "Look for +=, -= or x[…] = on an argument or a parameter: work on a copy.",
    ),
    "none": ("There is no array at all, but None", "Is it returned, or assigned to self?"),
    "bias": ("The biases do not start from zero", "What should an untrained bias do?"),
    "mean": ("The weights do not start with mean 0", "From which distribution are they drawn?"),
    "variance": ("The weights start with a wrong variance", "Which sizes count for fan_in?"),
    "independence": (
        "The weights are not drawn independently",
        "How many random numbers are drawn, and how many are needed?",
    ),
    "type": ("Numbers of the wrong type are kept", "Which dtype do they have, and from where?"),
    "inputs kept": (
        "Inputs are kept in layer_inputs where none should be",
        "When is layer_inputs filled, and when emptied?",
    ),
    "inputs not kept": (
        "layer_inputs does not hold one input for each layer",
        "When is layer_inputs filled, and when emptied?",
    ),
    "memory": ("Too much memory is needed", "How large is the largest array?"),
}

CHECKS = {  # the end of a check's name: what else then fails with it, in words
    "arguments": (
        ("state", "other_batch"),
        "The answers are right, but the call changes what it was given",
        "Look for +=, -= or x[…] = on an argument or a parameter: work on a copy.",
    ),
    "state": (
        ("other_batch",),
        "Right the first time only: an answer depends on the calls before",
        "What is kept between two calls, in the object or in the class?",
    ),
    "other_batch": (
        (),
        "An answer depends on the batch of the call before",
        "What is kept between two calls, in the object or in the class?",
    ),
    "huge": (
        (),
        "Right for ordinary numbers, but not for very large ones",
        "Where can an exponential overflow, or a logarithm meet a zero?",
    ),
    "ties": (
        (),
        "Right, unless several values are equally large",
        "What happens to the second of two equal values?",
    ),
    "apart": (
        (),
        "Right for one object, but two of them are not independent",
        "What do two objects share: an array, or something in the class?",
    ),
    "side_effects": (
        (),
        "The answers are right, but something else is left changed",
        "What must be as it was before the call?",
    ),
    "many": (
        (),
        "Right for a few images, but not for ten thousand",
        "Are they taken in pieces, and is every piece kept, the last one too?",
    ),
}


def by_checks(records: Mapping[str, Record]) -> Form | None:
    """What follows from which checks failed: all with a known fault, or those of one promise."""
    failed = {key: record for key, record in records.items() if record.status in WRONG}
    faults = list(dict.fromkeys(record.fault for record in failed.values()))
    if faults and all(faults):
        titles = " / and: ".join(FAULTS[fault][0] for fault in faults)
        return Form(f"fault.{'+'.join(faults)}", titles, FAULTS[faults[0]][1])
    if any(record.status != "passed" for key, record in records.items() if key not in failed):
        return None  # what was not judged may be wrong as well
    checks = {key.partition("[")[0] for key in failed}
    for name, (also, title, hint) in CHECKS.items():
        endings = tuple(f"_{one}" for one in (name, *also))
        if any(key.endswith(f"_{name}") for key in checks) and all(
            key.endswith(endings) for key in checks
        ):
            return Form(f"check.{name}", title, hint)
    return None


def variance(records: Mapping[str, Record]) -> Form | None:
    """Which variance random weights have, if it is a known function of a layer's sizes.

    A sample's variance is known to a hundredth or two; two layers must agree.
    """
    failed = [record for record in records.values() if record.status in WRONG]
    wrongs = [(record.pair, record.case) for record in failed if record.fault == "variance"]
    common: set[str] | None = None
    ratios = []
    for pair, case in wrongs:
        if pair is None or case is None:
            return None
        right, found = float(pair[0]), float(pair[1])
        ratios.append(found / right)
        names = {
            name
            for name, value in variances(2 / right, case.args).items()
            if abs(found / value - 1) <= VARIANCE
        }
        common = names if common is None else common & names
    if len(wrongs) < 2 or common is None:
        return None
    hint = "What is the variance of He's initialisation, and what is fan_in here?"
    if len(common) == 1:
        name = common.pop()
        return Form(f"variance.{name}", f"The weights start with the variance {name}", hint)
    if not common and max(ratios) <= (1 + VARIANCE) * min(ratios):
        factor = sum(ratios) / len(ratios)
        title = f"The variance of the weights is {factor:.2g} times what it should be"
        return Form(f"variance.{factor:.2g}", title, hint)
    return None


VARIANCE = 0.05  # of a variance: three times what chance explains


def variances(fan_in: float, args: Sequence[int]) -> dict[str, float]:
    """What the variance of weights may be, by the words for it."""
    kernel = float(np.prod(args[2:]))
    inputs, outputs = float(args[0]), float(args[1])
    fan_out = outputs * kernel
    found = {"1": 1.0, "(2 / fan_in)²": (2 / fan_in) ** 2, "1 / 12": 1 / 12}
    sizes = {"fan_in": fan_in, "fan_out": fan_out, "(fan_in + fan_out)": fan_in + fan_out}
    if kernel > 1:
        sizes |= {
            "the number of input channels": inputs,
            "the number of filters": outputs,
            "the size of the kernel": kernel,
        }
    for name, size in sizes.items():
        for over, words in ((2.0, "2 / "), (1.0, "1 / "), (1 / 3, "1 / 3 / ")):
            if (name, over) != ("fan_in", 2.0):
                found[words + name] = over / size
    for deviation in (0.1, 0.01, 0.001):
        found[f"{deviation:g}²"] = deviation**2
    return found
