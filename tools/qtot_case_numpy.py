"""Writes what a QMIX learner of yours, in JAX or NumPy, was given and computed as a case file of qtot.

One file that needs NumPy alone: copy it beside your program and call write_case() with your parameters
from before the step, the batch and your results. Parameters have PyTorch's names and layout; for a
Flax network of the usual form

    p = params["params"]
    agent = {**flax_dense_to_torch("fc1", p["Dense_0"]), **flax_gru_to_torch("rnn", p["GRUCell_0"]),
             **flax_dense_to_torch("fc2", p["Dense_1"])}

and a QMIX mixer is made of flax_dense_to_torch("hyper_w1.0", ...), "hyper_w1.2", "hyper_b1.0",
"hyper_w2.0", "hyper_w2.2", "hyper_b2.0" and "hyper_b2.2". Gradients go the same way, with gradient=True.
"""

import json
import os
import zipfile

import numpy as np


def flax_dense_to_torch(name, dense):
    """Flax's Dense {"kernel" [in, out], "bias" [out]} as a Linear of PyTorch."""
    return {f"{name}.weight": to_numpy(dense["kernel"]).T, f"{name}.bias": to_numpy(dense["bias"])}


def flax_gru_to_torch(name, cell, gradient=False):
    """Flax's GRUCell as a GRUCell of PyTorch.

    Flax has one bias for each of the gates r and z, PyTorch two that are added: the second is 0 here.
    The gradient of either is that of the sum, which gradient=True writes to both. An optimiser that has
    both steps twice as far and counts them twice in the norm of the gradient, so leave grad_norm, param1,
    param5, losses and grad_norms out of the outputs.
    """
    kernel = {gate: to_numpy(cell[gate]["kernel"]).T for gate in ("ir", "iz", "in", "hr", "hz", "hn")}
    bias = {gate: to_numpy(cell[gate]["bias"]) for gate in ("ir", "iz", "in", "hn")}
    second = [bias[gate] if gradient else 0 * bias[gate] for gate in ("ir", "iz")]
    return {f"{name}.weight_ih": np.concatenate([kernel[gate] for gate in ("ir", "iz", "in")]),
            f"{name}.weight_hh": np.concatenate([kernel[gate] for gate in ("hr", "hz", "hn")]),
            f"{name}.bias_ih": np.concatenate([bias[gate] for gate in ("ir", "iz", "in")]),
            f"{name}.bias_hh": np.concatenate([*second, bias["hn"]])}


# --- from here on qtot_case_torch.py and qtot_case_numpy.py are the same ---

PEERS = ("strict", "pymarl", "pymarl2", "pymarl3", "epymarl", "wqmix", "qplex", "jaxmarl", "qtot")
OPTIMISERS = {"rmsprop": "RMSprop", "adam": "Adam", "radam": "RAdam"}
OPTIMISER_OF_PEER = {"pymarl": "rmsprop", "wqmix": "rmsprop", "qplex": "rmsprop", "epymarl": "adam",
                     "jaxmarl": "radam"}

# what a learner may show; of several shapes any will do. K is 1, or N where there is no mixer
OUTPUTS = {
    "agent_q": ["B T1 N A"], "target_agent_q": ["B T1 N A", "B T N A"],
    "cur_max_actions": ["B T1 N 1", "B T N 1"], "chosen_q": ["B T N"],
    "target_max_agent_q": ["B T1 N", "B T N"], "target_max_qvals": ["B T1 K", "B T K"],
    "q_tot": ["B T K"], "targets": ["B T K"], "td_error": ["B T K"], "mask": ["B T K", "B T 1"],
    "masked_td_error": ["B T K", "B 1"], "loss": [""], "grad_norm": [""],
    "losses": ["calls"], "grad_norms": ["calls"], "per_priority": ["B 1"],
}
OF_PARAMETERS = ("grad", "param1", "param5")


def write_case(path, args, batch, params, target_params, outputs=None, *, peer="strict", preset=None,
               optimiser=None, per_weight=None, name=None, compress=True):
    """Writes one case. Arrays may be NumPy's, JAX's or PyTorch's.

    path           file to write, NAME.npz
    args           configuration with PyMARL's keys, a mapping or a namespace; keys of qtot go here, too
    batch          PyMARL's EpisodeBatch or a mapping: state [B, T1, S], obs [B, T1, N, O],
                   actions [B, T1, N, 1], avail_actions [B, T1, N, A], and reward, terminated, filled
                   [B, T1, 1]. An episode of L steps fills slots 0..L; reward[t] and terminated[t]
                   belong to the step from slot t to t + 1; a time limit is not `terminated`. What lies
                   in slots after L is written as 0
    params         parameters before the step: {"agent": state_dict, "mixer": state_dict or None}, or flat,
                   "agent.fc1.weight" -> array. Names and layout are PyTorch's, weights [out, in]
    target_params  the same of the target network
    outputs        what your program computed, by the precision it computed in:
                   {"f32": {"q_tot": ..., "loss": ..., "grad": {"agent": {...}, "mixer": {...}}}};
                   the names are those of OUTPUTS and OF_PARAMETERS, and any subset will do
    peer, preset   whose conventions qtot follows; preset, when given, decides
    optimiser      a torch optimiser, or ("Adam", {"lr": ..., ...}), or RMSprop or RAdam;
                   default: from args
    per_weight     [B] importance weights of prioritised replay

    Raises ValueError, one sentence, for what does not fit together.
    """
    for key, value in (("peer", peer), ("preset", preset or peer)):
        if value not in PEERS:
            raise ValueError(f"{key} is {value!r}; expected one of {', '.join(PEERS)}")
    members, sizes = _read_batch(batch)
    if per_weight is not None:
        members["in/per_weight"] = _array("per_weight", per_weight, (sizes["B"],), np.float64)
    online, target = _read_params("params", params), _read_params("target_params", target_params)
    _require_same_shapes("target_params", target, online)
    args = _read_args(args, sizes, online)
    members.update({"param/" + key: value for key, value in online.items()})
    members.update({"tparam/" + key: value for key, value in target.items()})
    members.update(_read_outputs(outputs or {}, sizes, online))
    kind, defaults = _read_optimiser(optimiser, args, peer)
    meta = {"case": {"name": name or os.path.splitext(os.path.basename(path))[0], "sizes": sizes},
            "peer": peer, "args": args, "optimiser": kind, "optim_defaults": defaults}
    if preset is not None:
        meta["preset"] = preset
    members["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8)
    _write_npz(path, members, compress)


def to_numpy(x):
    """An array of any kind as a NumPy array of its own."""
    return np.array(x.detach().cpu().numpy() if hasattr(x, "detach") else x)


def _read_batch(batch):
    avail = to_numpy(batch["avail_actions"])
    if avail.ndim != 4:
        raise ValueError(f"avail_actions has shape {avail.shape}; expected [B, T1, N, A]")
    b, t1, n, a = avail.shape
    if t1 < 2:
        raise ValueError("the batch has one slot; a step needs two, and L steps need L + 1")
    o, s = to_numpy(batch["obs"]).shape[-1], to_numpy(batch["state"]).shape[-1]
    fields = {"state": ((b, t1, s), np.float32), "obs": ((b, t1, n, o), np.float32),
              "reward": ((b, t1, 1), np.float32), "actions": ((b, t1, n, 1), np.int16),
              "avail_actions": ((b, t1, n, a), np.int8), "terminated": ((b, t1, 1), np.int8),
              "filled": ((b, t1, 1), np.int8)}
    arrays = {key: _array(key, batch[key], *field) for key, field in fields.items()}
    lengths = _lengths(arrays["filled"])
    for key, array in arrays.items():
        array[arrays["filled"][:, :, 0] == 0] = 0
    _require_range("actions", arrays["actions"], a)
    for key in ("avail_actions", "terminated"):
        _require_range(key, arrays[key], 2)
    members = {"in/" + key: array for key, array in arrays.items()}
    members["in/lengths"] = lengths
    members["in/is_terminated"] = _ends(arrays["terminated"][:, :, 0], lengths)
    return members, {"B": b, "T1": t1, "T": t1 - 1, "N": n, "A": a, "obs": o, "state": s}


def _lengths(filled):
    """[B] steps of each episode; 0 where nothing is filled."""
    _require_range("filled", filled, 2)
    n_slots = filled[:, :, 0].sum(1).astype(np.int64)
    for b, n in enumerate(n_slots):
        if not filled[b, :n].all():
            raise ValueError(f"filled of episode {b} is not 1 from slot 0 on and 0 after its end")
        if n == 1:
            raise ValueError(f"episode {b} has one slot and no step; fill none or at least two")
    return np.maximum(n_slots - 1, 0)


def _ends(terminated, lengths):
    """[B] 1 where the episode ended by itself."""
    for b, t in np.argwhere(terminated):
        if t != lengths[b] - 1:
            raise ValueError(f"terminated is 1 at slot {t} of episode {b}, whose last step is "
                             f"{lengths[b] - 1}; it marks that step and no other")
    return terminated.any(1).astype(np.int64)


def _array(what, value, shape, dtype):
    """`value` as dtype, which must hold its numbers exactly."""
    given = to_numpy(value)
    if given.shape != shape:
        raise ValueError(f"{what} has shape {list(given.shape)}; expected {list(shape)}")
    with np.errstate(over="ignore", invalid="ignore"):
        array = given.astype(dtype)
    if not np.isfinite(given).all():
        raise ValueError(f"{what} holds a number that is not finite")
    if (array != given).any():
        raise ValueError(f"{what} holds numbers that {np.dtype(dtype).name} cannot hold exactly; "
                         "convert it before your program computes with it")
    return array


def _require_range(what, array, end):
    if array.min(initial=0) < 0 or array.max(initial=0) >= end:
        raise ValueError(f"{what} holds {array.min()} to {array.max()}; expected 0 to {end - 1}")


def _flatten(tree, prefix=""):
    """{"agent": {"fc1.weight": x}, "mixer": None} as {"agent.fc1.weight": x}."""
    if not hasattr(tree, "items"):
        return {} if tree is None else {prefix: tree}
    flat = {}
    for key, value in tree.items():
        flat.update(_flatten(value, f"{prefix}.{key}" if prefix else key))
    return flat


def _read_params(what, params):
    flat = {key: to_numpy(value) for key, value in _flatten(params).items()}
    for key, value in flat.items():
        if not key.startswith(("agent.", "mixer.")):
            raise ValueError(f"{what} has {key!r}; names begin with 'agent.' or 'mixer.'")
        flat[key] = _array(f"{what}: {key}", value, value.shape, np.float32)
    if "agent.fc1.weight" not in flat:
        raise ValueError(f"{what} lacks 'agent.fc1.weight', the agent's first layer")
    return flat


def _require_same_shapes(what, given, params):
    """`given` has the tensors of `params` and nothing else."""
    odd = sorted(given.keys() ^ params.keys())
    if odd:
        has = "lacks" if odd[0] in params else "has"
        raise ValueError(f"{what} {has} {odd[0]!r}, unlike params")
    for key, value in given.items():
        if np.shape(value) != params[key].shape:
            raise ValueError(f"{what}: {key} has shape {list(np.shape(value))}; params has "
                             f"{list(params[key].shape)}")


def _read_args(args, sizes, params):
    """The plain values of the configuration, and what sizes and parameters say about it."""
    given = args if hasattr(args, "items") else vars(args)
    plain = {key: value.item() if isinstance(value, np.generic) else value
             for key, value in given.items()}
    plain = {key: value for key, value in plain.items()
             if isinstance(value, (bool, int, str, list, tuple, type(None)))
             or isinstance(value, float) and np.isfinite(value)}
    plain.setdefault("agent", "rnn" if "agent.rnn.weight_hh" in params else "ff")
    for key in ("mixer", "gamma", "grad_norm_clip", "obs_last_action", "obs_agent_id"):
        if key not in plain:
            raise ValueError(f"args lacks {key!r}, which qtot reads")
    found = {"n_agents": sizes["N"], "n_actions": sizes["A"], "state_shape": sizes["state"],
             "rnn_hidden_dim": params["agent.fc1.weight"].shape[0], **_mixer_sizes(params)}
    for key, value in found.items():
        if plain.setdefault(key, value) != value:
            raise ValueError(f"args has {key} = {plain[key]}, but the arrays say {value}")
    n_inputs = (sizes["obs"] + sizes["A"] * bool(plain["obs_last_action"])
                + sizes["N"] * bool(plain["obs_agent_id"]))
    if params["agent.fc1.weight"].shape[1] != n_inputs:
        raise ValueError(f"agent.fc1.weight takes {params['agent.fc1.weight'].shape[1]} inputs, but "
                         f"obs, last action and agent id, as args has them, make {n_inputs}")
    for key, value in (("double_q", True), ("td_lambda", 0.0),
                       ("target_update_interval", 200), ("use_layer_norm", False),
                       ("mixing_embed_dim", 32), ("hypernet_layers", 2), ("hypernet_embed", 64)):
        plain.setdefault(key, value)
    return plain


def _mixer_sizes(params):
    """Keys of a QMIX mixer as its parameters have them; PyMARL and PyMARL2 name these apart."""
    shape = {key[6:].replace("hyper_w_1", "hyper_w1").replace("hyper_b_1", "hyper_b1"): value.shape
             for key, value in params.items() if key.startswith("mixer.")}
    found = {}
    for bias in ("hyper_b1.0.bias", "hyper_b1.bias"):
        if bias in shape:
            found["mixing_embed_dim"] = shape[bias][0]
    if any(key.startswith("hyper_w1.") for key in shape):
        found["hypernet_layers"] = 2 if "hyper_w1.2.weight" in shape else 1
    if "hyper_w1.2.weight" in shape:
        found["hypernet_embed"] = shape["hyper_w1.2.weight"][1]
    return found


def _read_optimiser(optimiser, args, peer):
    """PyTorch's name of the optimiser and its options."""
    if hasattr(optimiser, "defaults"):
        kind, options = type(optimiser).__name__, dict(optimiser.defaults)
    elif optimiser is not None:
        kind, options = optimiser[0], dict(optimiser[1])
    else:
        key = args.get("optimizer", OPTIMISER_OF_PEER.get(peer))
        kind, options = OPTIMISERS.get(key), {}
        if kind is None or "lr" not in args:
            raise ValueError(f"args names no 'optimizer' ({', '.join(OPTIMISERS)}) with an 'lr'; give "
                             "optimiser")
        if kind == "RMSprop":
            options = {"alpha": args.get("optim_alpha", 0.99), "eps": args.get("optim_eps", 1e-5)}
        options.update(lr=args["lr"], weight_decay=args.get("weight_decay", 0))
    if kind not in OPTIMISERS.values():
        raise ValueError(f"optimiser is {kind}; qtot has {', '.join(OPTIMISERS.values())}")
    for key in ("momentum", "centered", "amsgrad", "maximize"):
        if options.get(key):
            raise ValueError(f"optimiser has {key} = {options[key]}, which qtot does not have")
    lacks = {"alpha": 0.99} if kind == "RMSprop" else {"betas": (0.9, 0.999)}
    options = {**lacks, "eps": 1e-8, "weight_decay": 0, **options}
    if "lr" not in options:
        raise ValueError("optimiser has no 'lr'")
    return kind, {key: value for key, value in options.items()
                  if isinstance(value, (bool, int, float, list, tuple))}


def _read_outputs(outputs, sizes, params):
    members = {}
    for precision, tensors in outputs.items():
        if precision not in ("f32", "f64"):
            raise ValueError(f"outputs has {precision!r}; expected 'f32' or 'f64', in which your "
                             "program computed, and below it the tensors")
        for key, value in tensors.items():
            if key in OF_PARAMETERS:
                flat = {k: to_numpy(v) for k, v in _flatten(value).items()}
                _require_same_shapes(f"outputs: {key}", flat, params)
            elif key in OUTPUTS:
                flat = {"": to_numpy(value)}
                _require_shape(key, flat[""].shape, sizes)
            else:
                raise ValueError(f"outputs has {key!r}; known are "
                                 f"{', '.join([*OUTPUTS, *OF_PARAMETERS])}")
            for k, v in flat.items():
                member = f"{precision}/{key}/{k}" if k else f"{precision}/{key}"
                members[member] = v.astype(_output_type(key, precision))
    return members


def _output_type(key, precision):
    if key == "cur_max_actions":
        return np.int16
    if key in ("losses", "grad_norms"):
        return np.float64  # Python's numbers
    return np.float32 if precision == "f32" else np.float64


def _require_shape(key, shape, sizes):
    for letters in OUTPUTS[key]:
        want = letters.split()
        if len(want) == len(shape) and all(
                n in (1, sizes["N"]) if w == "K" else w == "calls" or n == sizes.get(w, 1)
                for w, n in zip(want, shape)):
            return
    raise ValueError(f"outputs: {key} has shape {list(shape)}; expected "
                     f"{' or '.join('[' + ', '.join(x.split()) + ']' for x in OUTPUTS[key])} with "
                     f"{', '.join(f'{k} = {v}' for k, v in sizes.items() if len(k) < 3)}")


def _write_npz(path, members, compress):
    """A zip of .npy files whose bytes depend on nothing but the arrays, nor on the clock."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as file:
        for key, array in members.items():
            entry = zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = method, 0o644 << 16
            file.writestr(entry, _npy(array))


def _npy(array):
    little = array.astype(array.dtype.newbyteorder("<"))
    shape = tuple(int(n) for n in array.shape)
    header = f"{{'descr': '{little.dtype.str}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
            + little.tobytes())
