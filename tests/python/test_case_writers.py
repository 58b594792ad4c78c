"""tools/qtot_case_torch.py and tools/qtot_case_numpy.py: what is written, and what is refused.

/usr/bin/python3 -m pytest tests/python/test_case_writers.py
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTOR = ROOT / "tests" / "data" / "vectors" / "pymarl_qmix_1layer_1.npz"
NAMES = ("qtot_case_torch", "qtot_case_numpy")


def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=NAMES)
def tool(request):
    return load_tool(request.param)


class Tensor:
    """What the tools use of a torch tensor."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array

    def __float__(self):
        return float(self.array)


def recorded():
    """A case that PyTorch recorded, as the arguments of write_case()."""
    file = np.load(VECTOR)
    meta = json.loads(file["meta"].tobytes())
    below = {prefix: {key[len(prefix):]: file[key] for key in file.files if key.startswith(prefix)}
             for prefix in ("in/", "param/", "tparam/", "f32/")}
    outputs = {}
    for key, array in below["f32/"].items():
        head, _, rest = key.partition("/")
        if rest:
            outputs.setdefault(head, {})[rest] = array
        else:
            outputs[head] = array
    return {"args": meta["args"], "batch": below["in/"], "params": below["param/"],
            "target_params": below["tparam/"], "outputs": {"f32": outputs}, "peer": "pymarl",
            "optimiser": (meta["optimiser"], meta["optim_defaults"])}


def test_what_was_recorded_is_written_again_to_the_last_bit(tool, tmp_path):
    tool.write_case(str(tmp_path / "case.npz"), **recorded())
    found, expected = np.load(tmp_path / "case.npz"), np.load(VECTOR)
    wanted = [key for key in expected.files if not key.startswith("f64/") and key != "meta"]
    assert sorted(found.files) == sorted([*wanted, "meta"])
    for key in wanted:
        assert found[key].dtype == expected[key].dtype, key
        np.testing.assert_array_equal(found[key], expected[key], key)
    ours, theirs = (json.loads(file["meta"].tobytes()) for file in (found, expected))
    assert ours["peer"] == "pymarl" and ours["optimiser"] == theirs["optimiser"]
    assert ours["args"].items() >= theirs["args"].items()
    assert ours["args"]["hypernet_layers"] == 1  # found in the parameters
    for key in ("lr", "alpha", "eps", "weight_decay"):
        assert ours["optim_defaults"][key] == theirs["optim_defaults"][key]


def test_tensors_state_dicts_and_namespaces_give_the_same_bytes(tool, tmp_path):
    plain = recorded()
    tool.write_case(str(tmp_path / "case.npz"), **plain)
    first = (tmp_path / "case.npz").read_bytes()

    def parts(params):
        return {part: {key[len(part) + 1:]: Tensor(x) for key, x in params.items()
                       if key.startswith(part + ".")} for part in ("agent", "mixer")}

    class EpisodeBatch:  # PyMARL's has no items(), but fields by name
        def __getitem__(self, key):
            return Tensor(plain["batch"][key].astype(np.int64 if key != "terminated" else np.uint8)
                          if plain["batch"][key].dtype.kind == "i" else plain["batch"][key])

    outputs = {key: ({k: Tensor(v) for k, v in x.items()} if isinstance(x, dict) else Tensor(x))
               for key, x in plain["outputs"]["f32"].items()}
    tool.write_case(str(tmp_path / "case.npz"), types.SimpleNamespace(**plain["args"], logger=object()),
                    EpisodeBatch(), parts(plain["params"]), parts(plain["target_params"]),
                    {"f32": outputs}, peer="pymarl", optimiser=plain["optimiser"])
    assert (tmp_path / "case.npz").read_bytes() == first


def test_slots_after_an_episode_are_written_as_zeros(tool, tmp_path):
    arguments = recorded()
    batch = {key: x.copy() for key, x in arguments["batch"].items()}
    outside = batch["filled"][:, :, 0] == 0
    for key in ("state", "obs", "reward", "actions", "avail_actions", "terminated"):
        batch[key][outside] = 1
    tool.write_case(str(tmp_path / "case.npz"), **{**arguments, "batch": batch})
    found = np.load(tmp_path / "case.npz")
    for key, array in arguments["batch"].items():
        np.testing.assert_array_equal(found["in/" + key], array, key)


def test_an_episode_without_a_step_and_weights_are_kept(tool, tmp_path):
    arguments = recorded()
    batch = {key: x.copy() for key, x in arguments["batch"].items()}
    batch["filled"][2] = 0
    weights = np.array([0.1, 0.2, 0.3, 1.0])
    tool.write_case(str(tmp_path / "case.npz"), **{**arguments, "batch": batch}, per_weight=weights)
    found = np.load(tmp_path / "case.npz")
    assert found["in/lengths"][2] == 0 and found["in/lengths"][0] > 0
    np.testing.assert_array_equal(found["in/per_weight"], weights)


def changed(field, key, change):
    def apply(arguments):
        tree = dict(arguments[field])
        tree[key] = change(tree[key].copy() if hasattr(tree[key], "copy") else tree[key])
        arguments[field] = tree
    return apply


def set_at(index, value):
    def change(array):
        array[index] = value
        return array
    return change


def without(field, key):
    def apply(arguments):
        arguments[field] = {k: v for k, v in arguments[field].items() if k != key}
    return apply


def replaced(**values):
    return lambda arguments: arguments.update(values)


@pytest.mark.parametrize("damage, sentence", [
    (changed("batch", "obs", lambda x: x[:, :-1]), "obs has shape .*; expected"),
    (changed("batch", "avail_actions", lambda x: x[0]), "avail_actions has shape"),
    (changed("batch", "reward", lambda x: x[:, :-1]), "reward has shape"),
    (changed("batch", "reward", lambda x: x.astype(np.float64) + 0.1), "float32 cannot hold exactly"),
    (changed("batch", "state", set_at((0, 0, 0), np.nan)), "state holds a number that is not finite"),
    (changed("batch", "actions", set_at((0, 0, 0, 0), 4)), "actions holds 0 to 4; expected 0 to 3"),
    (changed("batch", "avail_actions", set_at((0, 0, 0, 0), 2)), "avail_actions holds"),
    (changed("batch", "filled", set_at((0, 1, 0), 0)), "filled of episode 0"),
    (changed("batch", "filled", set_at((2, slice(1, None), 0), 0)), "episode 2 has one slot and no step"),
    (changed("batch", "terminated", set_at((0, 3, 0), 1)), "terminated is 1 at slot 3 of episode 0"),
    (changed("params", "agent.fc1.weight", lambda x: x[:, 1:]), "target_params: agent.fc1.weight"),
    (without("params", "agent.fc1.weight"), "params lacks 'agent.fc1.weight'"),
    (without("target_params", "mixer.V.0.bias"), "target_params lacks 'mixer.V.0.bias'"),
    (changed("params", "agent.fc2.bias", set_at(0, np.inf)), "params: agent.fc2.bias holds"),
    (without("args", "gamma"), "args lacks 'gamma'"),
    (changed("args", "rnn_hidden_dim", lambda _: 64), "args has rnn_hidden_dim = 64, but .* 24"),
    (changed("args", "mixing_embed_dim", lambda _: 32), "args has mixing_embed_dim = 32, but .* 16"),
    (changed("args", "obs_agent_id", lambda _: False), "agent.fc1.weight takes 12 inputs"),
    (replaced(peer="rllib"), "peer is 'rllib'; expected one of strict"),
    (replaced(optimiser=("SGD", {"lr": 1})), "optimiser is SGD; qtot has RMSprop, Adam, RAdam"),
    (replaced(optimiser=("RMSprop", {"lr": 1, "momentum": 0.9})), "momentum = 0.9"),
    (replaced(optimiser=None, peer="strict"), "args names no 'optimizer'"),
    (replaced(outputs={"q_tot": 1}), "outputs has 'q_tot'; expected 'f32' or 'f64'"),
    (replaced(outputs={"f32": {"qtot": 1}}), "outputs has 'qtot'; known are agent_q"),
    (replaced(outputs={"f32": {"loss": [1.0]}}), r"outputs: loss has shape \[1\]; expected \[\]"),
    (replaced(outputs={"f32": {"q_tot": np.zeros((4, 9, 3))}}), r"expected \[B, T, K\] with B = 4"),
    (replaced(outputs={"f32": {"grad": {"agent.fc1.bias": np.zeros(24)}}}), "outputs: grad lacks"),
])
def test_what_does_not_fit_is_refused_in_one_sentence(tool, tmp_path, damage, sentence):
    arguments = recorded()
    damage(arguments)
    with pytest.raises(ValueError, match=sentence) as refusal:
        tool.write_case(str(tmp_path / "case.npz"), **arguments)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "case.npz").exists()


def test_optimisers_follow_the_configuration_where_none_is_given(tool, tmp_path):
    def found(peer, **args):
        arguments = {**recorded(), "optimiser": None, "peer": peer}
        arguments["args"] = {**arguments["args"], **args}
        tool.write_case(str(tmp_path / "case.npz"), **arguments)
        meta = json.loads(np.load(tmp_path / "case.npz")["meta"].tobytes())
        return meta["optimiser"], meta["optim_defaults"]["eps"]

    assert found("pymarl") == ("RMSprop", 1e-5)
    assert found("epymarl") == ("Adam", 1e-8)
    assert found("jaxmarl") == ("RAdam", 1e-8)
    assert found("pymarl2", optimizer="adam") == ("Adam", 1e-8)


def test_the_two_files_share_all_that_is_not_of_their_library():
    parts = [(ROOT / "tools" / f"{name}.py").read_text().partition("# --- from here on") for name in NAMES]
    assert parts[0][1:] == parts[1][1:]
    assert len(parts[0][2]) > 5000


@pytest.mark.parametrize("name", NAMES)
def test_they_need_numpy_alone(name):
    source = (f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); import {name}; "
              "print(sorted({'torch', 'jax', 'flax'} & set(sys.modules)))")
    result = subprocess.run([sys.executable, "-I", "-B", "-c", source], capture_output=True, text=True,
                            check=True)
    assert result.stdout.strip() == "[]"


# --- PyTorch: a learner of PyMARL's form, with the parts of torch that the recorder touches

class Module:
    def __init__(self, **arrays):
        self.arrays, self.hooks = {key: Tensor(np.float32(x)) for key, x in arrays.items()}, []

    def state_dict(self):
        return self.arrays

    def named_parameters(self):
        return self.arrays.items()

    def register_forward_pre_hook(self, hook):
        self.hooks.append(hook)
        return types.SimpleNamespace(remove=lambda: self.hooks.remove(hook))

    def __call__(self, *inputs):
        for hook in self.hooks:
            assert hook(self, inputs) is None
        return Tensor(2 * inputs[0].array)


class Learner:
    def __init__(self):
        self.mac, self.target_mac = (types.SimpleNamespace(agent=Module(w=[1.0, k])) for k in (2, 3))
        self.mixer, self.target_mixer = Module(v=[4.0]), Module(v=[5.0])
        self.optimiser = types.SimpleNamespace(state={})
        self.calls = []

    def train(self, batch, t_env, episode_num):
        import torch
        self.calls.append((batch, t_env, episode_num))
        mac_out = Tensor(np.float32([[1, 2]]))
        chosen_action_qvals = self.mixer(Tensor(np.float32([3, episode_num])), None)
        self.mixer(Tensor(np.float32([0])), None)  # only the first call counts
        target_max_qvals = self.target_mixer(Tensor(np.float32([6])), None)
        parameters = [*self.mac.agent.arrays.values(), *self.mixer.arrays.values()]
        for k, p in enumerate(parameters):
            p.grad = Tensor(np.float32(p.array * 10 + k))
        grad_norm = torch.nn.utils.clip_grad_norm_(parameters, 10)
        for p in parameters:
            p.array = p.array - 1
        loss = Tensor(np.float32(episode_num))
        return chosen_action_qvals, target_max_qvals, mac_out, grad_norm, loss


@pytest.fixture
def torch(monkeypatch):
    def clip(parameters, max_norm):
        for p in parameters:
            p.grad.array = p.grad.array * 0  # whoever reads the gradient later sees this
        return Tensor(np.float32(max_norm + 1))
    fake = types.ModuleType("torch")
    fake.nn = types.SimpleNamespace(utils=types.SimpleNamespace(clip_grad_norm_=clip))
    monkeypatch.setitem(sys.modules, "torch", fake)
    return fake


def test_a_learner_is_recorded_without_a_change_to_its_source(torch):
    tool, learner = load_tool("qtot_case_torch"), Learner()
    clip, profile = torch.nn.utils.clip_grad_norm_, sys.getprofile()
    online, target = tool.networks(learner)
    outputs = tool.record_train(learner, "batch", t_env=7)["f32"]
    assert learner.calls == [("batch", 7, k) for k in (1, 2, 3, 4, 5)]
    np.testing.assert_array_equal(online["agent"]["w"], [1, 2])  # copies: training did not reach them
    np.testing.assert_array_equal(target["mixer"]["v"], [5])
    expected = {"agent_q": [[1, 2]], "chosen_q": [3, 1], "q_tot": [6, 2], "target_max_agent_q": [6],
                "target_max_qvals": [12], "loss": 1, "grad_norm": 11, "losses": [1, 2, 3, 4, 5],
                "grad_norms": [11] * 5}
    for key, value in expected.items():
        np.testing.assert_array_equal(outputs[key], value, key)
    np.testing.assert_array_equal(outputs["grad"]["agent.w"], [10, 20])  # before clipping
    np.testing.assert_array_equal(outputs["grad"]["mixer.v"], [41])
    np.testing.assert_array_equal(outputs["param1"]["agent"]["w"], [0, 1])
    np.testing.assert_array_equal(outputs["param5"]["mixer"]["v"], [-1])
    assert torch.nn.utils.clip_grad_norm_ is clip and sys.getprofile() is profile
    assert learner.mixer.hooks == [] and learner.target_mixer.hooks == []


def test_an_optimiser_that_has_stepped_leaves_out_what_depends_on_its_memory(torch):
    tool, learner = load_tool("qtot_case_torch"), Learner()
    learner.optimiser.state["p"] = 1
    outputs = tool.record_train(learner, None, n_calls=1)["f32"]
    assert {"loss", "grad", "q_tot"} <= outputs.keys()
    assert not {"param1", "param5", "losses", "grad_norms"} & outputs.keys()


# --- Flax

def flax_gru(cell, x, h):
    """Flax's equations: a bias for r and z on the input's side alone, two for n."""
    def sigmoid(v):
        return 1 / (1 + np.exp(-v))
    r = sigmoid(x @ cell["ir"]["kernel"] + cell["ir"]["bias"] + h @ cell["hr"]["kernel"])
    z = sigmoid(x @ cell["iz"]["kernel"] + cell["iz"]["bias"] + h @ cell["hz"]["kernel"])
    n = np.tanh(x @ cell["in"]["kernel"] + cell["in"]["bias"]
                + r * (h @ cell["hn"]["kernel"] + cell["hn"]["bias"]))
    return (1 - z) * n + z * h


def test_a_gru_of_flax_becomes_one_of_pytorch():
    tool, rng = load_tool("qtot_case_numpy"), np.random.RandomState(1)
    cell = {gate: {"kernel": rng.randn(3, 3)} for gate in ("ir", "iz", "in", "hr", "hz", "hn")}
    for gate in ("ir", "iz", "in", "hn"):
        cell[gate]["bias"] = rng.randn(3)
    x, h = rng.randn(2, 3), rng.randn(2, 3)
    p = tool.flax_gru_to_torch("rnn", cell)
    gi = x @ p["rnn.weight_ih"].T + p["rnn.bias_ih"]
    gh = h @ p["rnn.weight_hh"].T + p["rnn.bias_hh"]
    r, z = (1 / (1 + np.exp(-(gi[:, s] + gh[:, s]))) for s in (slice(0, 3), slice(3, 6)))
    n = np.tanh(gi[:, 6:] + r * gh[:, 6:])
    np.testing.assert_allclose((1 - z) * n + z * h, flax_gru(cell, x, h), rtol=1e-14)

    gradient = tool.flax_gru_to_torch("rnn", cell, gradient=True)
    np.testing.assert_array_equal(gradient["rnn.bias_hh"][:6], gradient["rnn.bias_ih"][:6])
    np.testing.assert_array_equal(gradient["rnn.bias_hh"][6:], cell["hn"]["bias"])


def test_a_dense_layer_of_flax_becomes_a_linear_of_pytorch():
    tool = load_tool("qtot_case_numpy")
    found = tool.flax_dense_to_torch("fc1", {"kernel": np.arange(6.0).reshape(2, 3), "bias": np.ones(3)})
    np.testing.assert_array_equal(found["fc1.weight"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found["fc1.bias"], [1, 1, 1])
