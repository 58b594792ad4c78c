"""Cases in which every parameter has a gradient: three short episodes, and weights of a fixed pattern.

Their numbers come from reference.py alone, in float64 and in float32.
"""

import itertools

import numpy as np

from building import Case, arguments

N_AGENTS, N_ACTIONS, OBS_DIM, STATE_DIM, HIDDEN = 2, 3, 3, 3, 3
EPISODES = ((3, False), (2, True), (1, False))  # steps, and whether the episode ended by itself
QMIX = {"mixer": "qmix", "mixing_embed_dim": 2, "hypernet_layers": 2, "hypernet_embed": 3}


def pattern(shape, scale, seed):
    """Odd numbers between -31 and 31 over 32, times scale: exact in float32, and never 0."""
    k = np.arange(int(np.prod(shape)), dtype=np.int64) + 17 * seed + 1
    mixed = (k * 2654435761 + (k * k * 40503) % 65536) // 64 % 32
    return ((2 * mixed - 31) / 32 * scale).reshape(shape).astype(np.float32)


def parameters(shapes, seed, scale):
    return {name: pattern(shape, scale, seed + i) for i, (name, shape) in enumerate(shapes.items())}


def layer(name, n_in, n_out):
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def agent_shapes(args):
    n_inputs = (OBS_DIM + N_ACTIONS * args["obs_last_action"] + N_AGENTS * args["obs_agent_id"])
    h, shapes = HIDDEN, layer("agent.fc1", n_inputs, HIDDEN)
    if args["agent"] == "ff":
        return {**shapes, **layer("agent.fc2", h, h), **layer("agent.fc3", h, N_ACTIONS)}
    shapes.update({"agent.rnn.weight_ih": (3 * h, h), "agent.rnn.weight_hh": (3 * h, h),
                   "agent.rnn.bias_ih": (3 * h,), "agent.rnn.bias_hh": (3 * h,)})
    shapes.update(layer("agent.fc2", h, N_ACTIONS))
    if args["use_layer_norm"]:
        shapes.update({"agent.layer_norm.weight": (h,), "agent.layer_norm.bias": (h,)})
    return shapes


def hypernet_shapes(name, n_hidden, n_out):
    if not n_hidden:
        return layer(f"{name}.0", STATE_DIM, n_out)
    return {**layer(f"{name}.0", STATE_DIM, n_hidden), **layer(f"{name}.2", n_hidden, n_out)}


def mixer_shapes(args):
    mixer, e = args["mixer"], args["mixing_embed_dim"]
    hidden = args["hypernet_embed"] if args["hypernet_layers"] == 2 else 0
    value = hypernet_shapes("mixer.hyper_b2", e, 1)
    if mixer in (None, "vdn"):
        return {}
    if mixer == "vdn_s":
        return value
    if mixer == "qmix_lin":
        return {**hypernet_shapes("mixer.hyper_w1", hidden, N_AGENTS), **value}
    if mixer == "qmix_ns":
        own = {"mixer.w1": (N_AGENTS, e), "mixer.b1": (e,), "mixer.w2": (e, 1)}
        return {**own, **(value if args["qmix_ns_state_bias"] else {"mixer.b2": (1,)})}
    return {**hypernet_shapes("mixer.hyper_w1", hidden, N_AGENTS * e),
            **hypernet_shapes("mixer.hyper_b1", 0, e),
            **hypernet_shapes("mixer.hyper_w2", hidden, e), **value}


def batch():
    """Three of four actions are available; what lies after an episode is 0."""
    n_slots = 1 + max(length for length, _ in EPISODES)
    shape = (len(EPISODES), n_slots)
    arrays = {"state": pattern(shape + (STATE_DIM,), 1.5, 1),
              "obs": pattern(shape + (N_AGENTS, OBS_DIM), 1.5, 2), "reward": pattern(shape + (1,), 2, 3),
              "actions": np.zeros(shape + (N_AGENTS, 1), np.int64),
              "avail_actions": np.ones(shape + (N_AGENTS, N_ACTIONS), np.int8),
              "terminated": np.zeros(shape + (1,), np.int8), "filled": np.zeros(shape + (1,), np.int8)}
    for i, (b, t, n) in enumerate(itertools.product(range(shape[0]), range(n_slots), range(N_AGENTS))):
        if i % 4 != 3:
            arrays["avail_actions"][b, t, n, (5 * i + 2) % N_ACTIONS] = 0
        allowed = np.flatnonzero(arrays["avail_actions"][b, t, n])
        arrays["actions"][b, t, n, 0] = allowed[(i + i // 3) % len(allowed)]
    for b, (length, ends) in enumerate(EPISODES):
        arrays["filled"][b, :length + 1] = 1
        arrays["terminated"][b, length - 1] = ends
        arrays["reward"][b, length:] = 0
        for key, array in arrays.items():
            array[b, length + 1:] = 0
    return arrays


def dense(name, shows, scale=1.0, seed=6, weights=None, **changes):
    """The seed is one for which generate.py finds every kink and every choice of action far enough."""
    arrays = batch()
    if weights is not None:
        arrays["per_weight"] = weights
    args = arguments(arrays, **{"gamma": 0.875, "td_lambda": 0.5, "obs_last_action": True,
                                "obs_agent_id": True, "rnn_hidden_dim": HIDDEN, "lr": 0.001, **changes})
    shapes = {**agent_shapes(args), **mixer_shapes(args)}
    return Case(name, shows, "the recorded numbers", arrays, parameters(shapes, 100 * seed + 5, scale),
                parameters(shapes, 100 * seed + 55, scale), args, {})


def all_cases():
    yield dense("dense_iql", "gradients of independent learners", mixer=None)
    yield dense("dense_vdn", "gradients through time", mixer="vdn")
    yield dense("dense_vdn_no_id_no_action", "inputs are the observation alone", mixer="vdn",
                obs_last_action=False, obs_agent_id=False)
    yield dense("dense_vdn_feed_forward", "an agent without memory", mixer="vdn", agent="ff")
    yield dense("dense_vdn_layer_norm", "layer norm before the output, not in the memory", mixer="vdn",
                use_layer_norm=True)
    yield dense("dense_vdn_s", "VDN with a state value", mixer="vdn_s")
    yield dense("dense_qmix_1_layer", "hypernetworks of one layer", **{**QMIX, "hypernet_layers": 1})
    yield dense("dense_qmix_2_layers", "hypernetworks of two layers", **QMIX)
    yield dense("dense_qmix_softplus", "softplus of sharpness 2 in place of abs", **QMIX,
                qmix_pos_func="softplus", qmix_pos_func_beta=2.0, seed=10)
    yield dense("dense_qmix_quadratic", "u^2 / 2 in place of abs", **QMIX, qmix_pos_func="quadratic")
    yield dense("dense_qmix_unconstrained", "mixing weights of either sign", **QMIX, abs=False, seed=10)
    yield dense("dense_qmix_lin_1_layer", "QMIX-Lin: no hidden mixing layer",
                **{**QMIX, "mixer": "qmix_lin", "hypernet_layers": 1})
    yield dense("dense_qmix_lin_2_layers", "QMIX-Lin", **{**QMIX, "mixer": "qmix_lin"})
    yield dense("dense_qmix_ns", "QMIX-NS: mixing weights that know no state",
                **{**QMIX, "mixer": "qmix_ns"}, seed=11)
    yield dense("dense_qmix_ns_state_bias", "QMIX-NS with V(s)",
                **{**QMIX, "mixer": "qmix_ns", "qmix_ns_state_bias": True}, seed=11)
    yield dense("dense_qmix_per", "prioritised replay", **QMIX, use_per=True, weights=[0.25, 1, 0.5],
                loss_factor=0.5, seed=10)
    yield dense("dense_qmix_adam", "Adam with weight decay, clipped", 1.25, **QMIX, optimizer="adam",
                weight_decay=0.0625, grad_norm_clip=0.25, loss_factor=0.5)
    yield dense("dense_qmix_rmsprop", "RMSprop with weight decay, clipped", 1.25, **QMIX,
                weight_decay=0.0625, grad_norm_clip=0.25)
    yield dense("dense_qmix_no_double_q", "the target network chooses", **QMIX, double_q=False)
    yield dense("dense_qmix_target_updates", "hard copies after calls 2 and 4", **QMIX,
                target_update_interval=2, lr=0.004, seed=10)
