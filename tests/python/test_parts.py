"""qtot.lambda_returns and qtot.mixer against equations, finite differences and PyTorch's numbers."""

import gc
import json
import pathlib

import numpy as np
import pytest

import qtot

VECTORS = pathlib.Path(__file__).parents[1] / "data" / "vectors"


def load(name):
    with np.load(VECTORS / f"{name}.npz") as file:
        return dict(file)


def forward_view(rewards, next_values, terminated, length, gamma, lam):
    """R[t] as the mixture of n-step returns."""
    values = np.append(next_values[:length - 1], 0 if terminated else next_values[length - 1])
    returns = np.zeros(len(rewards))
    for t in range(length):
        steps = [sum(gamma**i * rewards[t + i] for i in range(k)) + gamma**k * values[t + k - 1]
                 for k in range(1, length - t + 1)]
        returns[t] = sum((1 - lam) * lam**k * g for k, g in enumerate(steps[:-1]))
        returns[t] += lam**(len(steps) - 1) * steps[-1]
    return returns


@pytest.mark.parametrize("gamma, lam", [(0.99, 0.6), (1, 0), (0.9, 1), (0, 0.5)])
def test_lambda_returns_are_the_forward_view(gamma, lam):
    rng = np.random.default_rng(7)
    rewards, values = rng.normal(size=(2, 6, 9))
    lengths = np.array([9, 1, 4, 9, 0, 5])
    ended = np.array([True, True, False, False, False, True])
    returns = qtot.lambda_returns(rewards, values, ended, gamma, lam, lengths)
    for b in range(6):
        want = forward_view(rewards[b], values[b], ended[b], lengths[b], gamma, lam)
        np.testing.assert_allclose(returns[b], want, rtol=1e-13, atol=1e-13)
    one = qtot.lambda_returns(rewards[5], values[5], True, gamma, lam, lengths=5)
    assert one.shape == (9,) and np.array_equal(one, returns[5])
    flags = np.zeros((6, 9), np.int8)
    flags[[0, 1, 5], [8, 0, 4]] = 1
    assert np.array_equal(qtot.lambda_returns(rewards, values, flags, gamma, lam, lengths), returns)


def test_lambda_returns_are_pymarl2s_where_episodes_fill_the_batch():
    members = load("unit_lambda_targets")
    n_compared = 0
    for i, case in enumerate(json.loads(bytes(members["meta"]))["cases"]):
        at = {name: members[f"{i}/in/{name}"][:, :, 0] for name in ("rewards", "terminated", "mask",
                                                                    "target_qs")}
        for b in np.flatnonzero(at["mask"].all(axis=1) & (at["terminated"][:, :-1].sum(axis=1) == 0)):
            got = qtot.lambda_returns(at["rewards"][b].astype(float), at["target_qs"][b, 1:].astype(float),
                                      at["terminated"][b], case["gamma"], case["td_lambda"])
            np.testing.assert_allclose(got, members[f"{i}/f64/td_lambda"][b, :, 0], rtol=0, atol=1e-12)
            n_compared += 1
    assert n_compared > 0


def batch_of_returns():
    rng = np.random.default_rng(9)
    rewards, values, qs = rng.normal(size=(3, 4, 7))
    return rewards, values, qs, np.array([True, False, True, False]), np.array([7, 7, 3, 1])


def test_corrected_returns_are_the_forward_view():
    rewards, values, qs, ended, lengths = batch_of_returns()
    traces = np.random.default_rng(10).uniform(size=qs.shape)
    returns = qtot.corrected_returns(rewards, values, qs, traces, ended, 0.9, lengths)
    for b, length in enumerate(lengths):
        v = np.where(np.arange(7) == length - 1, 0 if ended[b] else values[b], values[b])
        q = np.append(0, qs[b])  # Q[0] cancels
        for t in range(length):
            want, weight = q[t], 1
            for k in range(t, length):
                want += weight * (rewards[b, k] + 0.9 * v[k] - q[k])
                weight *= 0.9 * traces[b, k]
            np.testing.assert_allclose(returns[b, t], want, rtol=1e-13, atol=1e-13)
        assert not returns[b, length:].any()


def test_n_step_returns_are_their_sums():
    rewards, values, _, ended, lengths = batch_of_returns()
    for n in (1, 2, 5, 10**12):
        returns = qtot.n_step_returns(rewards, values, ended, 0.9, n, lengths)
        for b, length in enumerate(lengths):
            for t in range(length):
                m = min(n, length - t)
                want = sum(0.9**i * rewards[b, t + i] for i in range(m))
                if t + m < length or not ended[b]:
                    want += 0.9**m * values[b, t + m - 1]
                np.testing.assert_allclose(returns[b, t], want, rtol=1e-13, atol=1e-13)


def test_returns_are_peng_s_where_they_must_be():
    rewards, values, _, ended, lengths = batch_of_returns()
    one_step = qtot.lambda_returns(rewards, values, ended, 0.9, 0, lengths)
    assert np.array_equal(qtot.n_step_returns(rewards, values, ended, 0.9, 1, lengths), one_step)
    no_traces = np.zeros_like(rewards)
    corrected = qtot.corrected_returns(rewards, values, values, no_traces, ended, 0.9, lengths)
    assert np.array_equal(corrected, one_step)
    with pytest.raises(ValueError, match=r"next_traces: expected shape \[4, 7\], found \[7\]"):
        qtot.corrected_returns(rewards, values, values, no_traces[0], ended, 0.9, lengths)
    with pytest.raises(ValueError, match="n_step: must be at least 1, found 0"):
        qtot.n_step_returns(rewards, values, ended, 0.9, 0, lengths)


def test_lambda_returns_do_not_read_what_has_no_meaning():
    rewards = np.array([[1, 2, np.nan], [1, 2, 3]], float)
    values = np.array([[1, np.nan, np.nan], [1, 2, 3]], float)
    returns = qtot.lambda_returns(rewards, values, [True, False], 0.9, 0.5, [2, 3])
    assert np.isfinite(returns).all() and returns[0, 2] == 0


def test_types_orders_and_owners_of_lambda_returns():
    rng = np.random.default_rng(8)
    rewards, values = rng.normal(size=(2, 4, 5)).astype(np.float32)
    ended = np.zeros(4, bool)
    narrow = qtot.lambda_returns(rewards, values, ended, 0.9, 0.5)
    double = qtot.lambda_returns(rewards.astype(float), values, ended, 0.9, 0.5)
    assert narrow.dtype == np.float32 and double.dtype == np.float64
    np.testing.assert_allclose(narrow, double, rtol=1e-5)
    turned = qtot.lambda_returns(np.asfortranarray(rewards), values[::-1][::-1], ended.astype(int), 0.9, 0.5)
    assert np.array_equal(turned, narrow)
    kept = double.copy()
    del rewards, values
    gc.collect()
    assert np.array_equal(double, kept)
    assert qtot.lambda_returns(np.zeros((0, 3)), np.zeros((0, 3)), [], 0.9, 0.5).shape == (0, 3)
    assert qtot.lambda_returns(np.zeros((2, 0)), np.zeros((2, 0)), [0, 0], 0.9, 0.5).shape == (2, 0)


@pytest.mark.parametrize("change, message", [
    ({"rewards": np.zeros((2, 3, 1))}, r"rewards: expected shape \[B, T\] or \[T\], found \[2, 3, 1\]"),
    ({"next_values": np.zeros((2, 4))}, r"next_values: expected shape \[2, 3\], found \[2, 4\]"),
    ({"terminated": [0, 1, 0]}, r"terminated: expected shape \[2\] or \[2, 3\], found \[3\]"),
    ({"terminated": [0, 2]}, "terminated: expected zeros and ones"),
    ({"terminated": np.eye(2, 3)}, "terminated: episode 0 ends at step 0, but its last step is 2"),
    ({"lengths": [3, 4]}, "lengths: episode 1 has 4 steps, expected 0 to 3"),
    ({"lengths": [3, -1]}, "lengths: episode 1 has -1 steps"),
    ({"lengths": [3.0, 1.0]}, "lengths: expected integers, found float64"),
    ({"lengths": 3}, r"lengths: expected shape \[2\], found \[\]"),
    ({"gamma": 1.5}, r"gamma: must be in \[0, 1\]"),
    ({"td_lambda": float("nan")}, r"td_lambda: must be in \[0, 1\]"),
    ({"rewards": "none"}, "rewards: expected an array of numbers, found dtype <U4 from str"),
])
def test_wrong_arguments_of_lambda_returns_are_named(change, message):
    arguments = {"rewards": np.zeros((2, 3)), "next_values": np.zeros((2, 3)), "terminated": [0, 1],
                 "gamma": 0.9, "td_lambda": 0.5, **change}
    with pytest.raises(ValueError, match=message):
        qtot.lambda_returns(**arguments)


# --- mixer

UNITS = ["unit_mixer_qmix_1layer", "unit_mixer_qmix_2layer", "unit_mixer_nmix_softplus",
         "unit_mixer_nmix_quadratic", "unit_mixer_vdn"]


def unit(name):
    members = load(name)
    keys = json.loads(bytes(members["meta"])).get("kw", {})
    known = {"mixing_embed_dim", "hypernet_embed", "hypernet_layers", "qmix_pos_func",
             "qmix_pos_func_beta", "abs"}
    params = {k[len("param/"):]: v for k, v in members.items() if k.startswith("param/")}
    return members, params, {k: v for k, v in keys.items() if k in known and v is not None}


@pytest.mark.parametrize("name", UNITS)
def test_mixer_gives_the_peers_numbers(name):
    members, params, keys = unit(name)
    family = "vdn" if name.endswith("vdn") else "qmix"
    double = [members[f"in/{k}"].astype(float) for k in ("agent_qs", "state", "grad_out")]
    q_tot, (d_qs, grads) = qtot.mixer(family, params, *double, **keys)
    largest = max([np.abs(members["f64/grad_agent_qs"]).max()] +
                  [np.abs(v).max() for k, v in members.items() if k.startswith("f64/grad/")])
    size = max(1, np.abs(q_tot).max())
    np.testing.assert_allclose(q_tot, members["f64/q_tot"], rtol=0, atol=1e-12 * size)
    np.testing.assert_allclose(d_qs, members["f64/grad_agent_qs"], rtol=0, atol=1e-12 * largest)
    assert set(grads) == set(params)
    for key, gradient in grads.items():
        np.testing.assert_allclose(gradient, members[f"f64/grad/{key}"], rtol=0, atol=1e-12 * largest)


def qmix_case(seed=3, n_agents=3, state_dim=4, embed=5, hyper=6):
    rng = np.random.default_rng(seed)
    shapes = {"hyper_w1.0": (hyper, state_dim), "hyper_w1.2": (n_agents * embed, hyper),
              "hyper_b1.0": (embed, state_dim), "hyper_w2.0": (hyper, state_dim),
              "hyper_w2.2": (embed, hyper), "hyper_b2.0": (embed, state_dim), "hyper_b2.2": (1, embed)}
    params = {}
    for name, shape in shapes.items():
        params[f"mixer.{name}.weight"] = rng.normal(size=shape)
        params[f"mixer.{name}.bias"] = rng.normal(size=shape[0])
    keys = {"mixing_embed_dim": embed, "hypernet_embed": hyper, "qmix_pos_func": "softplus"}
    return params, rng.normal(size=(7, n_agents)), rng.normal(size=(7, state_dim)), rng.normal(size=(7, 1)), keys


def test_gradients_of_the_mixer_are_finite_differences():
    params, qs, state, out, keys = qmix_case()
    _, (d_qs, grads) = qtot.mixer("qmix", params, qs, state, out, **keys)

    def value():
        return float((qtot.mixer("qmix", params, qs, state, **keys)[0] * out).sum())

    for array, gradient in [(qs, d_qs)] + [(params[k], grads[k]) for k in params]:
        assert gradient.shape == array.shape
        for place in list(np.ndindex(array.shape))[::3]:
            kept, h = array[place], 1e-6
            array[place] = kept + h
            up = value()
            array[place] = kept - h
            slope = (up - value()) / (2 * h)
            array[place] = kept
            assert abs(slope - gradient[place]) < 1e-6 * max(1, abs(slope)), place


def test_leading_axes_types_and_orders_of_the_mixer():
    params, qs, state, out, keys = qmix_case()
    want, (d_want, g_want) = qtot.mixer("qmix", params, qs[:6], state[:6], out[:6], **keys)
    q_tot, (d_qs, grads) = qtot.mixer(
        "qmix", {k: np.asfortranarray(v) for k, v in params.items()}, qs[:6].reshape(2, 3, 3),
        np.asfortranarray(state[:6].reshape(2, 3, 4)), out[:6].reshape(2, 3, 1), **keys)
    assert q_tot.shape == (2, 3, 1) and np.array_equal(q_tot.reshape(6, 1), want)
    assert d_qs.shape == (2, 3, 3) and np.array_equal(d_qs.reshape(6, 3), d_want)
    assert all(np.array_equal(grads[k], g_want[k]) for k in params)
    one, gradients = qtot.mixer("qmix", params, qs[0], state[0], **keys)
    assert one.shape == (1,) and one == want[0] and gradients is None
    narrow, (d_narrow, g_narrow) = qtot.mixer(
        "qmix", params, *(a[:6].astype(np.float32) for a in (qs, state, out)), **keys)
    assert narrow.dtype == d_narrow.dtype == np.float32
    assert all(g.dtype == np.float32 for g in g_narrow.values())
    np.testing.assert_allclose(narrow, want, rtol=1e-4)


def test_mixers_without_parameters_need_no_state():
    qs = np.arange(6.0).reshape(2, 3)
    q_tot, (d_qs, grads) = qtot.mixer("vdn", {}, qs, grad_out=np.ones((2, 1)))
    assert np.array_equal(q_tot, [[3], [12]]) and np.array_equal(d_qs, np.ones((2, 3))) and grads == {}
    apart, (d_apart, _) = qtot.mixer("iql", {}, qs, grad_out=2 * np.ones((2, 3)))
    assert np.array_equal(apart, qs) and np.array_equal(d_apart, 2 * np.ones((2, 3)))


def test_wrong_arguments_of_the_mixer_are_named():
    params, qs, state, out, keys = qmix_case()

    def expect(message, family="qmix", **change):
        arguments = {"params": params, "agent_qs": qs, "state": state, "grad_out": out, **keys, **change}
        with pytest.raises(ValueError, match=message):
            qtot.mixer(family, arguments.pop("params"), **arguments)

    expect("qmx: no such mixer; expected one of .*qmix", family="qmx")
    expect(r"params\['mixer.hyper_w1.2.weight'\]: expected shape \[24, 6\], found \[15, 6\]",
           mixing_embed_dim=8)
    expect("mixing_embed.*did you mean mixing_embed_dim", mixing_embed=5)
    expect(r"state: expected shape \[7, S\], found \[6, 4\]", state=state[:6])
    expect("state: expected an array", state=None)
    expect(r"grad_out: expected .*, found .*\[7, 2\]", grad_out=np.ones((7, 2)))
    expect(r"params\['more'\]: the mixer has no such tensor", params={**params, "more": qs})
    expect(r"params: no tensor mixer.hyper_w1.0.weight of shape \[6, 4\]",
           params={k: v for k, v in params.items() if k != "mixer.hyper_w1.0.weight"})
    expect("agent_qs: expected shape", agent_qs=3.0)


def test_the_version_is_the_projects():
    text = (pathlib.Path(__file__).parents[2] / "CMakeLists.txt").read_text()
    assert f"project(qtot VERSION {qtot.__version__} " in text
