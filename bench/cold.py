"""`agentforge analyze` as a whole process, against a bare script that does the same by hand.

    python -m bench.cold

The peer imports pandas, altair and vl-convert, reads the CSV, groups, draws the bars and writes a PNG. It checks nothing,
keeps nothing, confines nothing. Five runs of each in turn, medians of wall time, after one run of each that is not counted.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.orders import GOAL, write_orders

RUNS = 5
TARGET = 2.5
PEER = """\
import sys

import altair as alt
import pandas as pd
import vl_convert as vlc

df = pd.read_csv(sys.argv[1])
means = df.groupby("region")["price"].mean().sort_values(ascending=False).reset_index()
chart = alt.Chart(means).mark_bar().encode(x="price:Q", y=alt.Y("region:N", sort="-x"))
open(sys.argv[2], "wb").write(vlc.vegalite_to_png(chart.to_json(), scale=2))
print(means)
"""


def seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = write_orders(folder / "orders.csv")
        (folder / "peer.py").write_text(PEER)
        python = sys.executable
        peer = [python, str(folder / "peer.py"), str(table), str(folder / "peer.png")]
        ours = [str(Path(python).with_name("agentforge")), "analyze", str(table), GOAL, "--json"]
        environment = {**os.environ, "AGENTFORGE_STORE": str(folder / "store")}
        times: dict[str, list[float]] = {"peer": [], "ours": []}
        for turn in range(RUNS + 1):
            for who, command in (("peer", peer), ("ours", ours)):
                taken = seconds(command, environment)
                if turn:
                    times[who].append(taken)
        median = {who: statistics.median(all) for who, all in times.items()}
        ratio = median["ours"] / median["peer"]
        print(f"{table.stat().st_size / 1e6:.1f} MB CSV, {GOAL!r}, whole process, medians of {RUNS}:")
        print(f"  bare script  {median['peer']:.2f} s   {sorted(round(t, 2) for t in times['peer'])}")
        print(f"  agentforge   {median['ours']:.2f} s   {sorted(round(t, 2) for t in times['ours'])}")
        print(f"  ratio        {ratio:.2f}   (target: at most {TARGET})")
        analysis = json.loads(subprocess.run(ours, check=True, capture_output=True, env=environment).stdout)
        print(f"  stages, ms   {analysis['receipt']['ms']}")


if __name__ == "__main__":
    main()
