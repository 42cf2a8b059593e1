# -*- coding: latin-1 -*-
"""Práctica 3: reconocimiento de dígitos. Año 2024, autor: Íñigo Núñez Peña"""
from .red import (NetworkLayer, ParamLayer, ReLULayer, FlattenLayer, MaxPoolingLayer, LinearLayer,
                  ConvolutionLayer, CrossEntropyLoss, ConvolutionNeuralNetwork, load_dataset)
