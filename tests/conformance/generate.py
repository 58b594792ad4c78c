#!/usr/bin/env python3
"""Writes cases/*.npz and manifest.json: /usr/bin/python3 tests/conformance/generate.py [FOLDER]

The same bytes every time. Before anything is written, each case must reproduce the numbers that were
found on paper, and show that float32 and float64 can agree on it: that no choice between actions and
no kink lies within rounding, unless it is meant to lie exactly there.
"""

import itertools
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

import agreement  # noqa: E402
import autodiff  # noqa: E402
import by_hand  # noqa: E402
import dense  # noqa: E402
import reference  # noqa: E402
from qtot_case_numpy import write_case  # noqa: E402

PRECISIONS = {"f64": np.float64, "f32": np.float32}
MARGIN = 5e-4  # a choice or a kink nearer than this, and not exact, is left to rounding


def all_cases():
    return itertools.chain(by_hand.all_cases(), dense.all_cases())


def outputs_of(case):
    """precision -> name -> array; raises AssertionError where the case does not hold what it promises."""
    batch = {key: np.asarray(value) for key, value in case.batch.items()}
    autodiff.nearest_kink[0] = reference.nearest_choice[0] = float("inf")
    outputs = {precision: reference.learn(case.params, case.target_params, batch, case.args, dtype)
               for precision, dtype in PRECISIONS.items()}
    assert autodiff.nearest_kink[0] > MARGIN, (case.name, "kink", autodiff.nearest_kink)
    assert reference.nearest_choice[0] > MARGIN, (case.name, "choice", reference.nearest_choice)
    for name, paper in case.right.items():
        for precision in PRECISIONS:
            off = agreement.off_paper(name, outputs[precision][name], paper, batch["filled"], precision)
            assert off <= 0.5, (case.name, name, precision, off)
    largest = largest_gradient(outputs["f64"])
    for name, expected in outputs["f64"].items():
        off = agreement.excess(name, outputs["f32"][name], expected, batch["filled"], "f32", largest)
        assert off <= 0.5, (case.name, name, "float32 is not float64", off)
    return outputs


def largest_gradient(outputs):
    return max(float(np.abs(g).max()) for name, g in outputs.items() if name.startswith("grad/"))


def nested(outputs):
    """grad/agent.fc1.weight -> {"grad": {"agent.fc1.weight": ...}}, as write_case() takes them."""
    tree = {}
    for name, array in outputs.items():
        head, _, rest = name.partition("/")
        if rest:
            tree.setdefault(head, {})[rest] = array
        else:
            tree[head] = array
    return tree


def write(case, folder):
    batch = dict(case.batch)
    weights = batch.pop("per_weight", None)
    options = {"alpha": case.args["optim_alpha"], "eps": case.args["optim_eps"], "momentum": 0}
    if case.args["optimizer"] == "adam":
        options = {"betas": [0.9, 0.999], "eps": 1e-8}
    options.update(lr=case.args["lr"], weight_decay=case.args["weight_decay"])
    write_case(str(folder / f"{case.name}.npz"), case.args, batch, case.params, case.target_params,
               {precision: nested(outputs) for precision, outputs in outputs_of(case).items()},
               peer="qtot", preset="strict", per_weight=weights, name=case.name, compress=False,
               optimiser=({"adam": "Adam", "rmsprop": "RMSprop"}[case.args["optimizer"]], options))


def main(folder):
    (folder / "cases").mkdir(parents=True, exist_ok=True)
    entries = []
    for case in all_cases():
        write(case, folder / "cases")
        entries.append({"name": case.name, "file": f"cases/{case.name}.npz", "shows": case.shows,
                        "must_hold": case.must_hold, "on_paper": case.right,
                        "leave_out": list(case.leave_out)})
    manifest = {"peer": "qtot", "preset": "strict", "compare": agreement.WHERE,
                "tolerance": agreement.RULE, "cases": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"{len(entries)} cases in {folder}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
