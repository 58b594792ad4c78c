"""The environments of qtot, one at a time: as PyMARL and as PettingZoo know them.

An episode is a function of (seed, stream, ticket) and of the actions. Stream "training" is that of `qtot train` and
of `qtot env play`, which shows ticket 0; "evaluation" is that of evaluations and `qtot eval`. The first reset()
plays ticket 0, each further one the next.
"""

import numpy as np

from qtot import _core, _spaces
from qtot._arrays import as_keys


def environments():
    """The names that make() knows: "stag_hunt/stag_hunt_small". A family or a map alone will do, too."""
    return _core.environments()


def load_plugin(path):
    """Loads a library with a further environment (docs/plugins.md). Returns the environment's name."""
    return _core.load_plugin(str(path))


class _Episodes:
    """An environment, its arrays as they are now, and which episode comes next."""

    def __init__(self, name, seed, stream, env_args):
        self._core = _core.OneEnv(name, stream, as_env_args(env_args))
        self._sizes = self._core.sizes()
        self._name = name
        self._seed = as_seed(seed)
        self._next_ticket = 0
        agents, actions = self._sizes["n_agents"], self._sizes["n_actions"]
        self._obs = np.zeros((agents, self._sizes["obs_size"]), np.float32)
        self._state = np.zeros(self._sizes["state_size"], np.float32)
        self._avail = np.zeros((agents, actions), np.uint8)

    def _begin(self, seed, ticket):
        if seed is not None:
            self._seed = as_seed(seed)
            self._next_ticket = 0
        if ticket is not None:
            self._next_ticket = as_seed(ticket, "ticket")
        self._core.reset(self._seed, self._next_ticket)
        self._next_ticket += 1
        self._core.observe(self._obs, self._state, self._avail)

    def _play(self, actions):
        chosen = np.asarray(actions)
        if chosen.dtype.kind not in "iu" or chosen.shape != (self._sizes["n_agents"],):
            raise ValueError(f"actions: expected {self._sizes['n_agents']} integers, found "
                             f"{chosen.dtype} of shape {list(chosen.shape)}")
        result = self._core.step(np.ascontiguousarray(chosen, np.int64))
        self._core.observe(self._obs, self._state, self._avail)
        return result

    def render(self, mode="ansi"):
        """Where things stand, in a line."""
        if mode != "ansi":
            raise ValueError(f'mode: expected "ansi", found {mode!r}')
        return self._core.text()

    def action_name(self, agent, action):
        """What people call an action: "attack marine 2"."""
        return self._core.action_name(int(agent), int(action))

    def close(self):
        """There is nothing to close."""


class MultiAgentEnv(_Episodes):
    """An environment with the methods of PyMARL's MultiAgentEnv. Arrays are copies, float32."""

    @property
    def n_agents(self):
        return self._sizes["n_agents"]

    @property
    def episode_limit(self):
        return self._sizes["episode_limit"]

    def reset(self, seed=None, ticket=None):
        """Begins the next episode: of `seed` from ticket 0, where it is given, or the one with this ticket.

        Returns (observations, state).
        """
        self._begin(seed, ticket)
        return self.get_obs(), self.get_state()

    def step(self, actions):
        """Plays a step; actions [N] integers, each available.

        Returns (reward of the team, whether the episode is over, info). info["episode_limit"] is True where
        only the time limit ended it, info["battle_won"] says whether the team has won, where the environment
        reports wins, and info["agent_rewards"] [N] what each agent was paid, where the rules pay each its own.
        """
        reward, terminated, truncated, won, agent_rewards = self._play(actions)
        info = {}
        if self._sizes["reports_wins"]:
            info["battle_won"] = won
        if truncated:
            info["episode_limit"] = True
        if agent_rewards is not None:
            info["agent_rewards"] = agent_rewards
        return reward, terminated or truncated, info

    def get_obs(self):
        """[O] of each agent, as a list."""
        return [row.copy() for row in self._obs]

    def get_obs_agent(self, agent_id):
        return self._obs[agent_id].copy()

    def get_obs_size(self):
        return self._sizes["obs_size"]

    def get_state(self):
        return self._state.copy()

    def get_state_size(self):
        return self._sizes["state_size"]

    def get_avail_actions(self):
        """[A] of 0 and 1 of each agent, as lists."""
        return self._avail.tolist()

    def get_avail_agent_actions(self, agent_id):
        return self._avail[agent_id].tolist()

    def get_total_actions(self):
        return self._sizes["n_actions"]

    def get_stats(self):
        """Nothing beyond what step() tells."""
        return {}

    def get_env_info(self):
        return {"state_shape": self.get_state_size(), "obs_shape": self.get_obs_size(),
                "n_actions": self.get_total_actions(), "n_agents": self.n_agents,
                "episode_limit": self.episode_limit}

    def seed(self):
        return self._seed


class ParallelEnv(_Episodes):
    """An environment with the methods of PettingZoo's ParallelEnv. Agents are "agent_0", "agent_1", ...; they
    come and go together. Each has the actions and the part of the observation that are its own."""

    metadata = {"name": "qtot", "render_modes": ["ansi"], "is_parallelizable": True}
    render_mode = "ansi"

    def __init__(self, name, seed, stream, env_args):
        super().__init__(name, seed, stream, env_args)
        self.metadata = {**ParallelEnv.metadata, "name": name}
        self.possible_agents = [f"agent_{i}" for i in range(self._sizes["n_agents"])]
        self.agents = []
        self._n_actions = dict(zip(self.possible_agents, self._sizes["n_actions_of"]))
        self._obs_sizes = dict(zip(self.possible_agents, self._sizes["obs_size_of"]))
        self.action_spaces = {a: _spaces.discrete(n) for a, n in self._n_actions.items()}
        self.observation_spaces = {a: _spaces.box(n) for a, n in self._obs_sizes.items()}
        self.state_space = _spaces.box(self._sizes["state_size"])

    @property
    def unwrapped(self):
        return self

    @property
    def num_agents(self):
        return len(self.agents)

    @property
    def max_num_agents(self):
        return len(self.possible_agents)

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def action_space(self, agent):
        return self.action_spaces[agent]

    def reset(self, seed=None, options=None):
        """Begins the next episode: of `seed` from ticket 0, where it is given, or options={"ticket": t}.

        Returns (observations, infos), each by agent; infos[agent]["action_mask"] is 1 for available actions.
        """
        unknown = set(options or {}) - {"ticket"}
        if unknown:
            raise ValueError(f'options: expected "ticket" at most, found {sorted(unknown)}')
        self._begin(seed, (options or {}).get("ticket"))
        self.agents = list(self.possible_agents)
        return self._observations(), self._infos()

    def step(self, actions):
        """Plays a step; actions: one available action for each of `agents`.

        Returns (observations, rewards, terminations, truncations, infos), each by agent. Where the rules pay
        the team, every agent's reward is the team's.
        """
        if not self.agents:
            raise ValueError("step: no episode is going on: call reset() first")
        if set(actions) != set(self.agents):
            raise ValueError(f"actions: expected one of each of {self.agents}, found {list(actions)}")
        reward, terminated, truncated, won, paid = self._play([actions[a] for a in self.possible_agents])
        rewards = [reward] * len(self.agents) if paid is None else paid.tolist()
        agents, infos = self.agents, self._infos()
        if self._sizes["reports_wins"]:
            for info in infos.values():
                info["battle_won"] = won
        if terminated or truncated:
            self.agents = []
        return (self._observations(), dict(zip(agents, rewards)), dict.fromkeys(agents, terminated),
                dict.fromkeys(agents, truncated), infos)

    def state(self):
        return self._state.copy()

    def _observations(self):
        return {a: self._obs[i, :size].copy() for i, (a, size) in enumerate(self._obs_sizes.items())}

    def _infos(self):
        return {a: {"action_mask": self._avail[i, :n].astype(np.int8)}
                for i, (a, n) in enumerate(self._n_actions.items())}


def make(name, seed=0, *, stream="training", **env_args):
    """One environment, as PyMARL's MultiAgentEnv.

    name      "stag_hunt/stag_hunt_small", or the family or the map alone; environments() lists them
    seed      of all chance, below 2^64
    stream    "training", as `qtot train` and `qtot env play`, or "evaluation", as `qtot eval`
    env_args  further keys, as `qtot env info` shows them: episode_limit=50
    A wrong name, key or value is a ValueError that says what is known.
    """
    return MultiAgentEnv(name, seed, stream, env_args)


def make_parallel(name, seed=0, *, stream="training", **env_args):
    """The same, as PettingZoo's ParallelEnv."""
    return ParallelEnv(name, seed, stream, env_args)


def as_env_args(env_args):
    return {key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in as_keys(env_args).items()}


def as_seed(seed, what="seed"):
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise ValueError(f"{what}: expected an integer of 0 to 2^64 - 1, found {seed!r}")
    return int(seed)
