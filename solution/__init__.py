"""A convolutional network in plain NumPy.

Read the files in this order: `layers`, `losses`, `network`, `dataset`, `__main__`.
"""

from __future__ import annotations

from .dataset import load_dataset
from .layers import (
    ConvolutionLayer,
    FlattenLayer,
    LinearLayer,
    MaxPoolingLayer,
    NetworkLayer,
    ParamLayer,
    ReLULayer,
)
from .losses import CrossEntropyLoss, softmax
from .network import ConvolutionNeuralNetwork

__all__ = [
    "ConvolutionLayer",
    "ConvolutionNeuralNetwork",
    "CrossEntropyLoss",
    "FlattenLayer",
    "LinearLayer",
    "MaxPoolingLayer",
    "NetworkLayer",
    "ParamLayer",
    "ReLULayer",
    "load_dataset",
    "softmax",
]
