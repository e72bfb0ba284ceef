"""What a quote says beside what the run then costs: analyses through the whole way, quote → hold → run → charge.

    python -m bench.quotes             tables that no constant was fitted on, after 24 runs on others as a workspace's past
    python -m bench.quotes --fit       the tables that the constants of functions/analyze/estimate.py were fitted on
    python -m bench.quotes --share X   of the megabytes
    python -m bench.quotes --save F    also every run as a line of JSON

Questions of the development bank on its real tables; then rows of such tables drawn again with noise, as CSV, gzip, JSON lines,
Parquet and XLSX of 1 to 600 MB, with several goals each. Every run is quoted, held, worked on and charged through the account, one
after the other in one process, as a worker does them; the store is a folder. Work costs what it costs on Modal's cpu tier, so the
minimum charge pays for 27 s.

Few runs take so long, so every quote is also computed again as if the minimum were nothing; and, as seconds tell of others who use the
machine, once more in the processor seconds that worker and sandbox used: nearly those of a quiet machine, but for what two threads
do at once. Runs during which the whole process was stopped by somebody are left out.
"""

import argparse
import contextlib
import gzip
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.questions.bank import TABLES
from bench.questions.run import banks

PRICE = "cpu=0.110304"  # dollars an hour: Modal's, in shared/money/prices.py
LONG_S = 3.0  # processor seconds of runs that are told apart
PAUSED_S = 10.0
SEED, NOISE, BLOCK = 42, 0.05, 200_000  # the noise in standard deviations of a column
FEW, GOALS = 60, (
    "average {a} by {c}", "summarise this", "correlation between {a} and {b}", "which 5 {c} have the highest total {a}?",
    "what drives {a}?", "anything unusual in this data?", "how many distinct {c} are there?", "compare {a} across {c}",
)  # fmt: skip


class Recipe(NamedTuple):
    """A real table drawn again: two numbers and a category to ask for, and which of `GOALS`."""

    table: str
    columns: tuple[str, str, str]
    suffix: str
    megabytes: float  # that it would have as CSV
    goals: str = "0123"


CARS, AIRPORTS, GAPMINDER = ("Horsepower", "Acceleration", "Origin"), ("latitude", "longitude", "state"), ("lifeExp", "gdpPercap", "continent")
PLANES, PENGUINS, TIPS = ("seats", "engines", "manufacturer"), ("body_mass_g", "bill_length_mm", "species"), ("total_bill", "tip", "day")
WINE, CANCER, FAIR = ("alcohol", "hue", "cultivar"), ("mean radius", "mean texture", "diagnosis"), ("age", "affairs", "occupation")
FIT = (
    Recipe("cars", CARS, "csv", 40), Recipe("cars", CARS, "jsonl", 20, "014"), Recipe("cars", CARS, "xlsx", 3, "01"),
    Recipe("airports", AIRPORTS, "csv", 60, "0134"), Recipe("airports", AIRPORTS, "xlsx", 2, "0"), Recipe("gapminder", GAPMINDER, "csv.gz", 40, "015"),
    Recipe("gapminder", GAPMINDER, "parquet", 60, "0124"), Recipe("diabetes", ("bmi", "glucose", "sex"), "csv", 80, "0145"),
    Recipe("seattle_weather", ("temp_max", "wind", "weather"), "csv", 100, "0237"),
)  # fmt: skip
OTHER = (
    Recipe("planes", PLANES, "csv", 1), Recipe("tips", TIPS, "csv", 10, "01234567"), Recipe("wine", WINE, "jsonl", 10), Recipe("penguins", PENGUINS, "parquet", 20),
    Recipe("penguins", PENGUINS, "csv", 60, "01234567"), Recipe("breast_cancer", CANCER, "csv", 100, "012345"), Recipe("planes", PLANES, "csv.gz", 80, "01347"),
    Recipe("planes", PLANES, "jsonl", 40, "01357"), Recipe("fair", FAIR, "parquet", 100, "012457"), Recipe("tips", TIPS, "xlsx", 3, "0135"),
    Recipe("wine", WINE, "csv", 150, "012345"), Recipe("penguins", PENGUINS, "xlsx", 8, "012"), Recipe("planes", PLANES, "csv", 250, "01345"),
    Recipe("fair", FAIR, "csv", 600, "0237"),
)  # fmt: skip


class Seen(NamedTuple):
    kind: str
    goal: str
    state: str
    answered: str
    first: bool  # the first question to its data
    guess_s: float
    expected_s: float
    most_s: float
    actual_s: float
    processor_s: float
    expected: int  # micro-dollars, as are the next three
    upper: int
    charged: int
    minimum: int
    load: float
    paused: bool  # our processes were stopped meanwhile, for longer than a scheduler does


def enlarged(recipe: Recipe, megabytes: float, path: Path) -> None:
    """Write rows of a real table, drawn again; numbers with more than a few values have noise."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv, parquet

    source, random = TABLES / f"{recipe.table}.csv", np.random.default_rng(SEED)
    real = pd.read_csv(source)
    rows = max(len(real), round(megabytes * 1e6 * len(real) / source.stat().st_size))

    def block(size: int) -> pa.Table:
        drawn = real.iloc[random.integers(0, len(real), size)].reset_index(drop=True)
        for name in real.select_dtypes("number"):
            whole = bool((real[name].dropna() % 1 == 0).all())
            if real[name].nunique() >= 20:
                drawn[name] = (drawn[name] + random.normal(0, NOISE * real[name].std(), size)).round(0 if whole else 3)
                drawn[name] = drawn[name].astype("Int64") if whole else drawn[name]
        return pa.Table.from_pandas(drawn, preserve_index=False)

    if recipe.suffix == "xlsx":
        block(rows).to_pandas().to_excel(path, index=False)
        return
    blocks = (block(min(BLOCK, rows - start)) for start in range(0, rows, BLOCK))
    first = next(blocks)
    with gzip.open(path, "wb", 1) if recipe.suffix == "csv.gz" else path.open("wb") as file:
        if recipe.suffix == "jsonl":
            for part in (first, *blocks):
                file.write(part.to_pandas().to_json(orient="records", lines=True).encode())
            return
        with (parquet.ParquetWriter if recipe.suffix == "parquet" else csv.CSVWriter)(file, first.schema) as writer:
            for part in (first, *blocks):
                writer.write_table(part.cast(first.schema))


def run_all(recipes: tuple[Recipe, ...], share: float, questions: Iterator[tuple[Path, str, dict[str, str]]], folder: Path) -> Iterator[Seen]:
    """The questions, then the recipes, in one workspace with credit."""
    from shared.money.accounts import Accounts
    from shared.state.opening import open_store

    store = open_store(folder / "store")
    accounts = Accounts(store)
    if not accounts.read("bench").balance:
        accounts.credit("bench", "all", 10**12)
    for path, goal, outputs in questions:
        yield run_one(accounts, "as it is", path, goal, outputs, True)
    for recipe in recipes:
        a, b, c = recipe.columns
        path = folder / f"{recipe.table}.{recipe.suffix}"
        enlarged(recipe, recipe.megabytes * share, path)
        kind = f"{recipe.table}.{recipe.suffix} {path.stat().st_size / 1e6:.0f} MB"
        for number, goal in enumerate(recipe.goals):
            yield run_one(accounts, kind, path, GOALS[int(goal)].format(a=a, b=b, c=c), {}, not number)
        path.unlink()


def run_one(accounts: Any, kind: str, path: Path, goal: str, outputs: dict[str, str], first: bool) -> Seen:
    """One analysis from quote to charge."""
    from functions.analyze import AnalyzeInput
    from functions.paying import Terms, quote_for, start_paid
    from functions.worker import Refs, work_through
    from shared import sandbox
    from shared.money.charges import charge
    from shared.state.datasets import save_dataset

    store, backend = accounts.store, Refs()
    input = AnalyzeInput(sources=[save_dataset(store, path, "bench")], goal=goal, outputs=outputs)
    quote = quote_for(store, "bench", "analyze", input, backend)
    sandbox.prewarm()
    time.sleep(0.3)  # a worker has a spare sandbox
    gaps.longest = 0.0
    log, before = start_paid(accounts, backend, "analyze", input, "bench", Terms(quote=quote.id)), processor_s()
    state = work_through(store, log.ref)
    used, paused = processor_s() - before, gaps.longest > PAUSED_S
    due, line = charge(state), quote.lines[0]
    assert due.amount <= quote.upper, "a charge above the quote cannot be written"
    answered = (state.output or {}).get("status", "") or (state.error or {}).get("code", "")
    return Seen(
        kind, goal, state.state, answered, first, quote.guess_s, line.expected_s, line.most_s, due.microseconds / 1e6, used, quote.expected,
        quote.upper, due.amount, quote.rates["cpu"].minimum, os.getloadavg()[0], paused,
    )  # fmt: skip


class Gaps(threading.Thread):
    """Notices when this process was not run for a while."""

    longest = 0.0

    def run(self) -> None:
        while True:
            before = time.monotonic()
            time.sleep(0.5)
            self.longest = max(self.longest, time.monotonic() - before)


gaps = Gaps(daemon=True)


def processor_s() -> float:
    """What this process and its descendants, the sandbox among them, have used so far."""
    parents, ticks = dict[int, int](), dict[int, int]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)], ticks[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    family = {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in family and pid not in family}:
        family |= new
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def bank_questions(count: int) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """One or two of the development questions to each table."""
    asked = [(bank.path, q.text, q.outputs) for number in range(2) for _, bank in banks("dev") for q in bank.questions[number : number + 1]]
    yield from asked[:count]


def told(name: str, quoted: list[tuple[float, float, float]]) -> None:
    """One line of the report, from (expected, upper, actual) of runs that were completed."""
    if not quoted:
        return
    ratios = sorted(upper / actual for _, upper, actual in quoted)
    near = [expected / actual for expected, _, actual in quoted]
    within = sum(1 / 1.2 <= ratio <= 1.2 for ratio in near) / len(near)
    print(
        f"  {name}: {len(quoted)} runs, upper / actual p50 {statistics.median(ratios):.2f}, p90 {ratios[int(0.9 * len(ratios))]:.2f}; "
        f"expected within 20 % {within:.0%}, expected / actual p50 {statistics.median(near):.2f}"
    )


def report(past: list[Seen], runs: list[Seen]) -> None:
    loads = sorted(run.load for run in runs)
    done = [run for run in runs if run.state == "succeeded" and not run.paused]
    above = [run for run in done if run.charged > run.minimum]
    print(f"{len(runs)} analyses, {len(done)} completed; load {loads[0]:.1f} to {loads[-1]:.1f}, median {statistics.median(loads):.1f}, {os.cpu_count()} cores")
    told("in money, all", [(run.expected, run.upper, run.charged) for run in done])
    told("in money, above the minimum charge", [(run.expected, run.upper, run.charged) for run in above])
    told("  of them first on their data", [(run.expected, run.upper, run.charged) for run in above if run.first])
    told("  of them later", [(run.expected, run.upper, run.charged) for run in above if not run.first])
    told("in seconds, all", [(run.expected_s, run.most_s, run.actual_s) for run in done])
    over = [run for run in runs if run.answered == "cap_reached" and not run.paused]
    print(f"  stopped at the cap: {len(over)} ({len(over) / len(runs):.1%}); left out, as we were paused: {sum(run.paused for run in runs)}")
    for what, clock in (("seconds", "actual_s"), ("processor seconds", "processor_s")):
        print(f"as it would be quoted if the minimum were nothing, in {what}:")
        again = [(seconds.expected, seconds.most, getattr(run, clock), run) for run, seconds in zip(runs, requoted(past, runs, clock), strict=True)]
        again = [quoted for quoted in again if quoted[3] in done]
        long = [quoted for quoted in again if quoted[2] > LONG_S]
        told("all", [quoted[:3] for quoted in again])
        told(f"above {LONG_S:g} s", [quoted[:3] for quoted in long])
        told("  of them first on their data", [quoted[:3] for quoted in long if quoted[3].first])
        told("  of them later", [quoted[:3] for quoted in long if not quoted[3].first])
        print(f"  would be stopped: {sum(most < actual for _, most, actual, _ in long)} of {len(long)} above {LONG_S:g} s")


def requoted(past: list[Seen], runs: list[Seen], clock: str) -> Iterator[Any]:
    """What would have been quoted, had all runs taken what that clock says."""
    from shared.money.precedents import LEAST_S, NEWEST, Precedent, sharpened

    known: list[Precedent] = []
    for number, run in enumerate([*past, *runs]):
        seconds = sharpened(run.guess_s, run.kind, known[:NEWEST] if run.guess_s >= LEAST_S else [])
        if number >= len(past):
            yield seconds
        if run.guess_s >= LEAST_S and run.state == "succeeded" and not run.paused:
            known.insert(0, Precedent(run.kind, run.guess_s, getattr(run, clock)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    os.environ["AGENTFORGE_LOCAL_PRICES"] = PRICE
    past, runs = list[Seen](), list[Seen]()
    gaps.start()
    with tempfile.TemporaryDirectory() as name, (arguments.save or Path(os.devnull)).open("w", encoding="utf-8") as file:
        parts = [(runs, FIT, 0)] if arguments.fit else [(past, FIT, 0), (runs, OTHER, FEW)]
        for part, recipes, few in parts:
            for run in run_all(recipes, arguments.share, bank_questions(few), Path(name)):
                part.append(run)
                file.write(json.dumps(run._asdict()) + "\n")
                file.flush()
                print(
                    f"{run.kind:28} {run.goal[:36]:36} {run.answered:11} guess {run.guess_s:6.2f} expected {run.expected_s:6.2f} "
                    f"most {run.most_s:6.1f} actual {run.actual_s:6.2f} processor {run.processor_s:6.2f}",
                    flush=True,
                )
    report(past, runs)


if __name__ == "__main__":
    main()
