"""Many environments of one kind at once, in arrays that the caller owns."""

import numpy as np

from qtot import _core
from qtot._envs import as_env_args, as_seed


class VectorEnv:
    """n environments side by side; environment i has row i of every array.

    Episode k of environment i has the ticket k * n + i of (seed, stream), and is the very episode that make()
    plays by this ticket. No result depends on the number of threads.

    An environment whose episode has ended begins its next one in the same step: its rows of obs, state and avail
    are the first of the new episode, those of rewards, terminated, truncated and won are of the step that ended
    the old one, and what was seen behind that step stands in its rows of final_obs, final_state and final_avail.
    Rows of these three are written only where an episode has ended.

    Every output is optional. The arrays are C-contiguous and of exactly this type and shape:

        obs, final_obs      float32 [n, N, O]    rewards        float32 [n], of the team
        state, final_state  float32 [n, S]       agent_rewards  float64 [n, N]; the team's, where it is paid
        avail, final_avail  uint8   [n, N, A]    terminated, truncated, won  bool [n]
    """

    def __init__(self, name, n, seed, threads, stream, env_args):
        for what, value, most in (("n", n, 2**20), ("threads", threads, 1024)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
                raise ValueError(f"{what}: expected an integer of 1 to {most}, found {value!r}")
        self._seed = as_seed(seed)
        self._core = _core.ManyEnvs(name, int(n), stream, int(threads), as_env_args(env_args))
        self._is_new = True
        sizes = self._core.sizes()
        self.n = int(n)
        self.n_agents = sizes["n_agents"]
        self.n_actions = sizes["n_actions"]
        self.obs_size = sizes["obs_size"]
        self.state_size = sizes["state_size"]
        self.episode_limit = sizes["episode_limit"]
        self.n_actions_of = sizes["n_actions_of"]
        self.obs_size_of = sizes["obs_size_of"]
        self.reports_wins = sizes["reports_wins"]

    @property
    def tickets(self):
        """[n] uint64: of the episodes that are going on."""
        return np.array(self._core.tickets(), np.uint64)

    def arrays(self):
        """New arrays for reset() and step(), by name, and `actions` int64 [n, N], full of zeros."""
        n, agents = self.n, self.n_agents
        obs, state, avail = (n, agents, self.obs_size), (n, self.state_size), (n, agents, self.n_actions)
        return {"actions": np.zeros((n, agents), np.int64),
                "obs": np.zeros(obs, np.float32), "state": np.zeros(state, np.float32),
                "avail": np.zeros(avail, np.uint8), "rewards": np.zeros(n, np.float32),
                "agent_rewards": np.zeros((n, agents)), "terminated": np.zeros(n, bool),
                "truncated": np.zeros(n, bool), "won": np.zeros(n, bool),
                "final_obs": np.zeros(obs, np.float32), "final_state": np.zeros(state, np.float32),
                "final_avail": np.zeros(avail, np.uint8)}

    def reset(self, *, seed=None, obs=None, state=None, avail=None):
        """Begins the next episode of every environment; with a seed, and the first time, from k = 0."""
        if seed is not None:
            self._seed = as_seed(seed)
        begins = self._seed if self._is_new or seed is not None else None
        self._core.reset(begins, {"obs": obs, "state": state, "avail": avail})
        self._is_new = False

    def step(self, actions, *, obs=None, state=None, avail=None, rewards=None, agent_rewards=None,
             terminated=None, truncated=None, won=None, final_obs=None, final_state=None,
             final_avail=None):
        """Plays a step of every environment, without Python's lock. actions: int64 [n, N], each available.

        A wrong array or action is a ValueError, and nothing has been played.
        """
        self._core.step(actions, {
            "obs": obs, "state": state, "avail": avail, "rewards": rewards,
            "agent_rewards": agent_rewards, "terminated": terminated, "truncated": truncated,
            "won": won, "final_obs": final_obs, "final_state": final_state,
            "final_avail": final_avail})

    def close(self):
        """There is nothing to close."""


def make_vector(name, n, seed=0, threads=1, *, stream="training", **env_args):
    """n environments; the other arguments are those of make().

    threads  that step() and reset() use; the results are the same for any number
    """
    return VectorEnv(name, n, seed, threads, stream, env_args)
