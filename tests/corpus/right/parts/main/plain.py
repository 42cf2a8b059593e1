"""python -m student FOLDER: train and say how good it is."""

import argparse
from . import ConvolutionNeuralNetwork, load_dataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    x, y = load_dataset(args.folder)
    net = ConvolutionNeuralNetwork()
    for epoch in range(args.epochs):
        print(epoch, net.train(x, y, 100, 1, 0.1), (net.predict(x).argmax(1) == y).mean())


if __name__ == "__main__":
    main()
