#!/usr/bin/env python3
"""Runs an implementation of yours against the conformance cases and says what differs first.

    run_numpy.py [MODULE:FUNCTION] [--precision f64|f32] [--case NAME]...

FUNCTION(params, target_params, batch, args) gets NumPy arrays by name (agent.fc1.weight, mixer.w1, ...;
state, obs, actions, avail_actions, reward, terminated, filled, lengths, and per_weight where there is
one) and PyMARL's keys, and returns arrays by name: any of those that manifest.json lists under
"compare", with grad/, param1/ and param5/ before a parameter's name. What it does not return is not
checked. MODULE is found from the folder you are in; without one, the suite's own learner is run.

Exit codes: 0 everything agrees, 1 something differs, 2 bad usage.
"""

import argparse
import importlib
import json
import os
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import agreement  # noqa: E402


def load(path, precision):
    """(params, target_params, batch, args, expected outputs) of a case file."""
    file = np.load(path)
    parts = {prefix: {key[len(prefix):]: file[key] for key in file.files if key.startswith(prefix)}
             for prefix in ("param/", "tparam/", "in/", precision + "/")}
    args = json.loads(file["meta"].tobytes())["args"]
    return parts["param/"], parts["tparam/"], parts["in/"], args, parts[precision + "/"]


def in_dataflow_order(names):
    order = list(agreement.WHERE)
    return sorted(names, key=lambda name: order.index(name.split("/")[0]))


def check(implementation, path, precision, leave_out=()):
    """[(tensor, error over what is allowed)] in dataflow order, and the tensors that are missing."""
    params, target_params, batch, args, expected = load(path, precision)
    found = implementation(params, target_params, batch, args)
    largest = max(float(np.abs(g).max()) for key, g in expected.items() if key.startswith("grad/"))
    names = in_dataflow_order(key for key in expected if key not in leave_out)
    ratios = [(key, agreement.excess(key, found[key], expected[key], batch["filled"], precision, largest))
              for key in names if key in found]
    return ratios, [key for key in names if key not in found]


def verdict(implementation, entry, precision, folder=HERE):
    """(agrees, one line about it)."""
    try:
        ratios, missing = check(implementation, folder / entry["file"], precision, entry["leave_out"])
    except Exception as error:  # whatever the implementation raises is its answer
        return False, f"raised {type(error).__name__}: {error}"
    if not ratios:
        return False, "returned nothing that could be compared"
    wrong = [(name, ratio) for name, ratio in ratios if not ratio <= 1]
    if wrong:
        return False, f"first differs: {wrong[0][0]}, by {wrong[0][1]:.3g} of what is allowed"
    name, ratio = max(ratios, key=lambda pair: pair[1])
    return True, (f"{len(ratios)} tensors, worst {name} {ratio:.2g} of what is allowed"
                  + (f"; {len(missing)} not returned" if missing else ""))


def run(implementation, precision, only=(), out=sys.stdout):
    """Prints the table; True when all agree."""
    manifest = json.loads((HERE / "manifest.json").read_text())
    entries = [entry for entry in manifest["cases"] if not only or entry["name"] in only]
    n_failed = 0
    for entry in entries:
        agrees, line = verdict(implementation, entry, precision)
        print(f"{'ok  ' if agrees else 'FAIL'} {entry['name']:40} {line}", file=out)
        if not agrees:
            n_failed += 1
            print(f"     shows: {entry['shows']}\n     right: {entry['must_hold']}", file=out)
    print(f"{len(entries) - n_failed} of {len(entries)} cases agree in {precision}", file=out)
    return bool(entries) and n_failed == 0


def own_learner(precision):
    import reference
    dtype = {"f64": np.float64, "f32": np.float32}[precision]
    return lambda *arguments: reference.learn(*arguments, dtype)


def main():
    parser = argparse.ArgumentParser(usage="run_numpy.py [MODULE:FUNCTION] [options]", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("implementation", nargs="?", metavar="MODULE:FUNCTION")
    parser.add_argument("--precision", choices=("f64", "f32"), default="f64")
    parser.add_argument("--case", action="append", default=[], metavar="NAME")
    options = parser.parse_args()
    if options.implementation is None:
        implementation = own_learner(options.precision)
    else:
        module, colon, function = options.implementation.partition(":")
        if not colon:
            parser.error(f"{options.implementation}: expected MODULE:FUNCTION")
        sys.path.insert(0, os.getcwd())
        try:
            implementation = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            parser.error(f"{options.implementation}: {error}")
    known = {entry["name"] for entry in json.loads((HERE / "manifest.json").read_text())["cases"]}
    for name in options.case:
        if name not in known:
            parser.error(f"--case {name}: no such case; manifest.json lists them")
    return 0 if run(implementation, options.precision, options.case) else 1


if __name__ == "__main__":
    sys.exit(main())
