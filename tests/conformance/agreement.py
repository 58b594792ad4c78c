"""What is compared, where, and how near it must come: the one place that says so."""

import numpy as np

UNAVAILABLE = -9999999

# tensor -> where it is compared: in slots 0..L of each episode, in its steps 0..L-1, or everywhere
WHERE = {
    "agent_q": "slots", "target_agent_q": "slots", "cur_max_actions": "slots", "chosen_q": "steps",
    "target_max_agent_q": "slots", "target_max_qvals": "slots", "q_tot": "steps", "targets": "steps",
    "td_error": "steps", "masked_td_error": "steps", "mask": "everywhere", "loss": "everywhere",
    "per_priority": "everywhere", "grad": "everywhere", "grad_norm": "everywhere",
    "param1": "everywhere", "losses": "everywhere", "grad_norms": "everywhere", "param5": "everywhere",
}
RULE = {
    "f64": "1e-12 of max(1, largest |x| of the tensor); gradients 1e-12 of the largest gradient",
    "f32": "values 2e-6 of max(1, largest |x| of the tensor); loss and grad_norm 1e-6 of themselves; "
           "gradients 1e-4 of the tensor's largest, or 1e-6 of the largest gradient; parameters 2e-5",
}


def allowed(name, largest, largest_gradient, precision):
    """The error that a tensor may have whose largest |x| is `largest`."""
    head = name.split("/")[0]
    if precision == "f64":
        return 1e-12 * max(largest, largest_gradient if head == "grad" else 1.0)
    if head == "grad":
        return max(1e-4 * largest, 1e-6 * largest_gradient)
    if head in ("param1", "param5"):
        return 2e-5
    return 1e-6 * largest if head in ("loss", "grad_norm") else 2e-6 * max(1.0, largest)


def excess(name, value, expected, filled, precision, largest_gradient):
    """The largest error over what is allowed: at most 1 for what agrees, infinite for NaN."""
    value, expected = comparable(name, np.asarray(value), np.asarray(expected), filled)
    if value.shape != expected.shape or not value.size:
        return float("inf") if value.shape != expected.shape else 0.0
    with np.errstate(invalid="ignore"):
        error = float(np.abs(value - expected).max())
    limit = allowed(name, float(np.abs(expected).max()), largest_gradient, precision)
    return float("inf") if np.isnan(error) else error and error / max(limit, 1e-300)


def comparable(name, value, expected, filled):
    """The numbers of both that belong to an episode, in the order of episodes, slots and the rest."""
    where = WHERE[name.split("/")[0]]
    if where == "slots" and value.ndim > 2 and value.shape[1] == filled.shape[1] - 1:
        expected, filled = expected[:, 1:], filled[:, 1:]  # without slot 0, which no target needs
    if value.shape != expected.shape:
        return value, expected
    value, expected = value.astype(np.float64), expected.astype(np.float64)
    if where == "everywhere":
        return value.ravel(), expected.ravel()
    inside = filled[:, :value.shape[1], 0] != 0
    if where == "steps":
        inside = filled[:, 1:, 0] != 0  # a step leads to a filled slot
    value, expected = value[inside].ravel(), expected[inside].ravel()
    if name in ("agent_q", "target_agent_q"):  # some mask what is not available in place
        expected, value = expected[value != UNAVAILABLE], value[value != UNAVAILABLE]
    return value, expected


def ragged(tensor, filled):
    """A tensor [B, T or T1, ...] as a list of episodes, each of its own steps or slots."""
    n = filled[:, :, 0].sum(1).astype(int) - (tensor.shape[1] < filled.shape[1])
    return [tensor[b, :max(k, 0)] for b, k in enumerate(n)]


def off_paper(name, value, paper, filled, precision):
    """excess() against numbers found on paper, which are lists of episodes where a tensor has them."""
    value = np.asarray(value)
    if WHERE[name.split("/")[0]] in ("slots", "steps") or name == "mask":
        value = np.concatenate([part.ravel() for part in ragged(value, filled)])
    numbers = np.array(list(flat(paper)), np.float64)
    if value.size != numbers.size:
        return float("inf")
    largest = float(np.abs(numbers).max())
    limit = allowed(name, largest, max(largest, 1.0), precision)
    error = float(np.abs(value.ravel() - numbers).max())
    return float("inf") if np.isnan(error) else error and error / max(limit, 1e-300)


def flat(nested):
    if not isinstance(nested, (list, tuple)):
        yield nested
        return
    for inner in nested:
        yield from flat(inner)
