"""Reverse-mode differentiation of NumPy arrays, and elementary functions that are right to the last bit.

Made to be believed, not to be fast: every sum is a loop over its index, every operation is rounded once
in the type of its operands (float64 or float32), and exp, ln and their relatives are computed with 28
decimal digits before they are rounded. So the same inputs give the same bits on every machine.

Conventions at the kinks, which are PyTorch's: relu'(0) = 0, abs'(0) = 0, elu'(0) = 1.
"""

import decimal
import itertools

import numpy as np

_WIDE = decimal.Context(prec=28, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
_ONE = decimal.Decimal(1)
_serial = itertools.count()

# smallest distance from a kink of relu and abs, 0 left out: how far float32 is from another branch
nearest_kink = [float("inf")]


class Node:
    """A value and how it came about: pairs of a parent and the map from d_value to d_parent."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.serial = value, parents, next(_serial)

    def __add__(self, other):
        return Node(self.value + other.value, ((self, lambda d: d), (other, lambda d: d)))

    def __sub__(self, other):
        return Node(self.value - other.value, ((self, lambda d: d), (other, lambda d: -d)))

    def __mul__(self, other):
        a, b = self.value, other.value
        return Node(a * b, ((self, lambda d: d * b), (other, lambda d: d * a)))

    def __truediv__(self, other):
        a, b = self.value, other.value
        return Node(a / b, ((self, lambda d: d / b), (other, lambda d: -(d * a / (b * b)))))

    def __getitem__(self, key):
        def back(d):
            full = np.zeros_like(self.value)
            full[key] = d  # no element is taken twice
            return full
        return Node(self.value[key], ((self, back),))

    def reshape(self, *shape):
        return Node(self.value.reshape(shape), ((self, lambda d: d.reshape(self.value.shape)),))


def gradients(of, with_respect_to):
    """d of / d node for each node; `of` has one element."""
    found, stack = {}, [of]
    while stack:
        node = stack.pop()
        if node.serial not in found:
            found[node.serial] = node
            stack.extend(parent for parent, _ in node.parents)
    d_node = {of.serial: np.ones_like(of.value)}
    for serial in sorted(found, reverse=True):  # children before parents
        for parent, back in found[serial].parents if serial in d_node else ():
            part = _unbroadcast(back(d_node[serial]), parent.value.shape)
            d_node[parent.serial] = d_node[parent.serial] + part if parent.serial in d_node else part
    return [d_node.get(node.serial, np.zeros_like(node.value)) for node in with_respect_to]


def sum_over(array, axis):
    """The sum along an axis, which stays with size 1: from the first element to the last."""
    total = np.take(array, [0], axis)
    for i in range(1, array.shape[axis]):
        total = total + np.take(array, [i], axis)
    return total


def _unbroadcast(d, shape):
    while d.ndim > len(shape):
        d = sum_over(d, 0)[0]
    for axis, size in enumerate(shape):
        if size == 1 and d.shape[axis] != 1:
            d = sum_over(d, axis)
    return d


def _product(a, b):
    """[M, K] [K, N] -> [M, N], k from 0 to K - 1."""
    total = a[:, :1] * b[:1]
    for k in range(1, a.shape[1]):
        total = total + a[:, k:k + 1] * b[k:k + 1]
    return total


def linear(x, weight, bias):
    """x W^T + b: [M, in], [out, in], [out] -> [M, out]."""
    a, w = x.value, weight.value
    product = Node(_product(a, w.T), ((x, lambda d: _product(d, w)),
                                      (weight, lambda d: _product(d.T, a))))
    return product + bias


def total(x, axis):
    return Node(sum_over(x.value, axis), ((x, lambda d: d + np.zeros_like(x.value)),))


def concatenate(nodes, axis):
    parents, start = [], 0
    for node in nodes:
        size = node.value.shape[axis]
        part = tuple(slice(None) for _ in range(axis)) + (slice(start, start + size),)
        parents.append((node, lambda d, part=part: d[part]))
        start += size
    return Node(np.concatenate([node.value for node in nodes], axis), tuple(parents))


def _elementwise(x, value, slope):
    return Node(value, ((x, lambda d: d * slope),))


def _rounded(function, x):
    """function of each element, exact to 28 digits, then rounded to the type of x."""
    with decimal.localcontext(_WIDE):
        values = [float(function(decimal.Decimal(float(v)))) for v in x.ravel()]
    return np.array(values, x.dtype).reshape(x.shape)


def _watch(x):
    distances = np.abs(x[x != 0])
    nearest_kink[0] = min(nearest_kink[0], float(distances.min(initial=np.inf)))


def relu(x):
    _watch(x.value)
    positive = (x.value > 0).astype(x.value.dtype)
    return _elementwise(x, np.where(x.value > 0, x.value, positive), positive)


def absolute(x):
    _watch(x.value)
    return _elementwise(x, np.abs(x.value), np.sign(x.value))


def elu(x):
    def value(v):
        return v if v > 0 else v.exp() - 1
    result = _rounded(value, x.value)
    return _elementwise(x, result, np.where(x.value > 0, np.ones_like(result), result + 1))


def sigmoid(x):
    y = _rounded(lambda v: _ONE / (1 + (-v).exp()), x.value)
    return _elementwise(x, y, y * (1 - y))


def tanh(x):
    y = _rounded(lambda v: 1 - 2 / ((2 * v).exp() + 1), x.value)
    return _elementwise(x, y, 1 - y * y)


def softplus(x, beta):
    """ln(1 + e^(beta x)) / beta; x itself where beta x > 20, as PyTorch has it."""
    wide = decimal.Decimal(float(beta))
    y = _rounded(lambda v: v if wide * v > 20 else (1 + (wide * v).exp()).ln() / wide, x.value)
    slope = _rounded(lambda v: _ONE if wide * v > 20 else 1 / (1 + (-wide * v).exp()), x.value)
    return _elementwise(x, y, slope)


def square_root(x):
    y = np.sqrt(x.value)  # rounded rightly by the standard
    return Node(y, ((x, lambda d: d / (y + y)),))
