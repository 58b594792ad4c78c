"""The two-step game (Rashid et al., 2018, sec. 5) with PyMARL's interface. It is envs/two_step/two_step.cpp in
Python, and trains to the same bits:

  qtot train --config=qmix --env-config=two_step with env=python env_args.entry=python/examples/two_step.py:TwoStep
"""

import numpy as np

FIRST, GAME_A, GAME_B, END = range(4)
PAYOFF_A = 7.0
PAYOFF_B = ((0.0, 1.0), (1.0, 8.0))


class TwoStep:
    def __init__(self, map_name="two_step"):
        self.node = END

    def get_env_info(self):
        return {"n_agents": 2, "n_actions": 2, "obs_shape": 3, "state_shape": 3, "episode_limit": 2}

    def reset(self):
        self.node = FIRST

    def step(self, actions):
        """Returns the team's reward, whether the episode is over, and info."""
        node, self.node = self.node, END
        if node == FIRST:
            self.node = GAME_A if actions[0] == 0 else GAME_B
            return 0.0, False, {}
        if node == GAME_A:
            return PAYOFF_A, True, {}
        return PAYOFF_B[actions[0]][actions[1]], True, {}

    def get_state(self):
        state = np.zeros(3, dtype=np.float32)
        if self.node != END:
            state[self.node] = 1
        return state

    def get_obs(self):
        return [self.get_state(), self.get_state()]

    def get_avail_actions(self):
        return [[1, 1], [1, 1]]
