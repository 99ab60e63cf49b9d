"""Runs the explanations of `explain/` against the Python package."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from crossgate import MCP, Explanation, Policy

FOLDER = pathlib.Path(__file__).parent / "explain"
FIELDS = ("allowed", "leg", "rule", "denial", "reason", "header", "fix", "traps")


def rows() -> list[Any]:
    files = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return [
        pytest.param(case, file["policies"][case["policy"]], id=f"it {case['name']}")
        for file in files
        for case in file["cases"]
    ]


def test_all_rows_are_found() -> None:
    assert len(rows()) >= 25


@pytest.mark.parametrize(("case", "options"), rows())
def test_explanation(case: dict[str, Any], options: dict[str, Any]) -> None:
    explanation = explain(case, options)
    want = dict(case["want"])
    browsers = want.pop("browsers", None)
    found = {field: getattr(explanation, field) for field in FIELDS}
    assert found == {**want, "traps": tuple(want["traps"])}
    if browsers is not None:
        assert [browser._asdict() for browser in explanation.browsers] == browsers
    assert str(explanation) == explanation.text
    assert explanation.fix is None or explanation.fix in explanation.text
    if "mended" in case:
        assert explain(case, options | case["mended"]).allowed


def explain(case: dict[str, Any], options: dict[str, Any]) -> Explanation:
    preset = {"MCP": MCP, None: {}}[options.get("preset")]
    stated = {name: value for name, value in options.items() if name != "preset"}
    page = case["page"]
    return Policy(**{**preset, **stated}).explain(**page, origin_allowed=case.get("given", False))
