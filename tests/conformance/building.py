"""Parts of which the cases are made: arguments, episodes, and networks whose values one can read off."""

import dataclasses

import numpy as np

# every key that decides something, so that no reader has to guess a default
ARGS = {
    "agent": "rnn", "use_layer_norm": False,
    "obs_last_action": False, "obs_agent_id": False,
    "mixer": "vdn", "mixing_embed_dim": 2, "hypernet_layers": 1, "hypernet_embed": 2, "abs": True,
    "qmix_pos_func": "abs", "qmix_pos_func_beta": 1.0, "qmix_ns_state_bias": False,
    "gamma": 0.5, "td_lambda": 0.0, "q_lambda": False, "double_q": True, "loss_factor": 1.0,
    "use_per": False, "time_limit": "truncation", "padding_mask": "strict",
    "lambda_start": "episode_end", "mask_target_qs": True,
    "grad_norm_clip": 10.0, "target_update_interval": 1000000, "target_update_tau": 0.0,
    "optimizer": "rmsprop", "lr": 0.0001, "optim_alpha": 0.99, "optim_eps": 1e-5, "weight_decay": 0.0,
}


@dataclasses.dataclass
class Case:
    """One case, and what is known of it without a program."""

    name: str
    shows: str      # one line: what an implementation may get wrong here
    must_hold: str  # one line: the right answer in words
    batch: dict
    params: dict
    target_params: dict
    args: dict
    right: dict     # tensor -> numbers found on paper; of a tensor [B, T, ...] the steps of each episode
    leave_out: tuple = ()  # tensors that say nothing here


@dataclasses.dataclass
class Episode:
    """L steps and L + 1 slots. Lists run over slots, inner ones over agents."""

    situations: list       # row of the table that the agent's observation stands for
    actions: list
    rewards: list          # L numbers
    ends: bool             # by itself; otherwise the time limit cuts it
    states: list = None    # default: 1 and nothing else
    unavailable: dict = dataclasses.field(default_factory=dict)  # (slot, agent) -> actions
    last_reward: float = 0.0  # what stands in the reward of slot L

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


EMPTY = Episode([], [], [], False)


def batch_of(episodes, n_situations, n_actions, n_agents=2, n_slots=None, state_dim=1):
    """The padded arrays of a case; an observation is the one-hot of its situation."""
    n_slots = n_slots or max(len(e.situations) for e in episodes)
    shape = (len(episodes), n_slots)
    batch = {"state": np.zeros(shape + (state_dim,), np.float32),
             "obs": np.zeros(shape + (n_agents, n_situations), np.float32),
             "actions": np.zeros(shape + (n_agents, 1), np.int64),
             "avail_actions": np.zeros(shape + (n_agents, n_actions), np.int8),
             "reward": np.zeros(shape + (1,), np.float32),
             "terminated": np.zeros(shape + (1,), np.int8), "filled": np.zeros(shape + (1,), np.int8)}
    for b, e in enumerate(episodes):
        for slot, (situations, actions) in enumerate(zip(e.situations, e.actions)):
            batch["filled"][b, slot] = 1
            batch["state"][b, slot] = e.states[slot] if e.states else [1]
            batch["avail_actions"][b, slot] = 1
            for n in range(n_agents):
                if situations[n] is not None:
                    batch["obs"][b, slot, n, situations[n]] = 1
                batch["actions"][b, slot, n, 0] = actions[n]
                batch["avail_actions"][b, slot, n, list(e.unavailable.get((slot, n), ()))] = 0
        n_steps = len(e.rewards)
        batch["reward"][b, :n_steps, 0] = e.rewards
        if e.situations:
            batch["reward"][b, n_steps, 0] = e.last_reward
            batch["terminated"][b, n_steps - 1] = e.ends
    return batch


def table_agent(table, bias=None):
    """A recurrent agent that looks its values up: table[k][a] for the one-hot observation k.

    x = relu(2 obs - 1) = obs. The update gate is sigmoid(-60), which is lost beside 1, so that h = n =
    tanh(40 obs) = obs in float64 and float32 alike, and the value of action a is row a of fc2 at k.
    """
    table = np.asarray(table, np.float32)
    k, eye = len(table), np.eye(len(table), dtype=np.float32)
    zero = np.zeros((k, k), np.float32)
    gates = np.zeros(3 * k, np.float32)
    gates[k:2 * k] = -60
    return {"agent.fc1.weight": 2 * eye, "agent.fc1.bias": -np.ones(k, np.float32),
            "agent.rnn.weight_ih": np.concatenate([zero, zero, 40 * eye]),
            "agent.rnn.weight_hh": np.concatenate([zero, zero, zero]),
            "agent.rnn.bias_ih": gates, "agent.rnn.bias_hh": np.zeros(3 * k, np.float32),
            "agent.fc2.weight": np.ascontiguousarray(table.T),
            "agent.fc2.bias": np.asarray(bias or np.zeros(table.shape[1]), np.float32)}


def by_state(name, columns, bias=None):
    """A layer that writes column j for the one-hot state j."""
    weight = np.asarray(columns, np.float32).T.copy()
    return {f"{name}.weight": weight,
            f"{name}.bias": np.asarray(bias if bias is not None else np.zeros(len(weight)), np.float32)}


def through_hidden(name, columns):
    """The same with a hidden layer of width S before it, which hands the one-hot state on."""
    eye = np.eye(len(columns), dtype=np.float32)
    return {f"{name}.0.weight": 2 * eye, f"{name}.0.bias": -np.ones(len(columns), np.float32),
            **by_state(f"{name}.2", columns)}


def sizes_of_inputs(batch, args):
    _, _, n_agents, n_actions = batch["avail_actions"].shape
    return (batch["obs"].shape[3] + n_actions * args["obs_last_action"]
            + n_agents * args["obs_agent_id"])


def arguments(batch, **changes):
    unknown = changes.keys() - ARGS.keys() - {"rnn_hidden_dim"}
    assert not unknown, unknown
    _, _, n_agents, n_actions = batch["avail_actions"].shape
    width = {"rnn_hidden_dim": sizes_of_inputs(batch, {**ARGS, **changes})}  # of a table_agent()
    return {**ARGS, **width, **changes, "n_agents": n_agents, "n_actions": n_actions,
            "state_shape": batch["state"].shape[2], "obs_shape": batch["obs"].shape[3]}
