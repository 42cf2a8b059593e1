"""Runs a submission in a process of its own and talks to it through frames of bytes.

This part knows nothing of tasks, points or right answers: it starts a worker,
enforces limits, and turns what comes back into arrays or into a `Problem`.
"""
