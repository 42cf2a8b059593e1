"""Fingerprints that were found out before, and are kept with the cases: numbers, no code.

So a student's installation, which has neither the solution nor the patches, names mistakes
as well. One table for each task; its bytes are JSON, read when the task is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.cases import Buffer
from autograder.diagnosis.fingerprints import Fingerprints, Question
from autograder.diagnosis.observations import Observation, Record

DIGITS = 9  # significant ones of a number: more than float32 has
FINITE, NOT_FINITE = "numbers", "none"  # what a wrong answer is made of


@dataclass
class Stored(Fingerprints):
    """What `store` kept.

    Parameters
    ----------
    tables
        Bytes by task.
    """

    tables: Mapping[str, Buffer]
    table: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def begin(self, task: str) -> None:
        self.table = json.loads(bytes(self.tables[task])) if task in self.tables else {}

    def ways(self, mistake: str) -> Sequence[str]:
        return [way for way in self.table if way.partition("/")[0] == mistake]

    def record(self, way: str, question: Question, awaited: Record | None = None) -> Record:
        return read(self.table[way][question.key])


def store(table: Mapping[str, Mapping[str, Record]]) -> bytes:
    """What is kept of the answers to a task's questions, by the way of a mistake and the key."""
    plain = {
        way: {key: written(record) for key, record in records.items()}
        for way, records in table.items()
    }
    return json.dumps(plain, separators=(",", ":"), sort_keys=True).encode()


def written(record: Record) -> dict[str, Any]:
    """A record as plain data, without its arrays and what is empty."""
    data: dict[str, Any] = {"status": record.status}
    for name in ("kind", "method", "text", "fault"):
        if value := getattr(record, name):
            data[name] = value
    if record.pair is not None:
        data["made of"] = FINITE if record.has_numbers else NOT_FINITE
    data["saw"] = [
        [one.what, one.shape, [rounded(value) for value in one.sketch], rounded(one.tolerance)]
        for one in record.observations
    ]
    return data


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def read(data: Mapping[str, Any]) -> Record:
    """The record that was written, with a stand-in for the arrays."""
    observations = [
        Observation(what, None if shape is None else tuple(shape), tuple(sketch), tolerance)
        for what, shape, sketch, tolerance in data["saw"]
    ]
    record = Record(observations, data["status"])
    for name in ("kind", "method", "text", "fault"):
        setattr(record, name, data.get(name, ""))
    if "made of" in data:
        got = 0.0 if data["made of"] == FINITE else np.nan
        record.pair = np.zeros(1), np.array([got])
    return record
