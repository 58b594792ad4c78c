"""A parallel environment in the manner of PettingZoo: a scout and two carriers on a line of cells. A load lies
at a drawn cell; a carrier that reaches it leaves with it and is paid 1, the scout leaves when both have left.
Agents differ in their observations and actions, leave one by one, and have masks; the time limit truncates.

  qtot train --config=vdn --env-config=python with env_args.entry=python/examples/rescue.py:Rescue

With Gymnasium the two spaces below are gymnasium.spaces.Discrete and Box.
"""

import numpy as np

LEFT, STAY, RIGHT, WAVE = range(4)  # only the scout can wave


class Discrete:
    def __init__(self, n):
        self.n = n


class Box:
    def __init__(self, n):
        self.shape = (n,)


class Rescue:
    def __init__(self, n_cells=7, max_cycles=20):
        self.n_cells = n_cells
        self.max_cycles = max_cycles
        self.possible_agents = ["scout", "carrier_0", "carrier_1"]
        self.agents = []

    def observation_space(self, agent):
        # its cell and the load's; the scout sees the carriers, too
        n = 4 if agent == "scout" else 2
        if agent == "scout":
            return Box(n)
        space = Box(n)
        return type("Dict", (), {"spaces": {"observation": space, "action_mask": Box(3)}})()

    def action_space(self, agent):
        return Discrete(4 if agent == "scout" else 3)

    def reset(self, seed=None, options=None):
        draws = np.random.RandomState(seed)
        self.agents = list(self.possible_agents)
        self.cells = {agent: int(draws.randint(self.n_cells)) for agent in self.agents}
        self.load = int(draws.randint(self.n_cells))
        self.n_steps = 0
        return self.observe(self.agents), {agent: {} for agent in self.agents}

    def step(self, actions):
        acting, self.n_steps = list(self.agents), self.n_steps + 1
        for agent in acting:
            move = {LEFT: -1, RIGHT: 1}.get(actions[agent], 0)
            self.cells[agent] = min(max(self.cells[agent] + move, 0), self.n_cells - 1)
        found = [a for a in acting if a != "scout" and self.cells[a] == self.load]
        carriers = [a for a in acting if a != "scout" and a not in found]
        terminations = {a: a in found or (a == "scout" and not carriers) for a in acting}
        is_late = self.n_steps == self.max_cycles
        truncations = {a: is_late and not terminations[a] for a in acting}
        self.agents = [a for a in acting if not terminations[a] and not is_late]
        rewards = {a: 1.0 if a in found else -0.05 for a in acting}
        return self.observe(acting), rewards, terminations, truncations, {a: {} for a in acting}

    def observe(self, agents):
        def cell(position):
            return position / self.n_cells

        seen = {}
        for agent in agents:
            own = [cell(self.cells[agent]), cell(self.load)]
            if agent == "scout":
                seen[agent] = np.array(own + [cell(self.cells[a]) for a in self.possible_agents[1:]])
                continue
            at = self.cells[agent]
            mask = np.array([at > 0, True, at < self.n_cells - 1], dtype=np.int8)
            seen[agent] = {"observation": np.array(own, dtype=np.float32), "action_mask": mask}
        return seen
