"""The layers of the network.

A layer is a function `y = forward(x)` together with its derivative: given the gradient of the
loss with respect to `y`, `backward` finds the gradient with respect to `x` and, where there
are any, with respect to the layer's parameters. Chained, the layers make a network.

Shapes are written with these letters:

    B           images in the batch
    C, H, W     channels, height and width of an image
    c1, c2      channels into and out of a convolution
    k1, k2      height and width of a kernel or of a pooling window
    o1, o2      height and width of what comes out
    d1, d2      features into and out of a linear layer

Arrays of images are (B, C, H, W). A layer computes in the floating dtype that it is given, and
neither `forward` nor `backward` changes its arguments.
"""

from __future__ import annotations

import numpy as np


class NetworkLayer:
    """A layer: something that can be computed, and whose gradient can be computed.

    A layer need not remember anything between `forward` and `backward`: the input of `forward`
    is handed to `backward` again.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the layer's output for the input `x`."""
        raise NotImplementedError

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Return the gradient of the loss with respect to `x`.

        Parameters
        ----------
        x
            What `forward` was called with.
        last_x_grad
            The gradient of the loss with respect to `forward(x)`, and of that shape. It is
            what the next layer's `backward` returned.
        """
        raise NotImplementedError


class ParamLayer(NetworkLayer):
    """A layer with parameters, which are learned.

    `backward` also sets `weight_grad` and `bias_grad`, the gradients of the loss with respect
    to the parameters. They replace those of the call before and do not add up. Before the
    first call they are None.
    """

    weight: np.ndarray
    bias: np.ndarray
    weight_grad: np.ndarray | None = None
    bias_grad: np.ndarray | None = None

    def update(self, lr: float) -> None:
        """Take one step of gradient descent with learning rate `lr`."""
        raise NotImplementedError


class ReLULayer(NetworkLayer):
    """Rectified linear unit: cuts off what is negative."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return max(x, 0), element by element.

        Parameters
        ----------
        x : floating, any shape

        Returns
        -------
        ndarray, shape and dtype of `x`

        Handbook: *ReLU*.
        """
        raise NotImplementedError("relu.forward")

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to `x`.

        It is `last_x_grad` where x > 0, and 0 elsewhere.

        Parameters
        ----------
        x : floating, any shape
            The input of `forward`.
        last_x_grad : floating, shape of `x`
            The gradient with respect to the output.

        Returns
        -------
        ndarray, shape and dtype of `x`

        Handbook: *ReLU*.
        """
        raise NotImplementedError("relu.backward")


class FlattenLayer(NetworkLayer):
    """Joins neighbouring axes into one.

    Parameters
    ----------
    start, end
        The first and the last of the axes that are joined, both included. Negative ones count
        from the end, so the default joins all axes but the first, that of the batch.
    """

    def __init__(self, start: int = 1, end: int = -1) -> None:
        self.start = start
        self.end = end

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Join the axes `start` to `end` of `x` into one, the elements in row-major order.

        With x of shape (2, 3, 4, 5): start 1 and end -1 give (2, 60), 1 and 2 give (2, 12, 5),
        0 and -2 give (24, 5), 2 and 2 leave the shape as it is.

        Parameters
        ----------
        x : any shape that has the axes `start` to `end`

        Returns
        -------
        ndarray, dtype of `x`
            All axes outside `start` to `end` keep their length and their place.

        Handbook: *Flatten*.
        """
        raise NotImplementedError("flatten.forward")

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to `x`: the elements of `last_x_grad`, moved back.

        Parameters
        ----------
        x : the input of `forward`
        last_x_grad : shape of the output
            The gradient with respect to the output.

        Returns
        -------
        ndarray, shape and dtype of `x`

        Handbook: *Flatten*.
        """
        raise NotImplementedError("flatten.backward")


class MaxPoolingLayer(NetworkLayer):
    """Keeps the maximum of each window of the image.

    Parameters
    ----------
    k1, k2
        Height and width of the window. Windows lie side by side, without overlap, and fill the
        image: its height is a multiple of `k1`, its width one of `k2`.
    """

    def __init__(self, k1: int, k2: int) -> None:
        self.k1 = k1
        self.k2 = k2

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the maximum of each window.

        y[b, c, i, j] is the maximum of x[b, c, i k1 + a, j k2 + d]
        over all a = 0, …, k1 - 1 and d = 0, …, k2 - 1.

        Parameters
        ----------
        x : floating, shape (B, C, H, W)

        Returns
        -------
        ndarray, shape (B, C, H / k1, W / k2), dtype of `x`

        Handbook: *Max pooling*.
        """
        raise NotImplementedError("maxpool.forward")

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to `x`.

        The element that is the maximum of its window gets the window's gradient, all others
        get 0. If several are equal, the first of them in row-major order gets it all.

        Parameters
        ----------
        x : floating, shape (B, C, H, W)
            The input of `forward`.
        last_x_grad : floating, shape (B, C, H / k1, W / k2)
            The gradient with respect to the output.

        Returns
        -------
        ndarray, shape (B, C, H, W), dtype of `x`

        Handbook: *Max pooling*.
        """
        raise NotImplementedError("maxpool.backward")


class LinearLayer(ParamLayer):
    """Every output is a weighted sum of all inputs, plus a bias.

    Parameters
    ----------
    d1, d2
        Number of features of the input and of the output.

    Attributes
    ----------
    weight : ndarray, shape (d1, d2)
    bias : ndarray, shape (d2,)
    weight_grad : ndarray or None
        Gradient of the loss, shape of `weight`; None before the first `backward`.
    bias_grad : ndarray or None
        Gradient of the loss, shape of `bias`; None before the first `backward`.
    """

    def __init__(self, d1: int, d2: int) -> None:
        """Set `weight` and `bias` to their initial values, both float32.

        `weight`, shape (d1, d2), is drawn from the normal distribution of mean 0 and *variance*
        2 / d1 (He's initialisation), with NumPy's global generator (np.random.randn and the
        like), so that np.random.seed makes it repeatable. `bias`, shape (d2,), is zero.

        Handbook: *Initialisation*.
        """
        raise NotImplementedError("linear.init")

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return x · weight + bias.

        y[b, j] = bias[j] + Σ_i x[b, i] weight[i, j]

        Parameters
        ----------
        x : floating, shape (B, d1)

        Returns
        -------
        ndarray, shape (B, d2), dtype of `x`

        Handbook: *Linear layer*.
        """
        raise NotImplementedError("linear.forward")

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Set the gradients of the parameters, return that with respect to `x`.

        With g = last_x_grad:

            weight_grad[i, j] = Σ_b x[b, i] g[b, j]
            bias_grad[j]      = Σ_b g[b, j]
            x_grad[b, i]      = Σ_j g[b, j] weight[i, j]

        Parameters
        ----------
        x : floating, shape (B, d1)
            The input of `forward`.
        last_x_grad : floating, shape (B, d2)
            The gradient with respect to the output.

        Returns
        -------
        ndarray, shape (B, d1), dtype of `x`
            The gradient with respect to `x`. The attributes `weight_grad`, shape (d1, d2), and
            `bias_grad`, shape (d2,), are replaced.

        Handbook: *Linear layer*.
        """
        raise NotImplementedError("linear.backward")

    def update(self, lr: float) -> None:
        """Take one step of gradient descent: weight ← weight - lr · weight_grad, and so for bias.

        The gradients are those of the last `backward`, the dtypes stay.

        Parameters
        ----------
        lr
            The learning rate.

        Handbook: *Training*.
        """
        raise NotImplementedError("linear.update")


class ConvolutionLayer(ParamLayer):
    """Slides kernels over the image, one for each channel of the output.

    Stride 1, no padding, and the kernel is not flipped: what is called convolution in networks
    is a cross-correlation. The output is o1 = H - k1 + 1 high and o2 = W - k2 + 1 wide.

    Parameters
    ----------
    c1, c2
        Number of channels of the input and of the output.
    k1, k2
        Height and width of the kernels.

    Attributes
    ----------
    weight : ndarray, shape (c2, c1, k1, k2)
    bias : ndarray, shape (c2,)
    weight_grad : ndarray or None
        Gradient of the loss, shape of `weight`; None before the first `backward`.
    bias_grad : ndarray or None
        Gradient of the loss, shape of `bias`; None before the first `backward`.
    """

    def __init__(self, c1: int, c2: int, k1: int, k2: int) -> None:
        """Set `weight` and `bias` to their initial values, both float32.

        `weight`, shape (c2, c1, k1, k2), is drawn from the normal distribution of mean 0 and
        *variance* 2 / (c1 k1 k2) (He's initialisation), with NumPy's global generator
        (np.random.randn and the like), so that np.random.seed makes it repeatable. `bias`,
        shape (c2,), is zero.

        Handbook: *Initialisation*.
        """
        raise NotImplementedError("conv.init")

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the cross-correlation of the image with each kernel, plus the bias.

        y[b, f, i, j] = bias[f] + Σ_c Σ_a Σ_d weight[f, c, a, d] x[b, c, i + a, j + d]

        Parameters
        ----------
        x : floating, shape (B, c1, H, W)
            Height and width may differ, and are at least those of the kernel.

        Returns
        -------
        ndarray, shape (B, c2, H - k1 + 1, W - k2 + 1), dtype of `x`

        Handbook: *Convolution, forward*.
        """
        raise NotImplementedError("conv.forward")

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        """Set the gradients of the parameters, return that with respect to `x`.

        With g = last_x_grad, taken as 0 outside the image:

            weight_grad[f, c, a, d] = Σ_b Σ_i Σ_j g[b, f, i, j] x[b, c, i + a, j + d]
            bias_grad[f]            = Σ_b Σ_i Σ_j g[b, f, i, j]
            x_grad[b, c, p, q]      = Σ_f Σ_a Σ_d weight[f, c, a, d] g[b, f, p - a, q - d]

        Parameters
        ----------
        x : floating, shape (B, c1, H, W)
            The input of `forward`.
        last_x_grad : floating, shape (B, c2, H - k1 + 1, W - k2 + 1)
            The gradient with respect to the output.

        Returns
        -------
        ndarray, shape (B, c1, H, W), dtype of `x`
            The gradient with respect to `x`. The attributes `weight_grad`, shape
            (c2, c1, k1, k2), and `bias_grad`, shape (c2,), are replaced.

        Handbook: *Convolution, kernel gradient* and *Convolution, image gradient*.
        """
        raise NotImplementedError("conv.backward")

    def update(self, lr: float) -> None:
        """Take one step of gradient descent: weight ← weight - lr · weight_grad, and so for bias.

        The gradients are those of the last `backward`, the dtypes stay.

        Parameters
        ----------
        lr
            The learning rate.

        Handbook: *Training*.
        """
        raise NotImplementedError("conv.update")
