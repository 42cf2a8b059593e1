"""The reference implementation against slow, obvious formulations and finite differences."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

import solution
from solution import (
    ConvolutionLayer,
    ConvolutionNeuralNetwork,
    CrossEntropyLoss,
    FlattenLayer,
    LinearLayer,
    MaxPoolingLayer,
    NetworkLayer,
    ParamLayer,
    ReLULayer,
    softmax,
)

PARAMETERS = ("weight", "bias")


@pytest.fixture
def rng() -> np.random.RandomState:
    return np.random.RandomState(7)


def with_parameters(layer: ParamLayer, rng: np.random.RandomState, dtype: type) -> ParamLayer:
    """Give the layer random parameters of the dtype, biases included."""
    layer.weight = rng.standard_normal(layer.weight.shape).astype(dtype)
    layer.bias = rng.standard_normal(layer.bias.shape).astype(dtype)
    return layer


def difference(f: Callable[[], float], array: np.ndarray, h: float) -> np.ndarray:
    """Differentiate f with respect to every element of an array that f reads."""
    grad = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        old = array[index]
        array[index] = old + h
        above = f()
        array[index] = old - h
        below = f()
        array[index] = old
        grad[index] = (above - below) / (2 * h)
    return grad


def off_kinks(shape: tuple[int, ...], rng: np.random.RandomState) -> np.ndarray:
    """Return float64 numbers that stay 0.05 away from 0 and from one another."""
    size = int(np.prod(shape))
    numbers = (np.arange(size) - size // 2 + 0.5) / 10
    return rng.permutation(numbers).reshape(shape)


LAYERS: dict[str, tuple[Callable[[], NetworkLayer], tuple[int, ...]]] = {
    "relu": (ReLULayer, (3, 2, 4, 5)),
    "flatten": (FlattenLayer, (3, 2, 4, 5)),
    "flatten two axes": (lambda: FlattenLayer(-3, 2), (3, 2, 4, 5)),
    "maxpool": (lambda: MaxPoolingLayer(2, 3), (3, 2, 4, 6)),
    "maxpool 1 by 1": (lambda: MaxPoolingLayer(1, 1), (3, 2, 4, 6)),
    "linear": (lambda: LinearLayer(4, 3), (5, 4)),
    "linear, one image": (lambda: LinearLayer(4, 3), (1, 4)),
    "conv": (lambda: ConvolutionLayer(2, 3, 3, 2), (4, 2, 5, 6)),
    "conv, one image": (lambda: ConvolutionLayer(3, 2, 2, 4), (1, 3, 5, 7)),
    "conv, kernel 1 by 1": (lambda: ConvolutionLayer(2, 3, 1, 1), (2, 2, 3, 4)),
    "conv, kernel as large as the image": (lambda: ConvolutionLayer(2, 3, 4, 5), (2, 2, 4, 5)),
    "conv, one channel, one row": (lambda: ConvolutionLayer(1, 1, 1, 3), (1, 1, 1, 6)),
    "conv, one column": (lambda: ConvolutionLayer(2, 1, 3, 1), (2, 2, 6, 1)),
}
each_layer = pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS.keys())


def made(make: Callable[[], NetworkLayer], rng: np.random.RandomState, dtype: type) -> NetworkLayer:
    layer = make()
    return with_parameters(layer, rng, dtype) if isinstance(layer, ParamLayer) else layer


# The layers, forward


def looped(layer: NetworkLayer, x: np.ndarray) -> np.ndarray:
    """Compute `layer.forward(x)` number by number."""
    if isinstance(layer, ReLULayer):
        return np.array([max(number, 0.0) for number in x.flat]).reshape(x.shape)
    if isinstance(layer, FlattenLayer):
        start, end = (axis if axis >= 0 else x.ndim + axis for axis in (layer.start, layer.end))
        joined = 1
        for axis in range(start, end + 1):
            joined *= x.shape[axis]
        return np.array(list(x.flat)).reshape(*x.shape[:start], joined, *x.shape[end + 1 :])
    if isinstance(layer, LinearLayer):
        y = np.zeros((len(x), len(layer.bias)))
        for b, j in np.ndindex(y.shape):
            products = [x[b, i] * layer.weight[i, j] for i in range(x.shape[1])]
            y[b, j] = layer.bias[j] + sum(products)
        return y
    B, C, H, W = x.shape
    if isinstance(layer, MaxPoolingLayer):
        k1, k2 = layer.k1, layer.k2
        y = np.zeros((B, C, H // k1, W // k2))
        for b, c, i, j in np.ndindex(y.shape):
            y[b, c, i, j] = max(x[b, c, i * k1 : (i + 1) * k1, j * k2 : (j + 1) * k2].flat)
        return y
    assert isinstance(layer, ConvolutionLayer)
    c2, _, k1, k2 = layer.weight.shape
    y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))
    for b, f, i, j in np.ndindex(y.shape):
        y[b, f, i, j] = layer.bias[f]
        for c, a, d in np.ndindex(C, k1, k2):
            y[b, f, i, j] += layer.weight[f, c, a, d] * x[b, c, i + a, j + d]
    return y


@each_layer
def test_forward_agrees_with_loops(make, shape, rng) -> None:
    layer, x = made(make, rng, np.float64), off_kinks(shape, rng)
    y, expected = layer.forward(x), looped(layer, x)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [(1, -1, (2, 60)), (1, 2, (2, 12, 5)), (0, -2, (24, 5)), (2, 2, (2, 3, 4, 5)), (0, 3, (120,))],
)
def test_flatten_joins_the_axes_from_start_to_end(start, end, shape) -> None:
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    y = FlattenLayer(start, end).forward(x)
    assert y.shape == shape
    assert y.ravel().tolist() == x.ravel().tolist()


# The layers, backward


@each_layer
def test_backward_agrees_with_finite_differences(make, shape, rng) -> None:
    layer, x = made(make, rng, np.float64), off_kinks(shape, rng)
    upstream = rng.standard_normal(layer.forward(x).shape)

    def projected() -> float:
        return float((layer.forward(x) * upstream).sum())

    x_grad = layer.backward(x, upstream)
    assert x_grad.shape == x.shape
    np.testing.assert_allclose(x_grad, difference(projected, x, h=0.02), rtol=1e-9, atol=1e-9)
    if isinstance(layer, ParamLayer):
        for name in PARAMETERS:
            grad, parameter = getattr(layer, f"{name}_grad"), getattr(layer, name)
            assert grad.shape == parameter.shape
            expected = difference(projected, parameter, h=0.02)
            np.testing.assert_allclose(grad, expected, rtol=1e-9, atol=1e-9)


def test_the_first_of_equal_maxima_gets_the_gradient() -> None:
    x = np.array([[[[3, 1, 0, 0], [3, 3, 0, 0], [1, 2, -1, -2], [5, 5, -1, -1]]]], dtype=float)
    upstream = np.array([[[[10, 20], [30, 40]]]], dtype=float)
    expected = [[10, 0, 20, 0], [0, 0, 0, 0], [0, 0, 40, 0], [30, 0, 0, 0]]
    assert MaxPoolingLayer(2, 2).backward(x, upstream)[0, 0].tolist() == expected


def test_relu_passes_nothing_where_the_input_is_not_positive() -> None:
    x, upstream = np.array([-2.0, 0.0, 3.0]), np.array([5.0, 6.0, 7.0])
    assert ReLULayer().forward(x).tolist() == [0, 0, 3]
    assert ReLULayer().backward(x, upstream).tolist() == [0, 0, 7]


# What holds for all layers


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@each_layer
def test_the_dtype_is_kept(make, shape, dtype, rng) -> None:
    layer, x = made(make, rng, dtype), rng.standard_normal(shape).astype(dtype)
    y = layer.forward(x)
    assert y.dtype == dtype
    assert layer.backward(x, rng.standard_normal(y.shape).astype(dtype)).dtype == dtype
    if isinstance(layer, ParamLayer):
        assert layer.weight_grad.dtype == layer.bias_grad.dtype == dtype
        layer.update(np.float64(0.1))
        assert layer.weight.dtype == layer.bias.dtype == dtype


@each_layer
def test_arguments_are_not_changed_and_may_be_read_only(make, shape, rng) -> None:
    layer, x = made(make, rng, np.float64), rng.standard_normal(shape)
    upstream = rng.standard_normal(layer.forward(x).shape)
    before = [array.copy() for array in (x, upstream)]
    x.setflags(write=False)
    upstream.setflags(write=False)
    layer.forward(x)
    layer.backward(x, upstream)
    assert all(np.array_equal(a, b) for a, b in zip((x, upstream), before, strict=True))


@each_layer
def test_the_order_in_memory_does_not_matter(make, shape, rng) -> None:
    layer, x = made(make, rng, np.float64), rng.standard_normal(shape)
    y = layer.forward(x)
    upstream = rng.standard_normal(y.shape)
    x_grad = layer.backward(x, upstream)
    spread = np.repeat(x, 2, axis=-1)[..., ::2]
    for other in (np.asfortranarray(x), spread, x[::-1].copy()[::-1]):
        np.testing.assert_allclose(layer.forward(other), y, rtol=1e-12, atol=1e-12)
        other_grad = layer.backward(other, np.asfortranarray(upstream))
        np.testing.assert_allclose(other_grad, x_grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["linear", "conv"])
def test_gradients_are_none_at_first_and_then_set_not_added_up(name, rng) -> None:
    make, shape = LAYERS[name]
    layer, x = make(), rng.standard_normal(shape)
    assert layer.weight_grad is None and layer.bias_grad is None
    upstream = rng.standard_normal(layer.forward(x).shape)
    layer.backward(x, upstream)
    first = layer.weight_grad.copy(), layer.bias_grad.copy()
    layer.backward(x[:1], upstream[:1])
    layer.backward(x, upstream)
    assert np.array_equal(layer.weight_grad, first[0])
    assert np.array_equal(layer.bias_grad, first[1])


@pytest.mark.parametrize("name", ["linear", "conv"])
def test_update_steps_against_the_gradient_and_leaves_assigned_arrays_alone(name, rng) -> None:
    make, shape = LAYERS[name]
    layer, x = made(make, rng, np.float64), rng.standard_normal(shape)
    weight, bias = layer.weight, layer.bias
    before = weight.copy(), bias.copy()
    layer.backward(x, rng.standard_normal(layer.forward(x).shape))
    layer.update(0.25)
    np.testing.assert_allclose(layer.weight, before[0] - 0.25 * layer.weight_grad)
    np.testing.assert_allclose(layer.bias, before[1] - 0.25 * layer.bias_grad)
    assert np.array_equal(weight, before[0]) and np.array_equal(bias, before[1])


@pytest.mark.parametrize("name", ["linear", "conv"])
def test_update_before_backward_says_what_is_missing(name) -> None:
    with pytest.raises(RuntimeError, match="call backward before update"):
        LAYERS[name][0]().update(0.1)


@pytest.mark.parametrize(
    ("make", "fan_in"),
    [(lambda: LinearLayer(50, 400), 50), (lambda: ConvolutionLayer(5, 200, 3, 7), 105)],
    ids=["linear", "conv"],
)
def test_initial_weights_have_mean_zero_and_variance_two_over_fan_in(make, fan_in) -> None:
    np.random.seed(3)
    layer = make()
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert abs(layer.weight.mean()) < 0.03 * layer.weight.std()
    assert layer.weight.var() == pytest.approx(2 / fan_in, rel=0.05)
    assert not layer.bias.any()
    assert not np.array_equal(layer.weight, make().weight)
    np.random.seed(3)
    assert np.array_equal(layer.weight, make().weight)


# The loss


def test_softmax_rows_are_the_quotients_of_exponentials(rng) -> None:
    x = rng.standard_normal((4, 5))
    expected = [[np.exp(a) / sum(np.exp(b) for b in row) for a in row] for row in x]
    np.testing.assert_allclose(softmax(x), expected, rtol=1e-12)


def test_cross_entropy_is_the_mean_of_minus_log_probability(rng) -> None:
    x, y = rng.standard_normal((4, 5)), np.array([0, 4, 2, 2])
    expected = -sum(np.log(softmax(x)[b, y[b]]) for b in range(4)) / 4
    loss = CrossEntropyLoss().forward(x, y)
    assert type(loss) is float
    assert loss == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_backward_agrees_with_finite_differences(rng) -> None:
    x, y, loss = rng.standard_normal((4, 5)), np.array([0, 4, 2, 2]), CrossEntropyLoss()
    expected = difference(lambda: loss.forward(x, y), x, h=1e-4)
    np.testing.assert_allclose(loss.backward(x, y), expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_the_loss_is_exact_for_logits_of_ten_thousand(dtype) -> None:
    x, y = np.array([[1e4, -1e4, 0], [1e4, 1e4, -1e4]], dtype=dtype), np.array([1, 0])
    loss = CrossEntropyLoss()
    assert loss.forward(x, y) == pytest.approx((2e4 + np.log(2)) / 2, rel=1e-7)
    np.testing.assert_array_equal(loss.backward(x, y), [[0.5, -0.5, 0], [-0.25, 0.25, 0]])
    np.testing.assert_array_equal(softmax(x), [[1, 0, 0], [0.5, 0.5, 0]])
    assert softmax(x).dtype == loss.backward(x, y).dtype == dtype


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "u8", "i8"])
def test_labels_come_in_any_integer_dtype(dtype, rng) -> None:
    x, y, loss = rng.standard_normal((300, 10)), rng.randint(10, size=300), CrossEntropyLoss()
    assert loss.forward(x, y.astype(dtype)) == loss.forward(x, y)
    assert np.array_equal(loss.backward(x, y.astype(dtype)), loss.backward(x, y))


def test_the_loss_changes_no_argument(rng) -> None:
    x, y, loss = rng.standard_normal((4, 5)), np.array([0, 4, 2, 2]), CrossEntropyLoss()
    before = x.copy()
    loss.forward(x, y)
    loss.backward(x, y)
    assert np.array_equal(x, before)


# The network


@pytest.fixture
def network(rng) -> ConvolutionNeuralNetwork:
    """Return a network in float64, with biases that are not zero."""
    network = ConvolutionNeuralNetwork()
    for layer in network.layers:
        if isinstance(layer, ParamLayer):
            layer.weight = 0.3 * rng.standard_normal(layer.weight.shape)
            layer.bias = rng.standard_normal(layer.bias.shape)
    return network


@pytest.fixture
def digits(rng) -> tuple[np.ndarray, np.ndarray]:
    return rng.random_sample((7, 1, 28, 28)), rng.randint(10, size=7).astype(np.uint8)


def parameters(network: ConvolutionNeuralNetwork) -> list[np.ndarray]:
    layers = [layer for layer in network.layers if isinstance(layer, ParamLayer)]
    return [getattr(layer, name).copy() for layer in layers for name in PARAMETERS]


def test_the_network_has_the_eight_layers_in_order(network) -> None:
    names = [type(layer).__name__.removesuffix("Layer") for layer in network.layers]
    assert names == ["Convolution", "MaxPooling", "ReLU"] * 2 + ["Flatten", "Linear"]
    shapes = [array.shape for array in parameters(network)]
    assert shapes == [(4, 1, 5, 5), (4,), (16, 4, 3, 3), (16,), (400, 10), (10,)]


def test_forward_keeps_the_inputs_only_when_told(network, digits) -> None:
    x, _ = digits
    logits = network.forward(x, keepgrad=True)
    assert logits.shape == (7, 10)
    assert len(network.layer_inputs) == 8
    for layer, kept in zip(network.layers, network.layer_inputs, strict=True):
        assert np.array_equal(kept, x)
        x = layer.forward(x)
    assert np.array_equal(x, logits)
    assert np.array_equal(network.forward(digits[0]), logits)
    assert not network.layer_inputs


def test_network_backward_agrees_with_finite_differences(network, digits, rng) -> None:
    x, y = digits
    loss = network.loss_func
    x_grad = network.backward(loss.backward(network.forward(x, True), y))
    assert x_grad.shape == x.shape
    conv, linear = network.layers[0], network.layers[-1]

    def along(array: np.ndarray, grad: np.ndarray) -> None:
        direction, old, h = rng.standard_normal(array.shape), array.copy(), 1e-6
        array[...] = old + h * direction
        above = loss.forward(network.forward(x), y)
        array[...] = old - h * direction
        below = loss.forward(network.forward(x), y)
        array[...] = old
        assert (above - below) / (2 * h) == pytest.approx((grad * direction).sum(), rel=1e-5)

    along(x, x_grad)
    for layer in (conv, network.layers[3], linear):
        along(layer.weight, layer.weight_grad)
        along(layer.bias, layer.bias_grad)


def test_backward_without_kept_inputs_says_what_is_missing(network, digits) -> None:
    network.forward(digits[0])
    with pytest.raises(RuntimeError, match="keepgrad=True"):
        network.backward(np.zeros((7, 10)))


def test_train_is_the_documented_sequence(network, digits) -> None:
    (x, y), before = digits, parameters(network)
    returned = network.train(x, y, 3, 2, 0.05)
    trained = parameters(network)
    assert not network.layer_inputs

    layers = [layer for layer in network.layers if isinstance(layer, ParamLayer)]
    for layer, weight, bias in zip(layers, before[::2], before[1::2], strict=True):
        layer.weight, layer.bias = weight, bias
    losses = []
    for _ in range(2):
        for start, stop in ((0, 3), (3, 6), (6, 7)):
            logits = network.forward(x[start:stop], True)
            losses.append(network.loss_func.forward(logits, y[start:stop]))
            network.backward(network.loss_func.backward(logits, y[start:stop]))
            network.update(0.05)
    assert type(returned) is float
    assert returned == pytest.approx(sum(losses[3:]) / 3, rel=1e-12)
    for one, other in zip(parameters(network), trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_test_is_the_mean_over_the_batches_and_learns_nothing(network, digits) -> None:
    (x, y), before = digits, parameters(network)
    network.forward(x, True)
    loss = network.test(x, y, 4)
    parts = [network.loss_func.forward(network.forward(x[s]), y[s]) for s in (np.s_[:4], np.s_[4:])]
    assert type(loss) is float
    assert loss == pytest.approx(sum(parts) / 2, rel=1e-12)
    assert not network.layer_inputs
    assert all(np.array_equal(a, b) for a, b in zip(parameters(network), before, strict=True))


def test_predict_is_the_softmax_of_the_logits_in_any_number_of_pieces(network, rng) -> None:
    x = rng.random_sample((1003, 1, 28, 28))
    network.forward(x[:2], True)
    probabilities = network.predict(x)
    assert not network.layer_inputs
    np.testing.assert_allclose(probabilities, softmax(network.forward(x)), atol=1e-12)


def test_predict_of_ten_thousand_images_stays_below_400_megabytes() -> None:
    x = np.zeros((10_000, 1, 28, 28), dtype=np.float32)
    network = ConvolutionNeuralNetwork()
    tracemalloc.start()
    try:
        network.predict(x)
        assert tracemalloc.get_traced_memory()[1] < 150e6  # half of what is granted, and less
    finally:
        tracemalloc.stop()


def test_the_same_seed_gives_the_same_network_and_it_learns_in_float32() -> None:
    x, y = solution.load_dataset("train")
    test_x, test_y = solution.load_dataset("test")
    losses, weights = [], []
    for _ in range(2):
        np.random.seed(5)
        network = ConvolutionNeuralNetwork()
        losses.append(network.train(x[:2000], y[:2000], 100, 3, 0.1))
        weights.append(parameters(network))
    assert losses[0] == losses[1]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    assert {array.dtype for array in weights[0]} == {np.dtype(np.float32)}
    accuracy = (network.predict(test_x).argmax(axis=1) == test_y).mean()
    assert accuracy > 0.8


def test_all_names_of_the_design_can_be_imported() -> None:
    for name in solution.__all__:
        assert getattr(solution, name).__doc__
