

# ---- spaces of Gymnasium, told by their attributes: neither Gymnasium nor an older gym is imported


def product(shape):
    size = 1
    for n in shape if hasattr(shape, "__len__") else [shape]:
        size *= int(n)
    return size


def parts_of(space):
    """The spaces that a Dict or a Tuple is made of, by key."""
    spaces = getattr(space, "spaces", None)
    if isinstance(spaces, dict) or hasattr(spaces, "items"):
        return list(spaces.items())
    return list(enumerate(spaces))


def size_of(space):
    """How many numbers flatten() makes of an element."""
    if getattr(space, "spaces", None) is not None:
        return sum(size_of(part) for _, part in parts_of(space))
    if hasattr(space, "nvec"):
        return int(np.sum(space.nvec))
    if getattr(space, "shape", None) is not None and not is_discrete(space):
        return product(space.shape)
    if is_discrete(space):
        return int(space.n)
    raise BadInput(f"the space {space!r} has no size")


def is_discrete(space):
    n = getattr(space, "n", None)
    return isinstance(n, (int, np.integer)) and getattr(space, "shape", ()) == ()


def flatten(space, element):
    """An element as one row of numbers: whole numbers as one-hots, parts one after the other."""
    if getattr(space, "spaces", None) is not None:
        return np.concatenate([flatten(part, element[key]) for key, part in parts_of(space)])
    if hasattr(space, "nvec"):
        digits = zip(np.ravel(space.nvec), np.ravel(element))
        return np.concatenate([one_hot(int(n), int(digit)) for n, digit in digits])
    if is_discrete(space):
        return one_hot(int(space.n), int(element) - int(getattr(space, "start", 0)))
    return np.ravel(np.asarray(element))


def one_hot(n, digit):
    if not 0 <= digit < n:
        raise ValueError(f"{digit} is not in [0, {n})")
    row = np.zeros(n, np.float32)
    row[digit] = 1
    return row


def n_actions_of(space):
    if not is_discrete(space):
        raise BadInput(f"the action space {space!r} is not Discrete")
    return int(space.n)


# ---- writing into a slot: what does not have the size that was said is an error, never stretched


def put(row, values, what):
    values = np.asarray(values).reshape(-1)
    if values.size != row.size:
        raise ValueError(f"{what} has {values.size} numbers, {row.size} were promised")
    row[:] = values


def put_mask(row, mask, what):
    mask = np.asarray(mask).reshape(-1)
    if mask.size != row.size:
        raise ValueError(f"{what} has {mask.size} actions, {row.size} were promised")
    row[:] = mask
    if not (row == mask).all():  # cut off; qtot itself refuses what is above 1
        raise ValueError(f"{what} has an entry that is neither 0 nor 1")


def every(flags):
    """Of one flag, or of one for each agent. The first case is the common one, and all() is slow."""
    return bool(flags if isinstance(flags, (bool, np.bool_)) else np.all(flags))
