# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Prometheus' text format and query language, as far as tests need them, and promtool."""

import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .cli import ROOT

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
CLAUSE = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
Labels = frozenset[tuple[str, str]]


@dataclass
class Page:
    """One scrape."""
    text: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, **labels: str) -> float:
        return self.samples[name, frozenset(labels.items())]

    def sum(self, name: str) -> float:
        return sum(value for (each, _), value in self.samples.items() if each == name)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}

    def family(self, name: str) -> str:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        return base if self.types.get(base) == "histogram" else name

    def label_values(self, name: str) -> dict[str, set[str]]:
        """By label, what the series of that name have."""
        found: dict[str, set[str]] = {}
        for each, labels in self.samples:
            if each == name:
                for label, value in labels:
                    found.setdefault(label, set()).add(value)
        return found


def parse(text: str) -> Page:
    """Fails on a line that is none of the format, and on whatever comes twice."""
    page = Page(text)
    for line in text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) (\w+) (.+)", line):
            kind, name, rest = comment.groups()
            into = page.helps if kind == "HELP" else page.types
            assert name not in into, line
            into[name] = rest
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        key = sample[1], frozenset(LABEL.findall(sample[2] or ""))
        assert key not in page.samples, line
        page.samples[key] = float(sample[3])
    return page


def scrape(node) -> Page:
    with urllib.request.urlopen(node.http + "/metrics", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return parse(response.read().decode())


def selectors(expression: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The series that a PromQL expression names, each with its matchers (label, operator, value)."""
    found = []
    # Matchers may hold anything, so they go first and leave their place.
    matchers: list[str] = []

    def keep(match: re.Match) -> str:
        matchers.append(match[0])
        return f"{{{len(matchers) - 1}}}"
    text = re.sub(r'\{(?:[^}"]|"[^"]*")*\}', keep, expression)
    text = CLAUSE.sub(" ", re.sub(r"\[[^\]]*\]", "", text))
    for name, call, place in re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)(\s*\()?(?:\{(\d+)\})?", text):
        if not call and name.lower() not in WORDS:
            inside = matchers[int(place)] if place else ""
            found.append((name, re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', inside)))
    return found


def promtool(*args: str | Path, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess:
    program = shutil.which("promtool") or ROOT / "build/toolchain/bin/promtool"
    if not Path(program).exists():
        pytest.skip("no promtool; ./dev deps --test fetches it from Debian's archive")
    return subprocess.run([program, *args], input=stdin, capture_output=True, text=True, timeout=60, cwd=cwd)
