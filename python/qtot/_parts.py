"""Parts of the learner alone."""

import numpy as np

from qtot import _core
from qtot._arrays import as_array, as_keys, float_type, require_shape


def lambda_returns(rewards, next_values, terminated, gamma, td_lambda, lengths=None):
    """Peng's lambda-returns, by the learner's own recursion:

        R[t] = r[t] + gamma (lambda R[t+1] + (1 - lambda) V[t+1]),   R[L] = V[L], or 0 when terminated

    rewards      [B, T] or [T], r[t]
    next_values  the same shape: V[t+1] in column t
    terminated   [B] (a scalar for [T]): whether the episode ended, and was not merely cut off; or flags
                 with the shape of rewards, which may be set at an episode's last step alone
    lengths      [B] (a scalar), L of each episode, at most T; None: all T
    Returns an array like rewards, 0 behind each episode's end; float32 when rewards and next_values are,
    else float64.
    """
    episodes = _Episodes(rewards, next_values, terminated, lengths)
    return episodes.call(_core.lambda_returns, float(gamma), float(td_lambda))


def corrected_returns(rewards, next_values, next_qs, next_traces, terminated, gamma, lengths=None):
    """Off-policy corrected returns, by the learner's own recursion:

        G[t] = r[t] + gamma (V[t+1] + c[t+1] (G[t+1] - Q[t+1])),   c[L] = 0, V[L] = 0 when terminated

    next_qs      like rewards: Q[t+1] of the stored action in column t
    next_traces  like rewards: c[t+1] in column t. With pi and mu the probabilities of that action under the
                 target policy and when it was taken: lam (Harutyunyan), lam * is_greedy (Watkins), lam * pi
                 (tree backup), lam * np.minimum(1, pi / mu) (Retrace), lam * pi / mu (importance sampling)

    Column L - 1 of both is not read. The rest and the result are as in lambda_returns.
    """
    episodes = _Episodes(rewards, next_values, terminated, lengths, next_qs=next_qs,
                         next_traces=next_traces)
    return episodes.call(_core.corrected_returns, float(gamma))


def n_step_returns(rewards, next_values, terminated, gamma, n_step, lengths=None):
    """n-step returns: m = min(n_step, L - t) discounted rewards and gamma^m V[t + m], which is 0 at L when
    terminated. The arguments and the result are as in lambda_returns; n_step is at least 1.
    """
    episodes = _Episodes(rewards, next_values, terminated, lengths)
    # no episode is longer
    return episodes.call(_core.n_step_returns, float(gamma), min(int(n_step), 2**30))


class _Episodes:
    """Arrays of B episodes, checked and in the form that _core reads in place."""

    def __init__(self, rewards, next_values, terminated, lengths, **more):
        rewards = as_array("rewards", rewards)
        if rewards.ndim not in (1, 2):
            raise ValueError(f"rewards: expected shape [B, T] or [T], found {list(rewards.shape)}")
        arrays = {name: as_array(name, value)
                  for name, value in {"next_values": next_values, **more}.items()}
        for name, array in arrays.items():
            require_shape(name, array, rewards.shape)
        arrays = {"rewards": rewards, **arrays}
        dtype = float_type(*arrays.values())
        self._shape = rewards.shape
        self._lengths = _lengths(lengths, rewards.shape)
        self._terminated = _terminated(terminated, self._lengths, rewards.shape)
        rows = (len(self._lengths), rewards.shape[-1])
        self._arrays = [as_array(name, array, dtype).reshape(rows) for name, array in arrays.items()]

    def call(self, function, *numbers):
        returns = function(*self._arrays, self._terminated, self._lengths, *numbers)
        return returns.reshape(self._shape)


def _lengths(lengths, shape):
    n_steps = shape[-1]
    if lengths is None:
        return np.full(shape[:-1], n_steps, np.int64).reshape(-1)
    array = as_array("lengths", lengths)
    if array.dtype.kind not in "iu":
        raise ValueError(f"lengths: expected integers, found {array.dtype}")
    require_shape("lengths", array, shape[:-1])
    for b, length in enumerate(array.reshape(-1)):
        if not 0 <= length <= n_steps:
            raise ValueError(f"lengths: episode {b} has {length} steps, expected 0 to {n_steps}")
    return as_array("lengths", array, np.int64).reshape(-1)


def _terminated(terminated, lengths, shape):
    array = as_array("terminated", terminated)
    if not np.isin(array, (0, 1)).all():
        raise ValueError("terminated: expected zeros and ones, found other numbers")
    if array.shape == shape[:-1]:
        return as_array("terminated", array, np.uint8).reshape(-1)
    if array.shape != shape:
        raise ValueError(f"terminated: expected shape {list(shape[:-1])} or {list(shape)}, "
                         f"found {list(array.shape)}")
    flags = array.reshape(len(lengths), -1) != 0
    for b, (row, length) in enumerate(zip(flags, lengths)):
        wrong = [t for t in np.flatnonzero(row) if t != length - 1]
        if wrong:
            raise ValueError(f"terminated: episode {b} ends at step {wrong[0]}, but its last step is "
                             f"{length - 1}; pass lengths")
    return flags.any(axis=1).astype(np.uint8)


def mixer(name, params, agent_qs, state=None, grad_out=None, **config):
    """A mixing network's value and, given the gradient of its output, its gradients.

    name      "qmix", "vdn", "iql", ...: the key `mixer`
    params    tensor by name of PyTorch's state dict ("hyper_w1.0.weight" or "mixer.hyper_w1.0.weight");
              PyMARL's names of QMIX ("hyper_w_1", "hyper_w_final", "V.0", ...) are known, too
    agent_qs  [..., N] values of the N agents
    state     [..., S] with the same leading axes; None where the mixer has no parameters
    grad_out  [..., 1] ([..., N] for iql), or None
    config    keys of the configuration: mixing_embed_dim=16, hypernet_layers=1, qmix_pos_func="softplus"
    Returns q_tot [..., 1] and, with grad_out, the pair (gradient of agent_qs, {name: gradient}), else None.
    Computed in float32 when agent_qs, state and grad_out are float32, else in float64.
    """
    qs = as_array("agent_qs", agent_qs)
    if qs.ndim < 1 or qs.shape[-1] < 1:
        raise ValueError(f"agent_qs: expected shape [..., N], found {list(qs.shape)}")
    if state is None:
        if params:
            raise ValueError("state: expected an array [..., S], found None")
        state = np.zeros(qs.shape[:-1] + (1,), qs.dtype)
    state = _like("state", state, qs, "S")
    grad = None if grad_out is None else _like("grad_out", grad_out, qs, "1")
    dtype = float_type(*(array for array in (qs, state, grad) if array is not None))

    def rows(label, array):
        array = as_array(label, array, dtype)
        return array.reshape(int(np.prod(array.shape[:-1])), array.shape[-1])

    tensors = {key: as_array(f"params[{key!r}]", value, dtype) for key, value in params.items()}
    q_tot, gradients = _core.mixer(name, tensors, rows("agent_qs", qs), rows("state", state),
                                   None if grad is None else rows("grad_out", grad), as_keys(config))
    q_tot = q_tot.reshape(qs.shape[:-1] + q_tot.shape[-1:])
    if gradients is None:
        return q_tot, None
    return q_tot, (gradients[0].reshape(qs.shape), gradients[1])


def _like(name, value, qs, last):
    """An array with the leading axes of agent_qs."""
    array = as_array(name, value)
    if array.ndim != qs.ndim or array.shape[:-1] != qs.shape[:-1]:
        expected = ", ".join([*map(str, qs.shape[:-1]), last])
        raise ValueError(f"{name}: expected shape [{expected}], found {list(array.shape)}")
    return array
