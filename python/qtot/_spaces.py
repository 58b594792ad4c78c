"""Spaces of observations and actions: gymnasium's where it is installed, else the little of them that is needed."""

import numpy as np


def discrete(n):
    """The actions 0 to n - 1."""
    gymnasium = _gymnasium()
    return gymnasium.spaces.Discrete(n) if gymnasium else Discrete(n)


def box(size):
    """Any vector of `size` float32."""
    gymnasium = _gymnasium()
    if gymnasium:
        return gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)
    return Box(size)


def _gymnasium():
    try:
        import gymnasium
    except ImportError:
        return None
    return gymnasium


class Discrete:
    """n, shape, dtype, contains, seed and sample as gymnasium.spaces.Discrete has them."""

    start = 0
    shape = ()
    dtype = np.dtype(np.int64)

    def __init__(self, n):
        self.n = int(n)
        self._generator = np.random.default_rng()

    def contains(self, x):
        array = np.asarray(x)
        return array.shape == () and array.dtype.kind in "iu" and bool(0 <= array < self.n)

    __contains__ = contains

    def seed(self, seed=None):
        self._generator = np.random.default_rng(seed)

    def sample(self, mask=None):
        """An action of those whose mask [n] is 1; without a mask, of all."""
        actions = np.arange(self.n) if mask is None else np.flatnonzero(np.asarray(mask) == 1)
        if len(actions) == 0:
            raise ValueError("mask: expected at least one 1")
        return self._generator.choice(actions)

    def __eq__(self, other):
        return isinstance(other, Discrete) and self.n == other.n

    def __repr__(self):
        return f"Discrete({self.n})"


class Box:
    """low, high, shape, dtype and contains as gymnasium.spaces.Box has them."""

    dtype = np.dtype(np.float32)

    def __init__(self, size):
        self.shape = (int(size),)
        self.low = np.full(self.shape, -np.inf, np.float32)
        self.high = np.full(self.shape, np.inf, np.float32)

    def contains(self, x):
        return isinstance(x, np.ndarray) and x.shape == self.shape and x.dtype == self.dtype

    __contains__ = contains

    def __eq__(self, other):
        return isinstance(other, Box) and self.shape == other.shape

    def __repr__(self):
        return f"Box(-inf, inf, {self.shape}, float32)"
