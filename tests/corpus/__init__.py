"""Submissions to grade: right ones, and the ways in which they differ."""
