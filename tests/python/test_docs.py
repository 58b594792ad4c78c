"""The sessions in docs/python.md print what they say."""

import doctest
import pathlib

ROOT = pathlib.Path(__file__).parents[2]


def test_sessions_of_the_documentation(monkeypatch):
    monkeypatch.chdir(ROOT)
    path = ROOT / "docs" / "python.md"
    lines = ["" if line.startswith("```") else line for line in path.read_text().splitlines()]
    test = doctest.DocTestParser().get_doctest("\n".join(lines) + "\n", {}, path.name, str(path), 0)
    assert len(test.examples) > 10
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
