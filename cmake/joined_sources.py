#!/usr/bin/env python3
"""Which sources can be compiled as one, for clang-tidy and compilers, which spend most of their time in headers.

    joined_sources.py BUILD OUT SOURCE...
    joined_sources.py --groups SOURCE...

Sources of one directory are read as one translation unit: a file in OUT includes them. Those whose anonymous
namespaces share a name go into different units. Writes OUT/compile_commands.json and prints a line for each unit:
what to check, then the sources that it joins. Names are found by the look of a line, so a unit may not compile;
its sources then have commands of their own. Each command compiles without precompiled headers, and without the
wide scalar, whose headers take longer than the rest, where no source names it: its code is the other scalars' code.

With --groups, which qtot_join (QtotJoined.cmake) uses: prints for each source the number of its group.
"""

import json
import pathlib
import re
import shlex
import sys


def main():
    if sys.argv[1] == "--groups":
        sources = [pathlib.Path(source) for source in sys.argv[2:]]
        number_of = {source: number for number, group in enumerate(groups_of(sources)) for source in group}
        print(*(number_of[source] for source in sources), sep="\n")
        return
    build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    sources = [pathlib.Path(source).resolve() for source in sys.argv[3:]]
    entries = [command_for(commands[str(source)], source, [source]) for source in sources]
    for number, group in enumerate(groups_of(sources)):
        unit = group[0]
        if len(group) > 1:
            unit = out / f"joined_{number}.cpp"
            unit.write_text("".join(f'#include "{source}"\n' for source in group))
            entries.append(command_for(commands[str(group[0])], unit, group))
        print(unit, *(group if len(group) > 1 else []))
    (out / "compile_commands.json").write_text(json.dumps(entries))


def groups_of(sources):
    """Those of a directory together, and all environments, which have a folder of one or two sources each."""
    directories = {}
    for source in sources:
        directory = source.parents[1] if source.parents[1].name == "envs" else source.parent
        directories.setdefault(directory, []).append(source)
    return [group for _, sources in sorted(directories.items()) for group in groups_without_a_common_name(sources)]


def groups_without_a_common_name(sources):
    """Each source goes into the first group that takes it."""
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
                names.add(function.group(1) + " of " + first_type(function.group(2)))
    return names


def first_type(parameters):
    """Of a function's first line, for overloads may meet where their first parameters differ in more than the number."""
    plain = re.sub(r"\bconst\b|&|\w+::", "", re.split(r"[,)]", parameters)[0])
    plain = re.sub(r"\b(bool|int|long|unsigned|float|double|size_t|Index|u?int\d+_t|T)\b", "number", plain)
    return (plain.split() or ["nothing"])[0]


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
