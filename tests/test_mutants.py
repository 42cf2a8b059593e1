"""Small changes of the solution are made and killed; the whole run is `python -m tests.mutants`."""

from __future__ import annotations

import pytest

from autograder.syllabus import Syllabus
from tests.mutants import all_mutants, equivalents, hurried, killer

MUTANTS = all_mutants()
SAMPLE = [one for one in MUTANTS if one.key not in equivalents()][:: len(MUTANTS) // 8]


@pytest.mark.parametrize("mutant", SAMPLE, ids=str)
def test_a_small_change_loses_points(mutant) -> None:
    death = killer(mutant, hurried(Syllabus.load()), seed=4321)
    assert death and not death.endswith("grader error")


def test_what_is_listed_as_equivalent_is_among_the_changes() -> None:
    assert equivalents().keys() <= {mutant.key for mutant in MUTANTS}
