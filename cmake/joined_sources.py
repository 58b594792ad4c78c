#!/usr/bin/env python3
"""Prepares compile commands for clang-tidy, which spends most of its time in headers.

    joined_sources.py BUILD OUT SOURCE...

Sources of one directory are read as one translation unit: a file in OUT includes them. Those whose anonymous
namespaces share a name go into different units. Writes OUT/compile_commands.json and prints a line for each unit:
what to check, then the sources that it joins. Names are found by the look of a line, so a unit may not compile;
its sources then have commands of their own. Each command compiles without precompiled headers, and without the
wide scalar, whose headers take longer than the rest, where no source names it: its code is the other scalars' code.
"""

import json
import pathlib
import re
import shlex
import sys


def main():
    build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    directories = {}
    for source in sys.argv[3:]:
        path = pathlib.Path(source).resolve()
        # an environment has a folder of one or two sources
        directory = path.parents[1] if path.parents[1].name == "envs" else path.parent
        directories.setdefault(directory, []).append(path)
    entries = [command_for(commands[str(path)], path, [path]) for paths in directories.values() for path in paths]
    for directory, paths in sorted(directories.items()):
        for number, sources in enumerate(groups_of(paths)):
            unit = sources[0]
            if len(sources) > 1:
                unit = out / f"{re.sub(r'[^A-Za-z0-9]', '_', str(directory))}_{number}.cpp"
                unit.write_text("".join(f'#include "{source}"\n' for source in sources))
                entries.append(command_for(commands[str(sources[0])], unit, sources))
            print(unit, *(sources if len(sources) > 1 else []))
    (out / "compile_commands.json").write_text(json.dumps(entries))


def groups_of(sources):
    """Sources apart wherever their anonymous namespaces share a name: each goes into the first group that takes it."""
    groups = []
    for source in sources:
        names = hidden_names(source.read_text())
        for group in groups:
            if not group["names"] & names:
                break
        else:
            group = {"names": set(), "sources": []}
            groups.append(group)
        group["names"] |= names
        group["sources"].append(source)
    return [group["sources"] for group in groups]


def hidden_names(text):
    """The names that anonymous namespaces declare: clang-format puts their declarations at the beginning of a line."""
    names = set(re.findall(r"^QTOT_DISPATCH.*", text, re.MULTILINE))  # a macro that defines functions
    for block in re.findall(r"^namespace \{$(.*?)^\}  // namespace$", text, re.MULTILINE | re.DOTALL):
        for enumerators in re.findall(r"^enum [^{;]*\{([^}]*)\}", block, re.MULTILINE):
            names |= set(re.findall(r"(?:^|,)\s*(k\w+)", enumerators, re.MULTILINE))
        for line in re.findall(r"^[A-Za-z[].*", block, re.MULTILINE):
            kind = re.match(r"(?:struct|class|enum(?: class)?) (\w+)", line)
            value = re.match(r"[^=({]*?\b(k[A-Z]\w*)", line)
            names |= {found.group(1) for found in (kind, value) if found}
            if function := re.match(r"[^=(]*?(\w+)\((.*)", line):
                names.add(function.group(1) + str(parameter_types(function.group(2))))
    return names


def parameter_types(parameters):
    """Of a function's first line, for overloads may meet: roughly the types of its parameters."""
    plain = re.sub(r"\bconst\b|&|\w+::", "", parameters.split(")")[0])
    return [parameter.split()[0] for parameter in plain.split(",") if parameter.strip()]


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
    command = shlex.join(kept + ["-w", "-c", str(source)])
    return {"directory": entry["directory"], "file": str(source), "command": command}


if __name__ == "__main__":
    main()
