"""The strict learner of the conformance suite, in the plainest words: IQL, VDN, QMIX and its ablations.

Padding does not exist for it: an episode of L steps has slots 0..L and steps 0..L-1, whatever the shape
of the arrays. Equations and names: docs/algorithms.md; conventions: docs/conformance.md.

    B episodes   T1 slots   T = T1 - 1 steps   N agents   A actions   H width of the agent
    S size of the state   E mixing embedding   K columns of Q_tot: 1, or N for IQL
"""

import numpy as np

import autodiff as ad
from autodiff import Node

UNAVAILABLE = -9999999  # the target network's value of an action that is not available
N_UPDATES = 5

# smallest margin between the best available action and the next, 0 left out
nearest_choice = [float("inf")]


def learn(params, target_params, batch, args, dtype=np.float64):
    """What N_UPDATES calls of train() on one batch compute.

    params, target_params  name -> array; batch  name -> array [B, T1, ...]; args  PyMARL's keys.
    Returns name -> array: those of the first call, and param1/, param5/, losses, grad_norms.
    """
    params = {name: np.asarray(value, dtype) for name, value in params.items()}
    target = {name: np.asarray(value, dtype) for name, value in target_params.items()}
    memory, outputs, losses, norms, last_copy = {}, {}, [], [], 0
    for call in range(1, N_UPDATES + 1):
        found, gradient = step(params, target, batch, args, dtype)
        if call == 1:
            outputs.update(found)
            outputs.update({"grad/" + name: g for name, g in gradient.items()})
        if found["mask"].any():  # without a valid step there is nothing to learn from
            params = optimise(params, gradient, found["grad_norm"], memory, args, dtype)
        tau = args["target_update_tau"]
        if tau > 0:
            target = {n: dtype(1 - tau) * target[n] + dtype(tau) * params[n] for n in params}
        elif call - last_copy >= args["target_update_interval"]:  # one environment episode a call
            target, last_copy = dict(params), call
        losses.append(float(found["loss"]))
        norms.append(float(found["grad_norm"]))
        if call in (1, N_UPDATES):
            outputs.update({f"param{call}/{name}": value for name, value in params.items()})
    outputs.update(losses=np.array(losses), grad_norms=np.array(norms))
    return outputs


def step(params, target_params, batch, args, dtype):
    """One forward and backward pass: (name -> array, parameter name -> gradient before clipping)."""
    online = {name: Node(value) for name, value in params.items()}
    target = {name: Node(value) for name, value in target_params.items()}
    n_steps = batch["filled"].shape[1] - 1
    states = [Node(batch["state"][:, slot].astype(dtype)) for slot in range(n_steps + 1)]
    mask = valid_steps(batch).astype(dtype)  # [B, T]

    q = unroll(online, batch, args, dtype)         # [T1] of [B, N, A]
    target_q = unroll(target, batch, args, dtype)  # [T1] of [B, N, A]
    chosen = [taken(q[t], batch["actions"][:, t, :, 0]) for t in range(n_steps)]
    actions, values = [], []
    for slot in range(n_steps + 1):
        avail = batch["avail_actions"][:, slot]
        actions.append(greedy(q[slot].value, avail))
        best = actions[slot] if args["double_q"] else greedy(target_q[slot].value, avail)
        values.append(value_of(target_q[slot].value, best, avail))
    q_tot = [mix(online, chosen[t], states[t], args) for t in range(n_steps)]
    target_q_tot = [mix(target, Node(values[slot]), states[slot], args).value
                    for slot in range(n_steps + 1)]
    targets = lambda_returns(batch, np.stack(target_q_tot, 1), args, dtype)  # [B, T, K]

    td_error = [q_tot[t] - Node(targets[:, t]) for t in range(n_steps)]
    n_terms = int(mask.sum()) * targets.shape[2]
    loss, gradient = loss_and_gradient(online, td_error, mask, n_terms, batch, args, dtype)
    inside = inside_of(batch)  # [B, T1]
    outputs = {
        "agent_q": only(np.stack([node.value for node in q], 1), inside),
        "target_agent_q": only(np.stack([node.value for node in target_q], 1), inside),
        "chosen_q": only(np.stack([node.value for node in chosen], 1), mask),
        "cur_max_actions": only(np.stack(actions, 1), inside)[..., None].astype(np.int16),
        "target_max_agent_q": only(np.stack(values, 1), inside),
        "target_max_qvals": only(np.stack(target_q_tot, 1), inside),
        "q_tot": only(np.stack([node.value for node in q_tot], 1), mask),
        "targets": only(targets, mask),
        "mask": mask[..., None] + np.zeros_like(targets),
        "td_error": only(np.stack([node.value for node in td_error], 1), mask),
        "loss": loss,
        "grad_norm": norm_of(gradient, dtype),
    }
    outputs["masked_td_error"] = outputs["td_error"]  # outside the mask it is 0 already
    if args["use_per"]:
        outputs["per_priority"] = priorities(outputs["td_error"], mask)
    return outputs, gradient


# --- episodes

def valid_steps(batch):
    """[B, T] 1 where a step was played: t < L, for truncated and terminated episodes alike."""
    length = batch["filled"][:, :, 0].sum(1) - 1
    return np.arange(batch["filled"].shape[1] - 1)[None] < length[:, None]


def inside_of(batch):
    """[B, T1] 1 in slots 0..L."""
    return batch["filled"][:, :, 0] != 0


def only(array, where):
    """`array` with 0 where an episode has no such slot or step."""
    return array * (where != 0).reshape(where.shape + (1,) * (array.ndim - 2)).astype(array.dtype)


def agent_inputs(batch, args, slot, dtype):
    """[B * N, X]: the observation, the last action and the agent's index, the latter two one-hot."""
    n_episodes, _, n_agents, n_actions = batch["avail_actions"].shape
    parts = [batch["obs"][:, slot].astype(dtype)]
    if args["obs_last_action"]:
        last = np.zeros((n_episodes, n_agents, n_actions), dtype)
        for b, n in np.ndindex(n_episodes, n_agents) if slot > 0 else ():
            if batch["filled"][b, slot - 1, 0]:
                last[b, n, batch["actions"][b, slot - 1, n, 0]] = 1
        parts.append(last)
    if args["obs_agent_id"]:
        parts.append(np.stack([np.eye(n_agents, dtype=dtype)] * n_episodes))
    return Node(np.concatenate(parts, 2).reshape(n_episodes * n_agents, -1))


# --- agents

def unroll(p, batch, args, dtype):
    """Utilities [B, N, A] of every slot; the hidden state is 0 before slot 0."""
    n_episodes, n_slots, n_agents, n_actions = batch["avail_actions"].shape
    hidden = Node(np.zeros((n_episodes * n_agents, args["rnn_hidden_dim"]), dtype))
    utilities = []
    for slot in range(n_slots):
        inputs = agent_inputs(batch, args, slot, dtype)
        if args["agent"] == "ff":
            q = feed_forward(p, inputs)
        else:
            q, hidden = recurrent(p, inputs, hidden, args, dtype)
        utilities.append(q.reshape(n_episodes, n_agents, n_actions))
    return utilities


def dense(p, name, x):
    return ad.linear(x, p[name + ".weight"], p[name + ".bias"])


def feed_forward(p, inputs):
    hidden = ad.relu(dense(p, "agent.fc2", ad.relu(dense(p, "agent.fc1", inputs))))
    return dense(p, "agent.fc3", hidden)


def recurrent(p, inputs, h, args, dtype):
    width = args["rnn_hidden_dim"]
    x = ad.relu(dense(p, "agent.fc1", inputs))
    gi = ad.linear(x, p["agent.rnn.weight_ih"], p["agent.rnn.bias_ih"])  # r, z, n side by side
    gh = ad.linear(h, p["agent.rnn.weight_hh"], p["agent.rnn.bias_hh"])
    r = ad.sigmoid(gi[:, :width] + gh[:, :width])
    z = ad.sigmoid(gi[:, width:2 * width] + gh[:, width:2 * width])
    n = ad.tanh(gi[:, 2 * width:] + r * gh[:, 2 * width:])
    h = n + z * (h - n)
    out = layer_norm(p, h, dtype) if args["use_layer_norm"] else h
    return dense(p, "agent.fc2", out), h


def layer_norm(p, x, dtype):
    """Over each row, with the population's variance and 1e-5 inside the root."""
    width = Node(np.array([[x.value.shape[1]]], dtype))
    centred = x - ad.total(x, 1) / width
    variance = ad.total(centred * centred, 1) / width
    normal = centred / ad.square_root(variance + Node(np.array([[1e-5]], dtype)))
    return normal * p["agent.layer_norm.weight"] + p["agent.layer_norm.bias"]


# --- choice of actions

def taken(q, actions):
    """Values [B, N] of the stored actions."""
    b, n = np.indices(actions.shape)
    return q[b, n, actions]


def greedy(q, avail):
    """[B, N] first index among the largest available; 0 where nothing is available."""
    best = np.zeros(q.shape[:2], np.int64)
    for b, n in np.ndindex(*best.shape):
        available = [a for a in range(q.shape[2]) if avail[b, n, a]]
        best[b, n] = max(available, key=lambda a: (q[b, n, a], -a), default=0)
        margins = [abs(float(q[b, n, best[b, n]] - q[b, n, a])) for a in available]
        nearest_choice[0] = min([nearest_choice[0]] + [m for m in margins if m > 0])
    return best


def value_of(target_q, actions, avail):
    """Target values [B, N] of `actions`; of one that is not available, UNAVAILABLE."""
    b, n = np.indices(actions.shape)
    return np.where(avail[b, n, actions] != 0, target_q[b, n, actions],
                    target_q.dtype.type(UNAVAILABLE))


# --- mixers

def mix(p, q, state, args):
    """Utilities [B, N] and state [B, S] to Q_tot [B, K]."""
    mixer = args["mixer"]
    if mixer in (None, "iql"):
        return q
    if mixer == "vdn":
        return ad.total(q, 1)
    if mixer == "vdn_s":
        return ad.total(q, 1) + hypernet(p, "mixer.hyper_b2", state)
    if mixer == "qmix_lin":
        weights = positive(hypernet(p, "mixer.hyper_w1", state), args)
        return ad.total(q * weights, 1) + hypernet(p, "mixer.hyper_b2", state)
    return monotonic(p, q, state, args)


def hypernet(p, name, state):
    """One layer, or two with a relu between them, as the parameters have it."""
    first = dense(p, name + ".0", state)
    return dense(p, name + ".2", ad.relu(first)) if name + ".2.weight" in p else first


def positive(u, args):
    if not args["abs"]:
        return u
    if args["qmix_pos_func"] == "softplus":
        return ad.softplus(u, args["qmix_pos_func_beta"])
    if args["qmix_pos_func"] == "quadratic":
        return u * u * Node(np.full((1, 1), 0.5, u.value.dtype))
    return ad.absolute(u)


def monotonic(p, q, state, args):
    """QMIX, and QMIX-NS, whose weights are its own."""
    n_agents, width = q.value.shape[1], args["mixing_embed_dim"]
    if args["mixer"] == "qmix_ns":
        w1 = positive(p["mixer.w1"], args).reshape(1, n_agents * width)
        w2 = positive(p["mixer.w2"], args).reshape(1, width)
        z, bias = p["mixer.b1"], p.get("mixer.b2") or hypernet(p, "mixer.hyper_b2", state)
    else:
        w1 = positive(hypernet(p, "mixer.hyper_w1", state), args)
        w2 = positive(hypernet(p, "mixer.hyper_w2", state), args)
        z, bias = hypernet(p, "mixer.hyper_b1", state), hypernet(p, "mixer.hyper_b2", state)
    for n in range(n_agents):  # column n * E + e of w1 leads from agent n to e
        z = z + q[:, n:n + 1] * w1[:, n * width:(n + 1) * width]
    return ad.total(ad.elu(z) * w2, 1) + bias


# --- targets, loss, optimiser

def lambda_returns(batch, values, args, dtype):
    """Peng's returns [B, T, K], each from the end of its own episode; `values` [B, T1, K].

    y[t] = r[t] + gamma ((1 - lambda) V[t+1] + lambda y[t+1]), with y[L] = V[L] where the time limit
    cut the episode, and y[L-1] = r[L-1] where it terminated.
    """
    of_return = dtype(args["td_lambda"] * args["gamma"])
    of_value = dtype((1 - args["td_lambda"]) * args["gamma"])
    valid = valid_steps(batch)
    returns = np.zeros((values.shape[0], values.shape[1] - 1, values.shape[2]), dtype)
    for b in range(values.shape[0]):
        length = int(valid[b].sum())
        following = values[b, length]
        for t in reversed(range(length)):
            reward = batch["reward"][b, t].astype(dtype)
            if batch["terminated"][b, t, 0]:
                following = reward + np.zeros_like(following)
            else:
                following = reward + of_value * values[b, t + 1] + of_return * following
            returns[b, t] = following
    return returns


def loss_and_gradient(online, td_error, mask, n_terms, batch, args, dtype):
    """loss_factor sum_b w_b sum_t td^2 / n over valid steps, and its gradient; 0 without any."""
    names = list(online)
    if n_terms == 0:
        return dtype(0), {name: np.zeros_like(online[name].value) for name in names}
    weight = np.ones(len(mask)) if not args["use_per"] else batch["per_weight"]
    loss = Node(np.zeros((1, 1), dtype))
    for t, error in enumerate(td_error):
        weighted = error * error * Node((mask[:, t] * weight.astype(dtype))[:, None])
        loss = loss + ad.total(ad.total(weighted, 0), 1)
    loss = loss * Node(np.full((1, 1), args["loss_factor"] / n_terms, dtype))
    gradient = ad.gradients(loss, [online[name] for name in names])
    return loss.value[0, 0], dict(zip(names, gradient))


def priorities(td_error, mask):
    """[B, 1] sum over steps of |td| over the square root of their number; 0 without a step."""
    n = np.maximum(ad.sum_over(mask, 1), 1)
    return ad.sum_over(np.abs(td_error[:, :, 0]), 1) / np.sqrt(n)


def norm_of(gradient, dtype):
    squares = dtype(0)
    for g in gradient.values():
        squares = squares + ad.sum_over((g * g).reshape(-1), 0)[0]
    return np.sqrt(squares)


def optimise(params, gradient, norm, memory, args, dtype):
    """The parameters after one clipped step of RMSprop or Adam, as PyTorch takes it."""
    memory.setdefault("n_steps", 0)
    memory["n_steps"] += 1
    coefficient = dtype(min(1.0, args["grad_norm_clip"] / (float(norm) + 1e-6)))
    stepped = {}
    for name, p in params.items():
        g = gradient[name] * coefficient
        if args["weight_decay"]:
            g = g + dtype(args["weight_decay"]) * p
        rule = adam if args["optimizer"] == "adam" else rmsprop
        stepped[name] = p - rule(g, name, memory, args, dtype)
    return stepped


def blend(old, new, keep, dtype):
    return dtype(keep) * old + dtype(1 - keep) * new


def rmsprop(g, name, memory, args, dtype):
    v = memory[name] = blend(memory.get(name, np.zeros_like(g)), g * g, args["optim_alpha"], dtype)
    return dtype(args["lr"]) * (g / (np.sqrt(v) + dtype(args["optim_eps"])))


def adam(g, name, memory, args, dtype, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = memory.get(name, (np.zeros_like(g), np.zeros_like(g)))
    m, v = memory[name] = blend(m, g, beta1, dtype), blend(v, g * g, beta2, dtype)
    step_size = dtype(args["lr"] / (1 - beta1 ** memory["n_steps"]))
    root = dtype(np.sqrt(1 - beta2 ** memory["n_steps"]))
    return step_size * m / (np.sqrt(v) / root + dtype(eps))
