"""What callers hand over, made into what the compiled part reads: C order, the machine's byte order."""

import numpy as np


def as_array(name, value, dtype=None):
    """`value` as a C-contiguous array of numbers, itself if it is one already.

    dtype  that it is converted to; None leaves it
    """
    try:
        array = np.asarray(value)
    except Exception as fault:
        raise ValueError(f"{name}: cannot be read as an array: {fault}") from fault
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ValueError(f"{name}: expected an array of numbers, found dtype {array.dtype} from "
                         f"{type(value).__name__}")
    return np.require(array, dtype or array.dtype.newbyteorder("="), "C")


def float_type(*arrays):
    """float32 where all are, else float64."""
    return np.dtype(np.float32 if all(a.dtype == np.float32 for a in arrays) else np.float64)


def require_shape(name, array, shape):
    if array.shape != tuple(shape):
        raise ValueError(f"{name}: expected shape {list(shape)}, found {list(array.shape)}")


def as_keys(config):
    """A configuration with plain Python scalars as values."""
    return {key: value.item() if isinstance(value, np.generic) else value
            for key, value in config.items()}
