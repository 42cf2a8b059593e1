"""The autograder of byhand: gives a submission questions and judges its answers."""

__version__ = "0.1.0"
