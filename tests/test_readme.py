"""The Python of READMEs and guides runs as it stands, and their tables name what there is."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import crossgate
import pytest

ROOT = Path(__file__).parent.parent
READMES = [
    ROOT / "README.md",
    ROOT / "bindings-python" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for readme in READMES:
        for nth, block in enumerate(
            re.findall(rf"^ *```{language}\n(.*?)```", readme.read_text(), re.S | re.M)
        ):
            found.append((f"{readme.parent.name}/{readme.stem}/{nth}", textwrap.dedent(block)))
    return found


@pytest.mark.parametrize(("name", "block"), blocks("python"))
def test_blocks_run(name: str, block: str) -> None:
    exec(compile(block, name, "exec"), {"__name__": "__main__"})


def test_the_table_of_options_is_complete() -> None:
    table = re.findall(r"^\| `(\w+)` \| `", READMES[0].read_text(), re.M)
    ours = {"allow_origin_func", "origin_cache_seconds", "on_decision", "policy", "app"}
    signature = set(inspect.signature(crossgate.CORSMiddleware).parameters)
    assert set(table) - {"origins_by_host"} == signature - ours


def test_the_packages_table_has_every_option_and_its_default() -> None:
    table = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", READMES[1].read_text(), re.M)
    signature = inspect.signature(crossgate.CORSMiddleware).parameters
    defaults = {name: parameter.default for name, parameter in signature.items() if name != "app"}
    assert {name: ast.literal_eval(default) for name, default in table} == defaults


def test_the_refused_configuration_is_refused_in_those_words() -> None:
    words = next(block for _, block in blocks("text") if "trailing" in block)
    with pytest.raises(crossgate.ConfigError) as error:
        crossgate.CORSMiddleware(
            lambda: None,
            allow_origins=["https://app.example.com/", "*"],
            allow_methods=["put"],
            allow_credentials=True,
        )
    assert str(error.value) == words.strip()


def test_the_commands_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for _, block in blocks("sh"):
        for target in re.findall(r"^make (\w+)", block, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), target
