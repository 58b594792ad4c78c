"""qtot.make, make_parallel and make_vector: the episodes of `qtot env play`, PyMARL's loop, PettingZoo's, many at
once, and what is refused."""

import json
import pathlib
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import qtot

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "envs"
BUILD = pathlib.Path(qtot.__file__).parents[2]  # the package is the build tree's
PROGRAM = BUILD / "qtot"
PLUGINS = BUILD / "tests" / "plugin" / "plugins"
SMALL = "stag_hunt/stag_hunt_small"


def numbers(words, size):
    """A line of a playthrough: all numbers, or index:number of those that are not 0."""
    if not words or ":" not in words[0]:
        out = [np.float32(word) for word in words]
        return np.array(out if out else [0] * size, np.float32)
    out = np.zeros(size, np.float32)
    for index, number in (word.split(":") for word in words):
        out[int(index)] = np.float32(number)
    return out


def slots_of(path):
    """The slots of a playthrough: {"state": words, "obs[0]": words, "joint_action": words, ...} each."""
    slots = []
    for line in path.read_text().splitlines():
        name, *words = line.split(" # ")[0].split()  or [""]
        if name == "t":
            slots.append({"text": line.partition("  # ")[2]})
        elif slots and name:
            slots[-1][name] = words
    return slots


def playthroughs():
    return sorted(path.stem for path in GOLDEN.glob("*.trace") if path.stem in {
        name for full in qtot.environments() for name in full.split("/")})


@pytest.mark.parametrize("name", playthroughs())
def test_the_episode_is_that_of_qtot_env_play(name):
    env = qtot.make(name, seed=23)  # as the first line of the file says
    env.reset()
    n_steps = 0
    for slot in slots_of(GOLDEN / f"{name}.trace"):
        assert env.render() == slot["text"]
        np.testing.assert_array_equal(env.get_state(), numbers(slot["state"], env.get_state_size()))
        for agent in range(env.n_agents):
            np.testing.assert_array_equal(env.get_obs_agent(agent),
                                          numbers(slot[f"obs[{agent}]"], env.get_obs_size()))
            assert env.get_avail_agent_actions(agent) == [int(word) for word in slot[f"avail[{agent}]"]]
        if "joint_action" not in slot:
            break
        reward, ended, info = env.step([int(word) for word in slot["joint_action"]])
        assert np.float32(reward) == np.float32(slot["reward"][0])
        truncated = info.get("episode_limit", False)
        assert ended - truncated == int(slot["terminated"][0])
        assert truncated == bool(int(slot["truncated"][0]))
        n_steps += 1
    assert n_steps > 0


def uniform_actions(avail, generator):
    return np.array([generator.choice(np.flatnonzero(row)) for row in np.asarray(avail)])


def test_names_seeds_and_tickets_choose_the_episode():
    def first_of(env, **where):
        env.reset(**where)
        return env.get_state().tolist()

    assert SMALL in qtot.environments() and "two_step/two_step" in qtot.environments()
    env = qtot.make(SMALL, seed=5)
    episodes = [first_of(env) for _ in range(4)]
    assert len({tuple(e) for e in episodes}) == 4
    assert first_of(env, ticket=2) == episodes[2] and first_of(env) == episodes[3]
    assert first_of(env, seed=5) == episodes[0] and env.seed() == 5
    assert first_of(qtot.make("stag_hunt_small", seed=5), ticket=1) == episodes[1]
    assert first_of(qtot.make("stag_hunt", seed=5, map_name="stag_hunt_small")) == episodes[0]
    assert first_of(qtot.make(SMALL, seed=6)) != episodes[0]
    assert first_of(qtot.make(SMALL, seed=5, stream="evaluation")) != episodes[0]
    assert qtot.make(SMALL, episode_limit=np.int64(7)).episode_limit == 7
    assert len(qtot.make("stag_hunt", world_shape=(6, 6)).get_obs()) == qtot.make("stag_hunt").n_agents


def test_stream_evaluation_is_that_of_qtot_eval(tmp_path):
    def qtot_program(*words):
        subprocess.run([PROGRAM, *words], check=True, capture_output=True)

    run, page = tmp_path / "run", tmp_path / "page.html"
    qtot_program("train", "--config=vdn", "--out", run, "with", "env=combat", "env_args.map_name=3m",
                 "t_max=60", "batch_size=2", "buffer_size=4", "rnn_hidden_dim=4", "seed=5", "test_nepisode=2")
    qtot_program("eval", run, "--replay", page, "--episodes", "3")
    document = page.read_text().partition('application/json">')[2].partition("</script")[0]
    episodes = json.loads(document)["episodes"]
    assert len(episodes) == 3
    env = qtot.make("combat/3m", seed=5, stream="evaluation")
    for episode in episodes:
        env.reset(ticket=episode["ticket"])
        for avail, actions, reward in zip(episode["avail"], episode["actions"], episode["rewards"]):
            assert "".join(map(str, sum(env.get_avail_actions(), []))) == avail
            ours, ended, info = env.step(actions)
            assert np.float32(ours) == np.float32(reward)
        assert ended and episode["terminated"] == ("episode_limit" not in info)


def test_a_plugin_is_an_environment_like_others():
    plugin = PLUGINS / "coin.so"
    assert qtot.load_plugin(plugin) == qtot.load_plugin(str(plugin)) == "coin"
    assert "coin/blind" in qtot.environments()
    env = qtot.make("coin/blind", seed=23, rounds=3, heads=1)
    env.reset()
    assert env.episode_limit == 3 and env.get_obs_agent(1)[0] == 0 and env.action_name(0, 0) == "heads"
    assert [env.step([0, 0]) for _ in range(3)][-1] == (1, True, {"battle_won": True})
    with pytest.raises(ValueError, match="did you mean rounds"):
        qtot.make("coin", round=3)


def test_the_loop_of_pymarls_episode_runner_works():
    env = qtot.make("combat/3m", seed=1)
    info = env.get_env_info()
    assert info == {"state_shape": env.get_state_size(), "obs_shape": env.get_obs_size(),
                    "n_actions": env.get_total_actions(), "n_agents": 3,
                    "episode_limit": env.episode_limit}
    generator = np.random.default_rng(0)
    n_truncated = 0
    for _ in range(3):
        env.reset()
        terminated, length, total = False, 0, 0.0
        while not terminated:
            transition = {"state": [env.get_state()], "avail_actions": [env.get_avail_actions()],
                          "obs": [env.get_obs()]}
            assert np.array(transition["state"]).shape == (1, info["state_shape"])
            assert np.array(transition["obs"]).shape == (1, 3, info["obs_shape"])
            assert np.array(transition["avail_actions"]).shape == (1, 3, info["n_actions"])
            reward, terminated, step_info = env.step(uniform_actions(env.get_avail_actions(), generator))
            total, length = total + reward, length + 1
            assert isinstance(step_info["battle_won"], bool)
        assert 0 < length <= info["episode_limit"] and np.isfinite(total)
        n_truncated += step_info.get("episode_limit", False)
        assert not (step_info["battle_won"] and "episode_limit" in step_info)
    env.close()


def test_a_time_limit_is_no_end_by_the_rules():
    env = qtot.make("stag_hunt/stag_hunt_small", episode_limit=1)
    env.reset()
    _, ended, info = env.step(uniform_actions(env.get_avail_actions(), np.random.default_rng(0)))
    parallel = qtot.make_parallel(SMALL, episode_limit=1)
    _, infos = parallel.reset()
    actions = {a: int(np.flatnonzero(infos[a]["action_mask"])[0]) for a in parallel.agents}
    _, _, terminations, truncations, _ = parallel.step(actions)
    assert ended and set(truncations.values()) <= {True, False}
    assert info.get("episode_limit", False) == all(truncations.values())
    assert not any(t and u for t, u in zip(terminations.values(), truncations.values()))


def test_what_is_handed_out_is_the_callers():
    env = qtot.make(SMALL)
    obs, state = env.reset()
    obs[0][:] = 99
    state[:] = 99
    env.get_avail_actions()[0][0] = 99
    assert not (env.get_obs_agent(0) == 99).any() and not (env.get_state() == 99).any()
    assert env.get_avail_agent_actions(0)[0] in (0, 1)


def test_parallel_plays_what_make_plays():
    one, parallel = qtot.make(SMALL, seed=3), qtot.make_parallel(SMALL, seed=3)
    generator = np.random.default_rng(1)
    for _ in range(3):
        one.reset()
        observations, infos = parallel.reset()
        assert parallel.agents == parallel.possible_agents and parallel.num_agents == one.n_agents
        while parallel.agents:
            for i, agent in enumerate(parallel.agents):
                assert np.array_equal(observations[agent], one.get_obs_agent(i))
                assert parallel.observation_space(agent).contains(observations[agent])
                assert infos[agent]["action_mask"].tolist() == one.get_avail_agent_actions(i)
            assert np.array_equal(parallel.state(), one.get_state())
            actions = {}
            for agent in parallel.agents:
                parallel.action_space(agent).seed(int(generator.integers(1 << 30)))
                actions[agent] = parallel.action_space(agent).sample(infos[agent]["action_mask"])
            reward, ended, info = one.step(list(actions.values()))
            observations, rewards, terminations, truncations, infos = parallel.step(actions)
            assert set(rewards.values()) == {reward}
            assert all(truncations.values()) == info.get("episode_limit", False)
            assert all(terminations.values()) == (ended and "episode_limit" not in info)
            assert set(infos) == set(parallel.possible_agents) and parallel.render() == one.render()
    assert parallel.max_num_agents == one.n_agents and parallel.unwrapped is parallel
    assert parallel.reset(seed=3, options={"ticket": 2})[0]["agent_0"].tolist() == \
        qtot.make_parallel(SMALL, seed=3).reset(options={"ticket": 2})[0]["agent_0"].tolist()


def test_spaces_are_gymnasiums_where_it_is_installed(monkeypatch):
    made = []
    spaces = types.SimpleNamespace(
        Discrete=lambda n: made.append(("discrete", n)) or "discrete",
        Box=lambda low, high, shape, dtype: made.append(("box", shape, dtype)) or "box")
    monkeypatch.setitem(sys.modules, "gymnasium", types.SimpleNamespace(spaces=spaces))
    env = qtot.make_parallel("two_step")
    assert env.action_space("agent_0") == "discrete" and env.observation_space("agent_1") == "box"
    assert ("discrete", 2) in made and ("box", (3,), np.float32) in made
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    space = qtot.make_parallel("two_step").action_space("agent_0")
    assert space.n == 2 and space.contains(1) and 2 not in space and 0.5 not in space
    assert space.sample(np.array([0, 1], np.int8)) == 1 and space.dtype == np.int64
    with pytest.raises(ValueError, match="mask"):
        space.sample(np.zeros(2, np.int8))


def played(name, n, threads, n_steps, seed=4):
    """Every array of every step, with actions that are a function of the step and the masks alone."""
    vector = qtot.make_vector(name, n, seed=seed, threads=threads)
    arrays = vector.arrays()
    actions = arrays.pop("actions")
    vector.reset(obs=arrays["obs"], state=arrays["state"], avail=arrays["avail"])
    history = []
    for t in range(n_steps):
        for i in range(n):
            actions[i] = uniform_actions(arrays["avail"][i], np.random.default_rng([i, t]))
        history.append({key: array.copy() for key, array in arrays.items()} |
                       {"actions": actions.copy(), "tickets": vector.tickets})
        vector.step(actions, **arrays)
    history.append({key: array.copy() for key, array in arrays.items()})
    return history


def assert_same(a, b):
    assert len(a) == len(b)
    for ours, theirs in zip(a, b):
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert ours[key].tobytes() == theirs[key].tobytes(), key


@pytest.mark.parametrize("name", [SMALL, "combat/3m", "two_step"])
def test_vector_gives_the_same_bits_on_any_number_of_threads(name):
    one = played(name, 13, 1, 40)
    for threads in (2, 5):
        assert_same(one, played(name, 13, threads, 40))


@pytest.mark.parametrize("name", [SMALL, "combat/3m", "two_step"])
def test_episode_k_of_environment_i_has_the_ticket_k_n_plus_i(name):
    n = 3
    history = played(name, n, 2, 150)
    n_ended = 0
    for i in range(n):
        one = qtot.make(name, seed=4)
        k = 0
        one.reset(ticket=i)
        for now, then in zip(history, history[1:]):
            assert now["tickets"][i] == k * n + i
            assert np.array_equal(now["obs"][i], one.get_obs())
            assert np.array_equal(now["state"][i], one.get_state())
            assert now["avail"][i].tolist() == one.get_avail_actions()
            reward, ended, info = one.step(now["actions"][i])
            assert then["rewards"][i] == np.float32(reward)
            assert then["truncated"][i] == info.get("episode_limit", False)
            assert then["terminated"][i] == (ended and not then["truncated"][i])
            assert then["won"][i] == info.get("battle_won", False)
            assert (then["agent_rewards"][i] == info.get("agent_rewards", np.float32(reward))).all()
            if ended:
                n_ended += 1
                assert np.array_equal(then["final_obs"][i], one.get_obs())
                assert np.array_equal(then["final_state"][i], one.get_state())
                assert then["final_avail"][i].tolist() == one.get_avail_actions()
                k += 1
                one.reset(ticket=k * n + i)
            else:  # the rows of others are left alone
                assert np.array_equal(then["final_obs"][i], now["final_obs"][i])
    assert n_ended >= 3


def test_vector_begins_again_with_a_seed_and_goes_on_without():
    vector = qtot.make_vector(SMALL, 2, seed=8)
    states = []
    for seed in (None, None, 8, 9):
        state = np.zeros((2, vector.state_size), np.float32)
        vector.reset(seed=seed, state=state)
        states.append(state.tolist())
    assert states[2] == states[0] and states[1] != states[0] and states[3] != states[0]
    assert vector.tickets.tolist() == [0, 1]


@pytest.mark.parametrize("call, sentence", [
    (lambda: qtot.make("stag_hnt"), "did you mean stag_hunt"),
    (lambda: qtot.make("stag_hunt/nowhere"), "nowhere"),
    (lambda: qtot.make("stag_hunt", n_stag=3), "did you mean n_stags"),
    (lambda: qtot.make("stag_hunt", n_stags="many"), "expected an integer"),
    (lambda: qtot.make("stag_hunt", n_stags=object()), "n_stags: expected a number, text"),
    (lambda: qtot.make(SMALL, map_name="stag_hunt"), "is a map"),
    (lambda: qtot.make(SMALL, seed=-1), "seed: expected an integer of 0 to"),
    (lambda: qtot.make(SMALL, seed=1.5), "seed: expected an integer"),
    (lambda: qtot.make(SMALL, stream="test"), 'expected "training" or "evaluation", found "test"'),
    (lambda: qtot.make(SMALL).step([0] * 4), "call reset"),
    (lambda: qtot.make(SMALL).reset(ticket=-1), "ticket: expected an integer"),
    (lambda: qtot.make(SMALL).render("human"), 'expected "ansi"'),
    (lambda: qtot.make(SMALL).action_name(0, 99), "there is no action 99 of agent 0"),
    (lambda: qtot.make_parallel(SMALL).step({}), "call reset"),
    (lambda: qtot.make_parallel(SMALL).reset(options={"map": 1}), "options: expected"),
    (lambda: qtot.make_vector(SMALL, 0), "n: expected an integer of 1 to"),
    (lambda: qtot.make_vector(SMALL, 2, threads=0), "threads: expected"),
    (lambda: qtot.load_plugin("/nowhere/coin.so"), "plugin /nowhere/coin.so: No such file"),
])
def test_a_mistake_is_one_sentence(call, sentence):
    with pytest.raises(ValueError) as fault:
        call()
    assert sentence in str(fault.value) and "\n" not in str(fault.value)


def test_actions_that_cannot_be_change_nothing():
    env = qtot.make("combat/3m", seed=2)
    env.reset()
    before = env.get_state()
    dead = env.get_avail_agent_actions(1).index(0)
    for actions, sentence in (([0, 0], "expected 3 integers"), ([0.0] * 3, "expected 3 integers"),
                              ([1, dead, 1], f"action {dead} of agent 1 is not available"),
                              ([1, 1, 99], "action 99 of agent 2: expected 0 to"),
                              ([1, -1, 1], "action -1 of agent 1: expected 0 to")):
        with pytest.raises(ValueError, match=sentence):
            env.step(actions)
    assert np.array_equal(env.get_state(), before)
    env = qtot.make("two_step")
    env.reset()
    env.step([0, 0])
    assert env.step([0, 0])[:2] == (7, True)
    with pytest.raises(ValueError, match="call reset"):
        env.step([0, 0])
    env.reset()
    env.step([0, 0])


def test_arrays_that_do_not_fit_are_refused_before_anything_is_played():
    vector = qtot.make_vector(SMALL, 4, seed=1)
    arrays = vector.arrays()
    actions = arrays.pop("actions")
    with pytest.raises(ValueError, match="call reset"):
        vector.step(actions)
    vector.reset(avail=arrays["avail"], state=arrays["state"])
    for i in range(4):
        actions[i] = uniform_actions(arrays["avail"][i], np.random.default_rng(i))
    read_only = np.zeros_like(arrays["obs"])
    read_only.setflags(write=False)
    wide = np.zeros((4, 2 * vector.state_size), np.float32)
    wrong = {
        "obs": [np.zeros(arrays["obs"].shape), arrays["obs"][:3], read_only, arrays["obs"].tolist(),
                np.asfortranarray(arrays["obs"]), arrays["obs"].astype(">f4")],
        "state": [wide[:, ::2], arrays["state"].astype(np.float16)],
        "avail": [arrays["avail"].astype(bool), arrays["avail"].astype(np.int8)],
        "rewards": [np.zeros((4, 1), np.float32), np.zeros(4)],
        "agent_rewards": [arrays["agent_rewards"].astype(np.float32)],
        "terminated": [np.zeros(4, np.uint8)],
        "truncated": [np.zeros(5, bool)],
        "won": [np.zeros(4)],
        "final_obs": [arrays["obs"][..., :-1]],
    }
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(ValueError) as fault:
                vector.step(actions, **{name: value})
            assert str(fault.value).startswith(f"{name}: expected a C-contiguous, writable array of ")
            assert "\n" not in str(fault.value)
    for value in (None, actions.astype(np.int32), actions[:3], actions.tolist()):
        with pytest.raises(ValueError, match="actions: expected a"):
            vector.step(value)
    bad = actions.copy()
    bad[3, 1] = 77
    with pytest.raises(ValueError, match=r"actions\[3\]: action 77 of agent 1: expected 0 to"):
        vector.step(bad)
    with pytest.raises(TypeError):
        vector.step(actions, observations=arrays["obs"])
    vector.step(actions, **arrays)  # the first step, as though nothing had been tried
    assert arrays["state"].tobytes() == played_first_step(actions).tobytes()


def played_first_step(actions):
    vector = qtot.make_vector(SMALL, 4, seed=1)
    state = np.zeros((4, vector.state_size), np.float32)
    vector.reset()
    vector.step(actions, state=state)
    return state


def test_another_thread_may_run_meanwhile_but_not_inside():
    vector = qtot.make_vector("combat/27m_vs_30m", 64, threads=2)
    arrays = vector.arrays()
    actions = arrays.pop("actions")
    vector.reset(avail=arrays["avail"])
    actions[:] = arrays["avail"].argmax(axis=2)
    outcomes = []

    def play():
        for _ in range(20):
            try:
                vector.step(actions)
                outcomes.append("played")
            except ValueError as fault:
                outcomes.append(str(fault))

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "played" in outcomes and len(outcomes) == 40
    assert all(o == "played" or "another thread" in o or "is not available" in o for o in outcomes)
