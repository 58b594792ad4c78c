"""An environment with PyMARL's interface that does one bad thing at one place, for the tests of the bridge. Behaves
well otherwise: two agents, three actions, four numbers, episodes of three steps; all of it follows the seed."""

import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

import numpy as np

SOCKET = 3  # of the host script


class Bad:
    def __init__(self, deed="", where="step", episode=1, n_before=1, chance=1.0, marker=""):
        self.deed, self.where = deed, where
        self.when = (episode, n_before)  # episodes count from 1; steps before, in it
        self.chance = chance             # of an episode, drawn at its reset: by its seed alone
        self.marker = marker
        self.episode = self.n_steps = self.battles_won = 0
        self.is_chosen = True
        self.bias = np.float32(np.random.rand() + random.random())
        self.reach("init")

    def reach(self, where):
        due = (self.episode, self.n_steps) == self.when
        if where in ("init", "close"):
            due = True
        elif where == "reset":
            due = self.episode == self.when[0]
        if self.chance < 1:
            due = self.n_steps == self.when[1]
        if self.deed and where == self.where and due and self.is_chosen:
            return getattr(self, "do_" + self.deed)()
        return None

    # ---- the deeds

    def do_raise(self):
        raise ValueError("the map has no floor")

    def do_exit(self):
        os._exit(3)

    def do_leave(self):
        sys.exit(5)

    def do_kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def do_kill_in_frame(self):
        os.write(SOCKET, struct.pack("<4sHHQI", b"QTPY", 1, 17, 2, 100))
        self.do_kill()

    def do_abort(self):
        sys.stderr.write("last words\n")
        os.abort()

    def do_hang(self):
        if self.marker:  # with a process of its own
            other = subprocess.Popen(["sleep", "1000"])
            with open(self.marker + ".part", "w") as file:
                file.write(f"{os.getpid()} {other.pid}\n")
            os.rename(self.marker + ".part", self.marker)
        re.match("(a+)+$", "a" * 100 + "b")  # in C, with the lock of the interpreter

    def do_rest(self):
        while True:
            time.sleep(1000)

    def do_stop(self):
        os.kill(os.getpid(), signal.SIGSTOP)

    def do_chatter(self):
        while True:
            os.write(2, b"chatter\n" * 500)

    def do_print(self):
        print("rubbish " * 10000)
        os.system("echo more rubbish")
        sys.stderr.write("and \x1b[31mred\x1b[0m rubbish\n")

    def do_write(self):
        os.write(SOCKET, b"rubbish in place of a frame, long enough for a header")

    def do_fork(self):  # leaves a process that holds the socket
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(4)

    def do_close(self):
        os.close(SOCKET)
        self.do_rest()

    def do_number(self):
        return float("nan")

    def do_size(self):
        return "size"

    def do_mask(self):
        return "mask"

    def do_half(self):
        return "half"

    def do_none(self):
        return "none"

    def do_endless(self):
        return "endless"

    # ---- the interface

    def get_env_info(self):
        info = {"n_agents": 2, "n_actions": 3, "obs_shape": 4, "state_shape": 5, "episode_limit": 3}
        if self.reach("info"):
            info["n_agents"] = 0
        return info

    def reset(self):
        self.episode, self.n_steps = self.episode + 1, 0
        self.is_chosen = self.chance >= 1 or random.random() < self.chance
        self.numbers = np.random.rand(9).astype(np.float32) + self.bias
        self.reach("reset")

    def step(self, actions):
        bad = self.reach("step")
        self.n_steps += 1
        self.numbers = np.random.rand(9).astype(np.float32) + self.numbers / 2
        reward = float(self.numbers[0]) * (1 + int(actions[0])) - int(actions[1])
        ended = self.n_steps == 3 and bad != "endless" and self.deed != "endless"
        return (bad if isinstance(bad, float) else reward), ended, {"battle_won": reward > 1}

    def get_obs(self):
        bad = self.reach("obs")
        obs = np.stack([self.numbers[:4], self.numbers[:4] * 2])
        if isinstance(bad, float):
            obs[1, 2] = bad
        return obs[:, :3] if bad == "size" else obs

    def get_state(self):
        bad = self.reach("state")
        state = self.numbers[4:].copy()
        if isinstance(bad, float):
            state[4] = bad
        return state[:1] if bad == "size" else state

    def get_avail_actions(self):
        bad = self.reach("avail")
        masks = [[1, 1, 0], [1, 0, 1]]
        if bad == "mask":
            masks[1][2] = 2
        if bad == "half":
            masks[1][2] = 0.5
        if bad == "none":
            masks[1] = [0, 0, 0]
        return [[1, 1], [1, 0]] if bad == "size" else masks

    def close(self):
        self.reach("close")
