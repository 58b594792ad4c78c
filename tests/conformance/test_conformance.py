"""The suite itself: its learner is right, its files are what it writes, and each case can fail.

/usr/bin/python3 -m pytest tests/conformance
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import agreement  # noqa: E402
import autodiff as ad  # noqa: E402
import dense  # noqa: E402
import generate  # noqa: E402
import reference  # noqa: E402
import run_numpy  # noqa: E402

VECTORS = HERE.parent / "data" / "vectors"
FULL_VECTORS = HERE.parents[2] / "shared" / "vectors"  # beside the source tree, where there is one
# these have conventions of their own: a fictitious step after a cut episode, PyMARL2's q_lambda
OTHER_CONVENTIONS = ("shorttrunc", "qlambda")
MANIFEST = json.loads((HERE / "manifest.json").read_text())
ENTRY = {entry["name"]: entry for entry in MANIFEST["cases"]}


def vectors(folder):
    return sorted(path for pattern in ("pymarl_*", "pymarl2_vdn*", "pymarl2_qmix*")
                  for path in folder.glob(pattern + ".npz")
                  if not path.stem.endswith(OTHER_CONVENTIONS))


def canonical(name):
    """PyMARL's name of a mixer's tensor as PyMARL2 and qtot have it."""
    for theirs, ours in (("hyper_w_1", "hyper_w1"), ("hyper_w_final", "hyper_w2"),
                         ("hyper_b_1", "hyper_b1"), ("V", "hyper_b2")):
        head, found, rest = name.partition(f"mixer.{theirs}.")
        if found:
            return f"{head}mixer.{ours}." + (rest if rest[:2] in ("0.", "2.") else "0." + rest)
    return name


def strict_args(meta):
    """A recorded configuration with every key that the suite's learner reads."""
    args, options = meta["args"], meta["optim_defaults"]
    is_nq = args["learner"] == "nq_learner"
    defaults = {"abs": True, "qmix_pos_func": "abs", "qmix_pos_func_beta": 1.0, "use_per": False,
                "use_layer_norm": False, "target_update_tau": 0.0}
    return {**defaults, **args, "optimizer": meta["optimiser"].lower(), "lr": options["lr"],
            "weight_decay": options["weight_decay"], "td_lambda": args["td_lambda"] if is_nq else 0.0,
            "double_q": is_nq or args["double_q"], "loss_factor": 0.5 if meta["peer"] == "pymarl2" else 1.0}


def compare_with_pytorch(path, precision):
    params, target_params, batch, _, expected = run_numpy.load(path, precision)
    meta = json.loads(np.load(path)["meta"].tobytes())
    found = reference.learn({canonical(k): v for k, v in params.items()},
                            {canonical(k): v for k, v in target_params.items()}, batch,
                            strict_args(meta), generate.PRECISIONS[precision])
    largest = generate.largest_gradient(found)
    expected = {canonical(k): v for k, v in expected.items()}
    names = [k for k in expected if k in found
             and (reference.N_UPDATES == 5 or k not in ("losses", "grad_norms"))]
    if meta["args"]["learner"] == "nq_learner":
        names.remove("masked_td_error")  # there half its square
    assert len(names) > 25
    for name in names:
        ours = np.broadcast_to(found[name], expected[name].shape) if name == "mask" else found[name]
        # the peers' tensor is the one that may lack slot 0, or hold -9999999
        ratio = agreement.excess(name, expected[name], ours, batch["filled"], precision, largest)
        assert ratio <= 1, (name, ratio)


@pytest.mark.parametrize("path", vectors(VECTORS), ids=lambda path: path.stem)
@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_the_learner_agrees_with_what_pytorch_recorded(path, precision):
    compare_with_pytorch(path, precision)


def test_the_learner_agrees_with_the_full_set_of_recordings_where_it_is_there(monkeypatch):
    monkeypatch.setattr(reference, "N_UPDATES", 1)  # the first of five calls says nearly all
    for path in vectors(FULL_VECTORS):
        compare_with_pytorch(path, "f64")


def counter_weights(shapes):
    """w_k = ((7 k mod 11) - 5) / 10, k running through all tensors in order, row by row."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    numbers = ((7 * np.arange(sum(sizes)) % 11) - 5) / 10
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return {name: ad.Node(part.reshape(shape)) for (name, shape), part in zip(shapes.items(), parts)}


def near(found, expected):
    np.testing.assert_allclose(np.ravel(found), np.ravel(expected), rtol=0, atol=6e-13)


def test_the_recurrent_agent_gives_the_numbers_of_pytorchs_modules():
    p = counter_weights({"agent.fc1.weight": (2, 3), "agent.fc1.bias": (2,), "agent.rnn.weight_ih": (6, 2),
                         "agent.rnn.weight_hh": (6, 2), "agent.rnn.bias_ih": (6,),
                         "agent.rnn.bias_hh": (6,), "agent.fc2.weight": (2, 2), "agent.fc2.bias": (2,)})
    args = {"rnn_hidden_dim": 2, "use_layer_norm": False}
    x1, x2, h0 = (ad.Node(np.array([row])) for row in ([1, .5, -1], [0, 1.0, 2], [.1, -.2]))
    q1, h1 = reference.recurrent(p, x1, h0, args, np.float64)
    q2, h2 = reference.recurrent(p, x2, h1, args, np.float64)
    near(q1.value, [-.163885439973, -.514086555191])
    near(h2.value, [.492677729729, -.129112770145])
    loss = q1[:, 0:1] + q1[:, 1:2] + q2[:, 1:2] + q2[:, 1:2]
    d_fc1, d_hh = ad.gradients(loss, [p["agent.fc1.weight"], p["agent.rnn.bias_hh"]])
    near(d_fc1, [.129101385405, .092663110854, -.072876549102, -.370564330167, -.185282165084,
                 .370564330167])
    near(d_hh, [-.035612669083, -.078393932541, .173423655162, -.023632315873, -.165733169761,
                .460306300289])


def test_the_mixer_gives_the_numbers_of_pytorchs_modules():
    p = counter_weights({"mixer.hyper_w1.0.weight": (2, 2), "mixer.hyper_w1.0.bias": (2,),
                         "mixer.hyper_w1.2.weight": (4, 2), "mixer.hyper_w1.2.bias": (4,),
                         "mixer.hyper_w2.0.weight": (2, 2), "mixer.hyper_w2.0.bias": (2,),
                         "mixer.hyper_w2.2.weight": (2, 2), "mixer.hyper_w2.2.bias": (2,),
                         "mixer.hyper_b1.0.weight": (2, 2), "mixer.hyper_b1.0.bias": (2,),
                         "mixer.hyper_b2.0.weight": (2, 2), "mixer.hyper_b2.0.bias": (2,),
                         "mixer.hyper_b2.2.weight": (1, 2), "mixer.hyper_b2.2.bias": (1,)})
    q, state = ad.Node(np.array([[1.0, -2]])), ad.Node(np.array([[.5, 1.5]]))
    args = {"mixer": "qmix", "mixing_embed_dim": 2, "abs": True, "qmix_pos_func": "abs"}
    q_tot = reference.mix(p, q, state, args)
    near(q_tot.value, -.417579546839)
    d_q, d_w2 = ad.gradients(q_tot, [q, p["mixer.hyper_w2.2.weight"]])
    near(d_q, [.281800965708, .249471363138])
    near(d_w2, [0, .006, 0, .158598489464])


@pytest.mark.parametrize("rule, after", [
    ("rmsprop", [[.995001666111, -1.995000124997, .5], [.990003947703, -1.995622593472, .499975155261]]),
    ("adam", [[.999000000033, -1.999000000003, .5], [.998236090613, -1.998427339213, .499276351493]])])
def test_the_optimisers_give_the_numbers_of_pytorchs(rule, after):
    args = {"optimizer": rule, "lr": {"rmsprop": 5e-4, "adam": 1e-3}[rule], "optim_alpha": .99,
            "optim_eps": 1e-5, "grad_norm_clip": 10, "weight_decay": 0}
    params, memory = {"p": np.array([1, -2, .5])}, {}
    for gradient, expected in zip(([.3, -4, 0], [20, 1, 1e-6]), after):
        g = {"p": np.array(gradient)}
        params = reference.optimise(params, g, reference.norm_of(g, np.float64), memory, args, np.float64)
        near(params["p"], expected)


def test_generating_again_gives_the_same_bytes(tmp_path):
    generate.main(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    committed = {path.relative_to(HERE): path.read_bytes()
                 for path in [HERE / "manifest.json", *HERE.glob("cases/*.npz")]}
    assert written.keys() == committed.keys()
    assert [str(name) for name in written if written[name] != committed[name]] == []


def run(*arguments, cwd):
    return subprocess.run([sys.executable, HERE / "run_numpy.py", *arguments], cwd=cwd,
                          capture_output=True, text=True, check=False)


def test_the_runner_says_by_its_exit_code_whether_all_agree(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def zeros(params, target_params, batch, args):\n    return {'loss': 0.0}\n")
    agrees = run("mine:zeros", "--case", "empty_mask", cwd=tmp_path)
    differs = run("mine:zeros", "--case", "empty_mask", "--case", "iql", cwd=tmp_path)
    assert (agrees.returncode, differs.returncode) == (0, 1)
    assert "1 of 1 cases agree" in agrees.stdout
    assert "FAIL iql" in differs.stdout and "first differs: loss" in differs.stdout
    for wrong in (["mine"], ["mine:ones"], ["yours:zeros"], ["--case", "nothing"]):
        assert run(*wrong, cwd=tmp_path).returncode == 2, wrong


@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_the_suites_own_learner_agrees(precision, capsys):
    assert run_numpy.run(run_numpy.own_learner(precision), precision), capsys.readouterr().out


def test_a_learner_that_raises_or_returns_nothing_fails():
    for bad in (lambda *_: {}, lambda *_: 1 / 0, lambda *_: {"loss": float("nan")}):
        assert not run_numpy.verdict(bad, ENTRY["mixed_lengths"], "f64")[0]


# --- every case can fail: a plausible mistake, and the case that is there to show it

def with_args(**changes):
    return lambda p, t, batch, args: reference.learn(p, t, batch, {**args, **changes})


def with_batch(change):
    def learn(p, t, batch, args):
        batch = {key: array.copy() for key, array in batch.items()}
        change(batch)
        return reference.learn(p, t, batch, args)
    return learn


def swapped_lambda(p, t, batch, args):
    return reference.learn(p, t, batch, {**args, "td_lambda": 1 - args["td_lambda"]})


def all_end(batch):
    for b, length in enumerate(batch["lengths"]):
        batch["terminated"][b, max(length - 1, 0)] = 1


def none_ends(batch):
    batch["terminated"][:] = 0


def all_available(batch):
    batch["avail_actions"][batch["filled"][:, :, 0] == 1] = 1


def next_action(batch):
    batch["actions"][:, :-1] = batch["actions"][:, 1:]


@pytest.mark.parametrize("mistake, name", [
    (with_batch(all_end), "truncated_and_terminated"), (with_batch(all_end), "n1_t2_truncated"),
    (with_batch(none_ends), "n1_t2_terminated"), (with_batch(none_ends), "single_step_episodes"),
    (with_batch(none_ends), "no_action_after_the_end"), (with_batch(all_end), "lambda_1"),
    (with_batch(all_available), "unavailable_best_action"),
    (with_batch(all_available), "unavailable_best_action_no_double_q"),
    (with_batch(all_available), "no_action_at_the_bootstrap"),
    (with_batch(all_available), "no_action_at_the_bootstrap_qmix"),
    (with_batch(next_action), "last_action_and_id"), (swapped_lambda, "lambda_0"),
    (with_args(td_lambda=0.25), "lambda_half"), (with_args(gamma=0.5), "gamma_0"),
    (with_args(double_q=True), "no_double_q"), (with_args(double_q=False), "mixed_lengths"),
    (with_args(loss_factor=1), "loss_factor_half"), (with_args(use_per=False), "per_weights"),
    (with_args(grad_norm_clip=1e9), "clip_active"), (with_args(grad_norm_clip=1), "clip_inactive"),
    (with_args(optim_eps=1e-3), "rmsprop_step"), (with_args(optimizer="rmsprop"), "adam_step"),
    (with_args(weight_decay=0), "rmsprop_weight_decay"), (with_args(weight_decay=0), "adam_weight_decay"),
    (with_args(target_update_interval=3), "target_copied_every_second_call"),
    (with_args(target_update_tau=0.75), "target_follows_slowly"),
    (with_args(abs=False), "qmix_1_layer"), (with_args(abs=False), "qmix_2_layers"),
    (with_args(qmix_pos_func_beta=1.0), "dense_qmix_softplus"),
    (with_args(qmix_pos_func="abs"), "dense_qmix_quadratic"),
    (with_args(use_layer_norm=False), "dense_vdn_layer_norm"), (with_args(mixer="vdn"), "iql"),
])
def test_a_mistake_in_a_setting_is_seen(mistake, name):
    assert not run_numpy.verdict(mistake, ENTRY[name], "f64")[0]


def slope_at_zero(function, slope):
    def changed(x):
        node = function(x)
        at_zero = x.value == 0
        return ad.Node(node.value, ((node, lambda d: np.where(at_zero, 0, d)),
                                    (x, lambda d: np.where(at_zero, slope * d, 0))))
    return changed


def last_of_the_largest(q, avail):
    return q.shape[2] - 1 - true_greedy(q[:, :, ::-1], avail[:, :, ::-1])


def without_memory(p, inputs, h, args, dtype):
    q, _ = true_recurrent(p, inputs, h, args, dtype)
    return q, h


true_greedy, true_recurrent = reference.greedy, reference.recurrent


def without_a_state(params, q, state, args):
    return ad.total(q, 1)


@pytest.mark.parametrize("module, name, wrong, case", [
    (reference, "valid_steps", lambda b: np.ones(b["filled"].shape[:1] + (b["filled"].shape[1] - 1,), bool),
     "mixed_lengths"),
    (reference, "valid_steps", lambda b: b["filled"][:, :-1, 0] != 0, "truncated_before_the_batch_ends"),
    (reference, "valid_steps", lambda b: b["filled"][:, :-1, 0] != 0, "reward_in_the_last_slot"),
    (reference, "valid_steps", lambda b: b["filled"][:, :-1, 0] != 0, "padding_beyond_every_episode"),
    (reference, "valid_steps", lambda b: b["filled"][:, :-1, 0] != 0,
     "lambda_truncated_before_the_batch_ends"),
    (reference, "valid_steps", lambda b: np.ones(b["filled"].shape[:1] + (b["filled"].shape[1] - 1,), bool),
     "empty_episode_in_the_batch"),
    (reference, "valid_steps", lambda b: np.ones(b["filled"].shape[:1] + (b["filled"].shape[1] - 1,), bool),
     "empty_mask"),
    (reference, "greedy", last_of_the_largest, "tie_at_the_argmax"),
    (reference, "recurrent", without_memory, "memory"),
    (reference, "mix", without_a_state, "dense_vdn_s"),
    (ad, "relu", slope_at_zero(ad.relu, 1.0), "relu_at_zero_in_the_agent"),
    (ad, "relu", slope_at_zero(ad.relu, 1.0), "relu_at_zero_in_the_mixer"),
    (ad, "absolute", slope_at_zero(ad.absolute, 1.0), "abs_at_zero"),
    (ad, "elu", slope_at_zero(ad.elu, 0.0), "elu_at_zero"),
])
def test_a_mistake_in_the_learner_is_seen(module, name, wrong, case, monkeypatch):
    assert run_numpy.verdict(reference.learn, ENTRY[case], "f64")[0]
    monkeypatch.setattr(module, name, wrong)
    assert not run_numpy.verdict(reference.learn, ENTRY[case], "f64")[0]


def test_every_case_by_hand_has_numbers_from_paper():
    dense_names = {case.name for case in dense.all_cases()}
    for name, entry in ENTRY.items():
        assert bool(entry["on_paper"]) != (name in dense_names), name
