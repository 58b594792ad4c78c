

# ---- adapters: spec() says the sizes, reset() and step() play, write() fills a slot


def takes(function, name=None):
    """Whether it can be called with one argument, or with the keyword `name`."""
    try:
        signature = inspect.signature(function)
        signature.bind(**{name: 0}) if name else signature.bind(0)
    except (TypeError, ValueError):
        return False
    return True


def how_to_seed(env):
    if takes(env.reset, "seed"):
        return "reset"
    return "seed" if takes(getattr(env, "seed", None)) else "not"


def reset_with(env, how, seed):
    if how == "reset":
        return env.reset(seed=seed)
    if how == "seed":
        env.seed(seed)
    return env.reset()


def limit_of(env):
    """The time limit that an environment says it has; 0 where it says none."""
    for holder in (getattr(env, "spec", None), env, getattr(env, "unwrapped", None)):
        for name in ("max_episode_steps", "_max_episode_steps", "max_cycles", "episode_limit"):
            limit = getattr(holder, name, None)
            if isinstance(limit, (int, np.integer)) and limit > 0:
                return int(limit)
    return 0


class PyMarl:
    """PyMARL's MultiAgentEnv: one reward of the team, masks, a state."""

    def __init__(self, env):
        self.env = env
        self.how = how_to_seed(env)
        self.info = env.get_env_info()

    @staticmethod
    def fits(env):
        return hasattr(env, "get_env_info") and hasattr(env, "get_avail_actions")

    def spec(self):
        n, a = int(self.info["n_agents"]), int(self.info["n_actions"])
        o, s = product(self.info["obs_shape"]), product(self.info["state_shape"])
        # StarCraft2Env counts its victories; get_stats() divides by 0 before the first battle
        counters = (self.env, getattr(self.env, "env", None))
        self.reports_wins = bool(self.info.get("reports_wins", False)) or any(
            hasattr(counter, "battles_won") for counter in counters
        )
        return {
            "n_agents": n,
            "n_actions": a,
            "obs_dim": o,
            "state_dim": s,
            "episode_limit": int(self.info.get("episode_limit") or 0),
            "reports_wins": self.reports_wins,
            "has_agent_rewards": False,
            "n_actions_of": [a] * n,
            "obs_dim_of": [o] * n,
        }

    def reset(self, seed):
        reset_with(self.env, self.how, seed)

    def step(self, actions):
        result = self.env.step(actions)
        if len(result) == 5:  # as EPyMARL's: with observations, and two kinds of end
            _, reward, terminated, truncated, info = result
        else:
            reward, terminated, info = result
            truncated = every(terminated) and bool(info.get("episode_limit", False))
            terminated = every(terminated) and not truncated
        terminated = every(terminated)
        won = self.reports_wins and terminated and bool(info.get("battle_won", False))
        reward = float(reward if np.ndim(reward) == 0 else np.sum(reward))
        return reward, terminated, every(truncated) and not terminated, won

    def write(self, slot):
        put(slot.obs.reshape(-1), self.env.get_obs(), "get_obs()")
        put(slot.state, self.env.get_state(), "get_state()")
        put_mask(slot.avail.reshape(-1), self.env.get_avail_actions(), "get_avail_actions()")


class PettingZoo:
    """A parallel environment of PettingZoo: dictionaries by agent, a reward each, agents that leave."""

    def __init__(self, env):
        self.env = env
        self.agents = list(env.possible_agents)
        self.spaces = [env.observation_space(agent) for agent in self.agents]
        self.parts = [self.observed(space) for space in self.spaces]
        self.actions = [env.action_space(agent) for agent in self.agents]
        self.starts = [int(getattr(space, "start", 0)) for space in self.actions]
        self.obs, self.infos, self.playing = {}, {}, set()

    @staticmethod
    def fits(env):
        return hasattr(env, "possible_agents") and callable(getattr(env, "action_space", None))

    @staticmethod
    def observed(space):
        """The part of an observation space that is seen: beside it there may be a mask."""
        spaces = getattr(space, "spaces", None)
        if spaces is not None and "action_mask" in spaces and "observation" in spaces:
            return spaces["observation"]
        return space

    def spec(self):
        obs_dim_of = self.sizes = [size_of(part) for part in self.parts]
        self.n_actions = [n_actions_of(space) for space in self.actions]
        self.reset(0)  # state() is known to work, and its size, only then
        self.state = self.own_state() is not None
        return {
            "n_agents": len(self.agents),
            "n_actions": max(self.n_actions),
            "obs_dim": max(obs_dim_of),
            "state_dim": np.size(self.own_state()) if self.state else sum(obs_dim_of),
            "episode_limit": limit_of(self.env),
            "reports_wins": False,
            "has_agent_rewards": True,
            "n_actions_of": self.n_actions,
            "obs_dim_of": obs_dim_of,
        }

    def own_state(self):
        try:
            return self.env.state()
        except (AttributeError, NotImplementedError):
            return None

    def reset(self, seed):
        result = self.env.reset(seed=seed)
        self.obs, self.infos = result if isinstance(result, tuple) else (result, {})
        self.playing = set(self.env.agents)

    def step(self, actions):
        acting = set(self.env.agents)
        given = {
            agent: int(actions[i]) + self.starts[i]
            for i, agent in enumerate(self.agents)
            if agent in acting
        }
        self.obs, rewards, terminations, truncations, self.infos = self.env.step(given)
        cut = {a for a in acting if truncations.get(a, False) and not terminations.get(a, False)}
        self.playing = set(self.env.agents) | cut
        has_ended = not self.env.agents
        truncated = has_ended and len(cut) > 0
        rewards = [float(rewards.get(agent, 0)) for agent in self.agents]
        return rewards, has_ended and not truncated, truncated, False

    def write(self, slot):
        slot.obs[:] = 0
        slot.avail[:] = 0
        for i, agent in enumerate(self.agents):
            n = self.n_actions[i]
            if agent not in self.playing or agent not in self.obs:
                slot.avail[i, 0] = 1  # who is out may do nothing but the first action
                continue
            seen, mask = self.obs[agent], None
            if self.parts[i] is not self.spaces[i]:
                seen, mask = seen["observation"], seen["action_mask"]
            elif "action_mask" in (self.infos.get(agent) or {}):
                mask = self.infos[agent]["action_mask"]
            row = flatten(self.parts[i], seen)
            put(slot.obs[i, : self.sizes[i]], row, f"the observation of {agent}")
            put_mask(slot.avail[i, :n], np.ones(n) if mask is None else mask, f"the mask of {agent}")
        if self.state:
            put(slot.state, self.own_state(), "state()")
        else:
            rows = [slot.obs[i, :n] for i, n in enumerate(self.sizes)]
            put(slot.state, np.concatenate(rows), "the joint observation")


class Gymnasium:
    """An environment of Gymnasium whose spaces are Tuples with an entry for each agent, as EPyMARL's."""

    def __init__(self, env):
        self.env = env
        self.how = how_to_seed(env)
        self.spaces = list(env.observation_space.spaces)
        self.actions = list(env.action_space.spaces)
        self.starts = [int(getattr(space, "start", 0)) for space in self.actions]
        if len(self.spaces) != len(self.actions):
            raise BadInput("observation_space and action_space are of different numbers of agents")
        self.obs, self.info = (), {}

    @staticmethod
    def fits(env):
        spaces = (getattr(env, "observation_space", None), getattr(env, "action_space", None))
        return all(hasattr(getattr(space, "spaces", None), "__len__") for space in spaces)

    def spec(self):
        self.sizes = [size_of(space) for space in self.spaces]
        self.n_actions = [n_actions_of(space) for space in self.actions]
        return {
            "n_agents": len(self.spaces),
            "n_actions": max(self.n_actions),
            "obs_dim": max(self.sizes),
            "state_dim": sum(self.sizes),
            "episode_limit": limit_of(self.env),
            "reports_wins": False,
            "has_agent_rewards": True,
            "n_actions_of": self.n_actions,
            "obs_dim_of": self.sizes,
        }

    def reset(self, seed):
        result = reset_with(self.env, self.how, seed)
        is_pair = len(result) == 2 and isinstance(result[1], dict)
        self.obs, self.info = result if is_pair else (result, {})

    def step(self, actions):
        actions = tuple(int(action) + start for action, start in zip(actions, self.starts))
        result = self.env.step(actions)
        if len(result) == 5:
            self.obs, rewards, terminated, truncated, self.info = result
        else:
            self.obs, rewards, terminated, self.info = result
            truncated = self.info.get("TimeLimit.truncated", False)
        terminated, truncated = every(terminated), every(truncated)
        if len(result) == 4:
            terminated = terminated and not truncated
        rewards = np.asarray(rewards, np.float64).reshape(-1)
        if rewards.size == 1:  # of the team: each gets an equal share
            rewards = np.full(len(self.actions), rewards[0] / len(self.actions))
        if rewards.size != len(self.actions):
            raise ValueError(f"{rewards.size} rewards, {len(self.actions)} agents")
        return rewards, terminated, truncated and not terminated, False

    def write(self, slot):
        slot.obs[:] = 0
        slot.avail[:] = 0
        masks = self.info.get("action_mask")
        rows = []
        for i, (space, n) in enumerate(zip(self.spaces, self.n_actions)):
            rows.append(flatten(space, self.obs[i]))
            put(slot.obs[i, : self.sizes[i]], rows[i], f"the observation of agent {i}")
            mask = np.ones(n) if masks is None else masks[i]
            put_mask(slot.avail[i, :n], mask, f"the mask of agent {i}")
        put(slot.state, np.concatenate(rows), "the joint observation")


ADAPTERS = {"pymarl": PyMarl, "pettingzoo": PettingZoo, "gymnasium": Gymnasium}
