"""The form of an error that is not in the catalogue, by all means that there are."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.diagnosis.exact_forms import exact
from autograder.diagnosis.failed_checks import by_checks, variance
from autograder.diagnosis.fingerprints import Asked, Fingerprints, Question
from autograder.diagnosis.forms import Form
from autograder.diagnosis.observations import Record
from autograder.diagnosis.other_questions import asked
from autograder.diagnosis.vague_forms import vague


def form_of(
    task: str,
    known: Fingerprints | None,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> Form | None:
    """What is surest first; None where nothing is sure."""
    promise = variance(records) or by_checks(records)
    return (
        (None if promise else exact(records))
        or (asked(task, known, questions, records) if isinstance(known, Asked) else None)
        or promise
        or vague(records)
    )
