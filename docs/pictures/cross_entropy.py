"""The loss over the probability of the right class, and its slope beside the squared error's."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import CrossEntropyLoss, softmax

LOSS = CrossEntropyLoss()


def draw(style: Style) -> Figure:
    figure = style.figure(6.8, 3.0)
    left, right = figure.subplots(1, 2)

    p = np.linspace(0.004, 0.999, 300)  # (300,)
    logits = np.log(np.stack([p, 1 - p], axis=1))  # (300, 2): softmax gives p and 1 - p
    losses = [LOSS.forward(row[None], np.zeros(1, int)) for row in logits]
    left.plot(p, losses, color=style.blue)
    for mark in (0.1, 0.5, 0.9):
        value = LOSS.forward(np.log([[mark, 1 - mark]]), np.zeros(1, int))
        left.plot(mark, value, "o", color=style.blue, markersize=5)
        left.annotate(
            f"{value:.2f}", (mark, value), xytext=(6, 4), textcoords="offset points", size=9
        )
    left.set(xlabel="p, probability of the right class", ylabel="loss = −ln p", ylim=(0, 5.6))

    lead = np.linspace(-8, 8, 300)  # (300,)
    x = np.stack([lead, np.zeros_like(lead)], axis=1)  # (300, 2)
    slope = [LOSS.backward(row[None], np.zeros(1, int))[0, 0] for row in x]
    right.plot(lead, slope, color=style.blue, label="cross-entropy")
    # The squared error, (1 - p)² + (0 - (1 - p))², through the Jacobian of softmax.
    p = softmax(x)[:, 0]  # (300,)
    right.plot(lead, -4 * p * (1 - p) ** 2, "--", color=style.orange, label="squared error")
    right.set(xlabel="lead of the right logit", ylabel="gradient of the right logit")
    right.set_ylim(-1.08, 0.08)
    right.legend(loc="lower right")
    for axes in (left, right):
        axes.grid(color=style.faint, lw=0.6)
    style.tidy(left, right)
    return figure
