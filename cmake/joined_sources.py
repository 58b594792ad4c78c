#!/usr/bin/env python3
"""Prepares compile commands for clang-tidy, which spends most of its time in headers.

    joined_sources.py BUILD OUT SOURCE...

Sources of one directory that can stand in one translation unit are read as one: a file in OUT includes
them. Sources that cannot (their anonymous namespaces share names) stay alone. Writes
OUT/compile_commands.json and prints what to check, one file a line. Each command compiles without
precompiled headers, and without the wide scalar, whose headers take longer than the rest, where no
source names it: its code is the other scalars' code.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys


def main():
    build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    directories = {}
    for source in sys.argv[3:]:
        path = pathlib.Path(source).resolve()
        directories.setdefault(path.parent, []).append(path)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        groups = pool.map(lambda item: units_of(item[0], item[1], commands, out), sorted(directories.items()))
        entries = [entry for group in groups for entry in group]
    (out / "compile_commands.json").write_text(json.dumps(entries))
    for entry in entries:
        print(entry["file"])


def units_of(directory, sources, commands, out):
    """The compile commands of the sources of a directory: one for all, or one for each."""
    joined = out / (re.sub(r"\W", "_", str(directory)) + ".cpp")
    joined.write_text("".join(f'#include "{source}"\n' for source in sources))
    entry = command_for(commands[str(sources[0])], joined, sources)
    syntax = ["clang++", "-fsyntax-only", "-w"] + shlex.split(entry["command"])[1:]
    if len(sources) > 1 and subprocess.run(syntax, capture_output=True, check=False).returncode == 0:
        return [entry]
    return [command_for(commands[str(source)], source, [source]) for source in sources]


def command_for(entry, source, parts):
    words = shlex.split(entry["command"])
    words = words[words.index("ccache") + 1:] if "ccache" in words else words
    kept, skip = [], False
    for word in words:
        if skip or word in ("-Winvalid-pch", "-c", entry["file"]):
            skip = False
        elif word in ("-o", "-MF", "-MT", "-include"):
            skip = True
        elif word != "-MD":
            kept.append(word)
    if not any(re.search(r"Wide|QTOT_WIDE", part.read_text()) for part in parts):
        kept.append("-UQTOT_WIDE")
    command = shlex.join(kept + ["-Wno-unknown-warning-option", "-c", str(source)])
    return {"directory": entry["directory"], "file": str(source), "command": command}


if __name__ == "__main__":
    main()
