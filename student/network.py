"""The network: its layers one after the other, and how it learns.

N is the number of images of a data set, B that of a batch.
"""

from __future__ import annotations

import numpy as np

from .layers import (
    ConvolutionLayer,
    FlattenLayer,
    LinearLayer,
    MaxPoolingLayer,
    NetworkLayer,
    ReLULayer,
)
from .losses import CrossEntropyLoss


class ConvolutionNeuralNetwork:
    """Recognises handwritten digits: images (B, 1, 28, 28) in, logits (B, 10) out.

    Attributes
    ----------
    layers : list of NetworkLayer
        The eight layers, in order.
    loss_func : CrossEntropyLoss
    layer_inputs : list of ndarray
        The input of each layer, in the order of `layers`, if `forward` was told to keep them
        for `backward`; else empty.
    """

    def __init__(self) -> None:
        self.layers: list[NetworkLayer] = [
            ConvolutionLayer(1, 4, 5, 5),  # (B, 1, 28, 28) → (B, 4, 24, 24)
            MaxPoolingLayer(2, 2),  # → (B, 4, 12, 12)
            ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3),  # → (B, 16, 10, 10)
            MaxPoolingLayer(2, 2),  # → (B, 16, 5, 5)
            ReLULayer(),
            FlattenLayer(),  # → (B, 400)
            LinearLayer(400, 10),  # → (B, 10)
        ]
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs: list[np.ndarray] = []

    def forward(self, x: np.ndarray, keepgrad: bool = False) -> np.ndarray:
        """Send images through all layers.

        Parameters
        ----------
        x : floating, shape (B, 1, 28, 28)
        keepgrad
            Whether to keep each layer's input in `layer_inputs`, for `backward`. What was kept
            before is dropped in either case.

        Returns
        -------
        ndarray, shape (B, 10), dtype of `x`
            Logits.

        Handbook: *Network*.
        """
        raise NotImplementedError("network.forward")

    def backward(self, last_x_grad: np.ndarray) -> np.ndarray:
        """Send the gradient back through all layers, from the last to the first.

        Needs the `layer_inputs` of a `forward` with `keepgrad`. Sets the parameter gradients of
        every layer that has parameters.

        Parameters
        ----------
        last_x_grad : floating, shape (B, 10)
            The gradient of the loss with respect to the logits.

        Returns
        -------
        ndarray, shape (B, 1, 28, 28), dtype of `last_x_grad`
            The gradient of the loss with respect to the images.

        Handbook: *Network*.
        """
        raise NotImplementedError("network.backward")

    def update(self, lr: float) -> None:
        """Update every layer that has parameters, once, with learning rate `lr`.

        Handbook: *Training*.
        """
        raise NotImplementedError("network.update")

    def train(
        self, train_x: np.ndarray, train_y: np.ndarray, batch_size: int, epochs: int, lr: float
    ) -> float:
        """Learn from images and their classes, by gradient descent batch by batch.

        An epoch is one pass over the data. Its batches are neighbouring images, in the order
        given; if `batch_size` does not divide N, the last batch is smaller. For each batch:
        the logits, the loss, its gradient back through the network, one update. Afterwards
        `layer_inputs` is empty.

        Parameters
        ----------
        train_x : floating, shape (N, 1, 28, 28)
        train_y : integer (any dtype), shape (N,)
            The right classes.
        batch_size
            Number of images in a batch.
        epochs
            Number of passes over the data, at least 1.
        lr
            The learning rate.

        Returns
        -------
        float
            The mean of the losses of the last epoch's batches, each as it was before its update.
            A smaller last batch counts like any other.

        Handbook: *Training*.
        """
        raise NotImplementedError("network.train")

    def test(self, test_x: np.ndarray, test_y: np.ndarray, batch_size: int) -> float:
        """Return the loss on images and their classes, without learning from them.

        Goes through the data in batches as `train` does, but changes no parameter, and keeps
        nothing in `layer_inputs`.

        Parameters
        ----------
        test_x : floating, shape (N, 1, 28, 28)
        test_y : integer (any dtype), shape (N,)
            The right classes.
        batch_size
            Number of images in a batch.

        Returns
        -------
        float
            The mean of the batches' losses. A smaller last batch counts like any other.

        Handbook: *Network*.
        """
        raise NotImplementedError("network.test")

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of each class: softmax of the logits.

        Takes the images in pieces of at most 500, so that memory does not grow with what the
        layers need for all of them. Keeps nothing in `layer_inputs`.

        Parameters
        ----------
        x : floating, shape (N, 1, 28, 28)

        Returns
        -------
        ndarray, shape (N, 10), dtype of `x`

        Handbook: *Network*.
        """
        raise NotImplementedError("network.predict")
