"""Typed dataclasses; note that eq=True compares arrays, so two layers cannot be compared."""
from .layers import ConvolutionLayer as ConvolutionLayer
from .layers import FlattenLayer as FlattenLayer
from .layers import LinearLayer as LinearLayer
from .layers import MaxPoolingLayer as MaxPoolingLayer
from .layers import NetworkLayer as NetworkLayer
from .layers import ParamLayer as ParamLayer
from .layers import ReLULayer as ReLULayer
from .network import ConvolutionNeuralNetwork as ConvolutionNeuralNetwork
from .network import CrossEntropyLoss as CrossEntropyLoss
from .network import load_dataset as load_dataset
