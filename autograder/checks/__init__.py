"""The checks: pytest tests, one file a task group, that put questions to a submission.

They take a `submission` and `case`s and must never import a solution or a student's
package. What a check promises is its docstring, which the report shows.
"""
