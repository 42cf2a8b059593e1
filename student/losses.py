"""The loss: how wrong the network's answer is, as one number.

The network answers with one *logit* for each class, any real number; softmax turns them into
probabilities. B is the number of images in the batch, C that of classes.
"""

from __future__ import annotations

import numpy as np


def softmax(x: np.ndarray) -> np.ndarray:
    """Turn each row of logits into probabilities.

    p[b, c] = exp(x[b, c]) / Σ_k exp(x[b, k])

    The result is finite for logits of any size: a number that is subtracted from the whole row
    changes nothing in the quotient, and can be chosen so that no exponential overflows.

    Parameters
    ----------
    x : floating, shape (B, C)

    Returns
    -------
    ndarray, shape (B, C), dtype of `x`

    Handbook: *Cross-entropy*.
    """
    raise NotImplementedError("loss.backward")


class CrossEntropyLoss:
    """Softmax and cross-entropy in one, the mean over the batch.

    L = -1/B Σ_b log p[b, y[b]]   with   p = softmax(x)
    """

    def forward(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the loss.

        It is exact and finite for logits of any size, also where p[b, y[b]] is so small that it
        would be rounded to 0.

        Parameters
        ----------
        x : floating, shape (B, C)
            Logits.
        y : integer (any dtype), shape (B,)
            The right classes, 0, …, C - 1.

        Returns
        -------
        float

        Handbook: *Cross-entropy*.
        """
        raise NotImplementedError("loss.forward")

    def backward(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient of the loss with respect to the logits.

        x_grad[b, c] = (p[b, c] - [c = y[b]]) / B

        where p = softmax(x), and [c = y[b]] is 1 for the right class and 0 for the others.

        Parameters
        ----------
        x : floating, shape (B, C)
            Logits.
        y : integer (any dtype), shape (B,)
            The right classes, 0, …, C - 1.

        Returns
        -------
        ndarray, shape (B, C), dtype of `x`

        Handbook: *Cross-entropy*.
        """
        raise NotImplementedError("loss.backward")
