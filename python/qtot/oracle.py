"""What every number of a learner step must be, and where somebody's own numbers differ.

    step, step_file   all values and gradients of one step, and the parameters after one and five
    check             compares the results that a case stores, tensor by tensor
    diagnose          which quirk or mistake explains results that disagree

A case is the path of an npz file, or a mapping with the members of one: "in/obs", "param/agent.fc1.weight",
"f64/q_tot", and "meta", a dict or its JSON. Keywords replace keys of its configuration (gamma=0.9).
dtype is "f32", "f64" or "wide" (113 bits).
"""

import errno
import json
import os
from collections.abc import Mapping

import numpy as np

from qtot import _core
from qtot._arrays import as_array, as_keys

__all__ = ["check", "diagnose", "step", "step_file"]


def step(params, batch, config=None, target_params=None, dtype="f64", **keys):
    """One step of the learner that trains.

    params         tensor by name of PyTorch's state dicts: "agent.fc1.weight", "mixer.hyper_w1.0.weight"
    batch          state [B, T+1, S], obs [B, T+1, N, O], actions [B, T+1, N, 1], avail_actions
                   [B, T+1, N, A], reward, terminated and filled [B, T+1, 1]; per_weight [B] if you like
    config         keys by PyMARL's names, with "preset" for whose conventions hold ("strict" when there is
                   none); keys that no learner step depends on are ignored, as PyMARL's args have many. Or
                   the `meta` of a case file, which has its keys under "args".
    target_params  like params; None: the same numbers
    keys           replace keys of config; one that there is not is a ValueError
    Returns a dict in dataflow order, "agent_q" to "param5/mixer...": float32 for "f32", else float64. "wide"
    adds "wide_rest/<name>", what rounding to double left over.
    """
    members = {"meta": _meta(config)}
    for prefix, arrays in (("in/", batch), ("param/", params), ("tparam/", target_params or {})):
        if not isinstance(arrays, Mapping):
            kind = {"in/": "batch", "param/": "params", "tparam/": "target_params"}[prefix]
            raise ValueError(f"{kind}: expected a dict of arrays, found {type(arrays).__name__}")
        for name, value in arrays.items():
            members[name if name.startswith(prefix) else prefix + name] = value
    return _core.step(_members(members), "batch", as_keys(keys), dtype)


def step_file(path, dtype="f64", **keys):
    """The same for the case in a file."""
    return _core.step(*_source(path), as_keys(keys), dtype)


def check(case, dtype="f64", tolerance="pass", **keys):
    """Compares the results that are stored in a case, which may be the file of a single part.

    tolerance  "pass" (the pass rule), "certified" (what rounding may do to this case), or numbers of the
               pass rule that differ: "value=1e-5,gradient=1e-3"
    Returns the report as a dict: agrees, first (the first tensor in dataflow order that differs, where and
    by how much, or None), reason, tensors, ...
    """
    return json.loads(_core.check(*_source(case), as_keys(keys), dtype, tolerance))


def diagnose(case, **keys):
    """Searches quirks and common mistakes, one and two at a time, for what explains the results that are
    stored in a case.

    Returns a dict: agrees, explained, explanations [{ids, sentence, max_ulp, ...}], nearest, ...
    """
    return json.loads(_core.diagnose(*_source(case), as_keys(keys)))


def _source(case):
    """What the compiled part takes for a case: a path or members, and a name for messages."""
    if isinstance(case, Mapping):
        return _members(case), "case"
    path = os.fspath(case)
    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return path, path


def _members(case):
    members = {}
    for name, value in case.items():
        if name == "meta" and isinstance(value, Mapping):
            value = json.dumps(value, default=_plain)
        if name == "meta" and isinstance(value, str):
            value = value.encode()
        if name == "meta" and isinstance(value, bytes):
            value = np.frombuffer(value, np.uint8)
        members[name] = as_array(name, value)
    return members


def _meta(config):
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        raise ValueError(f"config: expected a dict, found {type(config).__name__}")
    if "args" in config:
        return dict(config)
    preset = config.get("preset", "strict")
    return {"peer": preset, "preset": preset,
            "args": {key: value for key, value in config.items() if key != "preset"}}


def _plain(value):
    """A value that JSON does not know: a number of NumPy, or an object of PyMARL's that no step reads."""
    return value.item() if isinstance(value, np.generic) else str(value)
