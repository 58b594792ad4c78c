"""An environment with the interface that EPyMARL trains on: Gymnasium's, with Tuples of one entry for each agent.
Each agent has a lamp and sees the next agent's; one that makes its lamp like that is paid. The time limit
truncates.

  qtot train --config=vdn --env-config=python with env_args.entry=python/examples/lamps.py:Lamps

With Gymnasium the three spaces below are gymnasium.spaces.Discrete, Box and Tuple.
"""

import numpy as np


class Discrete:
    def __init__(self, n):
        self.n = n


class Box:
    def __init__(self, n):
        self.shape = (n,)


class Tuple:
    def __init__(self, spaces):
        self.spaces = spaces


class Lamps:
    def __init__(self, n_agents=3, n_colors=3, max_episode_steps=10):
        self.n_agents, self.n_colors = n_agents, n_colors
        self.max_episode_steps = max_episode_steps
        self.observation_space = Tuple([Box(n_colors)] * n_agents)
        self.action_space = Tuple([Discrete(n_colors)] * n_agents)

    def reset(self, seed=None, options=None):
        self.colors = np.random.RandomState(seed).randint(self.n_colors, size=self.n_agents)
        self.n_steps = 0
        return self.observe(), {}

    def step(self, actions):
        self.n_steps += 1
        wanted = np.roll(self.colors, -1)
        rewards = (np.array(actions) == wanted).astype(float).tolist()
        self.colors = np.array(actions)
        terminated = bool(np.all(self.colors == self.colors[0]))
        truncated = self.n_steps == self.max_episode_steps
        return self.observe(), rewards, terminated, truncated, {}

    def observe(self):
        return tuple(np.eye(self.n_colors)[color] for color in np.roll(self.colors, -1))
