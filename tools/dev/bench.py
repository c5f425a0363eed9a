#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Sets the node beside geth and go-libp2p in the same run, as ratios of wall time and of the server's CPU.

    bench.py [NAME] [--runs N] [--json FILE] [--build DIR]

NAME is a scenario, or keeps those whose name contains it; see bench/README.md. Nothing is asserted.
"""
import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from rig import Rig, Row, Sample, Skip, cpu_model  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

COLUMNS = "{:<52} {:>11} {:>11} {:<7} {:>7}   {:>9} {:>9} {:<14} {:>7}  {}"


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def ratio(better: float | None, worse: float | None) -> str:
    """How many times as good ours is; above 1 is good for every row."""
    return f"{better / worse:.2f}x" if better and worse else "-"


def cpu_of(sample: Sample) -> float | None:
    return None if sample.cpu is None else sample.cpu * 1e6


def line(row: Row) -> str:
    wall = (row.theirs.wall, row.ours.wall) if row.less_is_better else (row.ours.wall, row.theirs.wall)
    item = f"us/{row.item}" if row.item else ""
    return COLUMNS.format(row.name, number(row.ours.wall), number(row.theirs.wall), row.unit, ratio(*wall),
                          number(cpu_of(row.ours)), number(cpu_of(row.theirs)), item,
                          ratio(row.theirs.cpu, row.ours.cpu), row.peer)


def as_json(row: Row) -> dict:
    def side(sample: Sample) -> dict:
        return {"wall": sample.wall, "cpuSeconds": sample.cpu}
    return {"name": row.name, "unit": row.unit, "item": row.item, "peer": row.peer, "ours": side(row.ours),
            "theirs": side(row.theirs), "lessIsBetter": row.less_is_better}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--runs", type=int, default=3, help="of each side; the median counts")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--build", type=Path, metavar="DIR", default=ROOT / "build/release",
                        help="whose sotto and sotto_load are run")
    arguments = parser.parse_args()
    wanted = [arguments.name] if arguments.name in SCENARIOS else [n for n in SCENARIOS if arguments.name in n]
    chosen = {name: SCENARIOS[name] for name in wanted}
    if not chosen:
        parser.error(f"no scenario '{arguments.name}': {', '.join(SCENARIOS)}, micro")
    print(f"CPU: {cpu_model()}, {os.cpu_count()} cores; median of {arguments.runs} runs, in turns")
    print(COLUMNS.format("", "ours", "theirs", "", "ratio", "CPU ours", "theirs", "", "ratio", "beside"))
    rows: list[Row] = []
    skipped: dict[str, str] = {}
    rig = Rig(arguments.runs, arguments.build)
    try:
        for name, run in chosen.items():
            try:
                for row in run(rig):
                    rows.append(row)
                    print(line(row), flush=True)
            except Skip as why:
                skipped[name] = str(why)
                print(f"SKIPPED {name}: {why}", flush=True)
    finally:
        rig.close()
    if arguments.json:
        arguments.json.write_text(json.dumps({"cpu": cpu_model(), "cores": os.cpu_count(), "runs": arguments.runs,
                                              "rows": [as_json(r) for r in rows], "skipped": skipped}, indent=1) + "\n")
    return 0


sys.exit(main())
