# ruff: noqa: I001 (where it lies depends on the test)
"""How accuracy is often judged: trained, tested and asked in one process, on the public digits."""

import sys

import numpy as np
import student

with np.load(sys.argv[1]) as archive:
    data = {name: archive[name] for name in archive}
train_x, test_x = (
    data[f"{one}_images"][:, None].astype(np.float32) / 255 for one in ("train", "test")
)
train_y, test_y = (data[f"{one}_labels"].astype(np.int64) for one in ("train", "test"))
network = student.ConvolutionNeuralNetwork()
for _ in range(int(sys.argv[2])):
    network.train(train_x, train_y, 100, 1, 0.1)
network.test(test_x, test_y, 100)
print((network.predict(test_x).argmax(axis=1) == test_y).mean())
