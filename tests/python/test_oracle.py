"""qtot.oracle against the committed vectors: PyMARL's and PyMARL2's own numbers."""

import gc
import json
import pathlib

import numpy as np
import pytest

import qtot

VECTORS = pathlib.Path(__file__).parents[1] / "data" / "vectors"
LEARNERS = sorted(p.stem for p in VECTORS.glob("*.npz") if not p.stem.startswith("unit_"))
UNITS = sorted(p.stem for p in VECTORS.glob("unit_*.npz"))


def load(name):
    with np.load(VECTORS / f"{name}.npz") as file:
        return dict(file)


def under(members, prefix):
    return {name[len(prefix):]: value for name, value in members.items() if name.startswith(prefix)}


def run(members, **more):
    return qtot.oracle.step(under(members, "param/"), under(members, "in/"),
                            json.loads(bytes(members["meta"])), under(members, "tparam/"), **more)


@pytest.mark.parametrize("name", LEARNERS)
def test_step_gives_the_peers_numbers(name):
    members = load(name)
    ours = run(members)
    theirs = under(members, "f64/")
    for tensor in ("loss", "grad_norm", "losses"):
        if tensor in theirs:
            bound = 1e-12 * max(1, np.abs(theirs[tensor]).max())
            assert np.abs(ours[tensor] - theirs[tensor]).max() <= bound, tensor
    # every tensor, by the pass rule: what step gave is put beside what is stored
    again = {k: v for k, v in members.items() if not k.startswith(("f32/", "f64/"))}
    again.update({f"f64/{k}": v for k, v in ours.items()})
    assert qtot.oracle.check(again)["agrees"]
    report = qtot.oracle.check(members)
    assert report["agrees"] and len(report["tensors"]) > 10


@pytest.mark.parametrize("name", LEARNERS + UNITS)
def test_check_agrees_in_both_precisions_from_path_and_from_arrays(name):
    for dtype in ("f64", "f32"):
        of_file = qtot.oracle.check(VECTORS / f"{name}.npz", dtype=dtype)
        of_arrays = qtot.oracle.check(load(name), dtype=dtype)
        assert of_file["agrees"] and of_arrays["agrees"], of_file["reason"]
        assert {**of_file, "source": ""} == {**of_arrays, "source": ""}


def test_step_of_a_file_is_step_of_its_arrays():
    name = "pymarl2_qmix_qlearner"
    of_file = qtot.oracle.step_file(VECTORS / f"{name}.npz")
    of_arrays = run(load(name))
    assert list(of_file) == list(of_arrays)
    for tensor, value in of_file.items():
        assert value.dtype == np.float64 and np.array_equal(value, of_arrays[tensor]), tensor


def test_f32_gives_float32_and_wide_gives_what_double_leaves_over():
    path = VECTORS / "pymarl_vdn.npz"
    narrow, double, wide = (qtot.oracle.step_file(path, dtype=d) for d in ("f32", "f64", "wide"))
    assert all(value.dtype == np.float32 for value in narrow.values())
    assert abs(wide["loss"] - double["loss"]) < 1e-14
    assert 0 < abs(wide["wide_rest/loss"]) < 1e-16
    assert wide["agent_q"].shape == double["agent_q"].shape == wide["wide_rest/agent_q"].shape


def test_keywords_replace_keys_and_flat_configurations_name_a_preset():
    members = load("pymarl_vdn")
    config = json.loads(bytes(members["meta"]))["args"]
    flat = {**config, "preset": "pymarl"}
    params, batch, targets = (under(members, p) for p in ("param/", "in/", "tparam/"))
    ours = qtot.oracle.step(params, batch, flat, targets)
    assert np.array_equal(ours["targets"], run(members)["targets"])
    other = qtot.oracle.step(params, batch, flat, targets, gamma=0.5)
    assert np.array_equal(other["targets"],
                          qtot.oracle.step(params, batch, {**flat, "gamma": 0.5}, targets)["targets"])
    assert not np.array_equal(other["targets"], ours["targets"])


def test_order_and_types_of_arrays_do_not_matter():
    members = load("pymarl2_qmix_qlearner")
    want = run(members)
    other = dict(members)
    for name, value in members.items():
        if name.startswith(("param/", "tparam/")):
            other[name] = np.asfortranarray(value.astype(np.float64))
    other["in/obs"] = np.asfortranarray(members["in/obs"])
    other["in/state"] = members["in/state"].astype(">f4")
    other["in/actions"] = members["in/actions"].astype(np.int64)
    other["in/filled"] = members["in/filled"].astype(bool)
    other["in/reward"] = np.repeat(members["in/reward"], 2, axis=1)[:, ::2]  # strided
    assert not other["in/reward"].flags.c_contiguous
    got = run(other)
    for tensor, value in want.items():
        assert np.array_equal(got[tensor], value), tensor


def test_results_outlive_what_they_were_made_from_and_each_other():
    members = load("pymarl_iql")
    want = {k: v.copy() for k, v in run(members).items()}
    got = run(members)
    loss, q = got["loss"], got["agent_q"]
    for value in members.values():
        value.fill(0)
    del members, got
    gc.collect()
    assert np.array_equal(q, want["agent_q"]) and loss == want["loss"]
    q[:] = 1  # owned and writable
    assert q.flags.writeable and loss == want["loss"]


def test_a_difference_is_named_and_explained():
    members = load("pymarl2_qmix_qlearner")
    wrong = run(members, double_q=False)
    mine = {k: v for k, v in members.items() if not k.startswith(("f32/", "f64/"))}
    mine.update({f"f64/{k}": v for k, v in wrong.items()})
    report = qtot.oracle.check(mine)
    assert not report["agrees"] and report["first"]["name"] == "target_max_agent_q"
    assert "episode" in report["first"]["where"]
    diagnosis = qtot.oracle.diagnose(mine)
    assert not diagnosis["agrees"] and diagnosis["explained"]
    assert "double" in diagnosis["explanations"][0]["sentence"].lower()


def test_tolerances():
    name = VECTORS / "pymarl_vdn.npz"
    assert qtot.oracle.check(name, tolerance="certified")["agrees"]
    assert not qtot.oracle.check(name, tolerance="f64=1e-30")["agrees"]
    with pytest.raises(ValueError, match="tolerance: .*wide open"):
        qtot.oracle.check(name, tolerance="wide open")


class Unreadable:
    def __array__(self, *args, **kwargs):
        raise TypeError("it lies on another device")


@pytest.mark.parametrize("member, value, message", [
    ("in/obs", None, "in/obs"),
    ("in/obs", np.zeros((2, 3), np.float32), r"in/obs: expected 4 dimensions, found shape \[2, 3\]"),
    ("in/obs", np.array(["a"]), "in/obs: expected an array of numbers, found dtype <U1"),
    ("in/obs", np.zeros(3, complex), "in/obs: expected an array of numbers, found dtype complex128"),
    ("in/obs", Unreadable(), "in/obs: cannot be read as an array: it lies on another device"),
    ("in/actions", np.zeros((5, 7, 3, 1), np.float32), "in/actions"),
    ("param/agent.fc1.weight", np.zeros((24, 14), np.float32),
     r"param/agent.fc1.weight: .*\[24, 15\].*\[24, 14\]"),
    ("param/agent.fc9.weight", np.zeros(1), "param/agent.fc9.weight: the network has no such tensor"),
    ("tparam/agent.fc1.bias", None, r"no member tparam/agent.fc1.bias of shape \[24\]"),
])
def test_wrong_arrays_are_named(member, value, message):
    members = load("pymarl2_qmix_qlearner")
    members[member] = value
    if value is None:
        del members[member]
    with pytest.raises(ValueError, match=message):
        run(members)


def test_wrong_arguments_are_named():
    members = load("pymarl_vdn")
    with pytest.raises(ValueError, match="gama.*did you mean gamma"):
        run(members, gama=0.5)
    with pytest.raises(ValueError, match=r"gamma: expected a number, .* found list"):
        run(members, gamma=[0.5])
    with pytest.raises(ValueError, match="f32, f64 or wide"):
        run(members, dtype="f16")
    with pytest.raises(ValueError, match="params: expected a dict of arrays, found list"):
        qtot.oracle.step([1], {}, {})
    with pytest.raises(ValueError, match="config: expected a dict"):
        qtot.oracle.step({}, {}, "qmix")
    with pytest.raises(FileNotFoundError):
        qtot.oracle.step_file("no/such/file.npz")
    with pytest.raises(ValueError, match="test_oracle.py"):
        qtot.oracle.check(__file__)
    with pytest.raises(ValueError, match="stores no outputs"):
        qtot.oracle.check({k: v for k, v in members.items() if not k.startswith(("f32", "f64"))})
    for more in ({"gamma": 0.5}, {"tolerance": "certified"}):
        with pytest.raises(ValueError, match="a file of one part takes no keys"):
            qtot.oracle.check(VECTORS / "unit_mixer_vdn.npz", **more)
    with pytest.raises(ValueError, match="td_lambda = 1.5"):
        run(members, td_lambda=1.5)


def test_numbers_that_run_away_are_a_runtime_error():
    members = load("pymarl_vdn")
    members["in/reward"] = np.full_like(members["in/reward"], np.inf)
    with pytest.raises(RuntimeError, match="not finite"):
        run(members, non_finite="error")
    assert np.isnan(run(members, non_finite="ignore")["grad_norm"])
