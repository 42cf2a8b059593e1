"""From a wrong answer to a named mistake.

First by *fingerprint*: the checks are asked again of the solution with a known mistake in
it, and what comes is compared, answer by answer, with what came from the submission. Then
by *form*, for what no catalogue holds. What is not sure is not said.
"""
