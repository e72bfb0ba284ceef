"""The built-in brain: plain English and a profile → a Plan, with no model, no key and no network.

It answers what it can account for word by word, and says what it could not. Nothing here reads cells other than the distinct values of
text columns (to recognise "male passengers"), and nothing from the table is ever treated as an instruction.

How to read it, from the bottom up (a cascade of rewrites over the question's text):

    words, spelling, units          the English it knows: data; stems, kin and abbreviations
    scene, names, times, matches, link       what a table knows of a text: marks for columns, values, numbers, measures, times
    logic, conditions, measured     comparisons and values become conditions
    rows, terms, build              what readings share; plan steps, each made once
    question                        one question: its readings, from the most to the least specific
      quality, relations, shares, comparisons, panel, changes, extremes, side_by_side, figures, ranking, arithmetic, frames, open_questions
    asides, rephrase                what is said about the answer's form; plainer wordings to try
    recipe                          tasks in several sentences with named outputs
      sentences, wording, scopes, story     what is done to the table, sentence by sentence; which rows all is about
      labels, bands, formulas, series, outlying, fitting, statistics, evidence    labels, made columns, outliers, models, tests
      outputs, asked, repeats, differences  each output by its own words
      verdicts, rulings, guard      labels by stated rules; nothing stated may be left unused
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from shared.analysis.plan import Compare, Join, Output, Plan, Report, Unanswered
from shared.analysis.profiled import Profile, TableProfile
from shared.brains.builtin.build import Builder, Unclear, used
from shared.brains.builtin.link import Linker
from shared.brains.builtin.question import Interpreter
from shared.brains.builtin.recipe import Recipe
from shared.brains.builtin.rephrase import plainer
from shared.brains.builtin.spelling import split_name, stem
from shared.brains.builtin.terms import Answer

Values = Callable[[str, str], list[str] | None]  # table, column -> its distinct values, or None when there are too many


def make_plan(goal: str, outputs: Mapping[str, str], profile: Profile, values: Values, sources: list[str]) -> Plan:
    """A plan for `goal`; what it cannot plan is in `unanswered`. `sources` are the files' names, for what rows may be called."""
    nouns = frozenset(w for s in sources for name in split_name(s.rsplit(".", 1)[0]) for w in (name, stem(name)))
    linker, builder, rows = choose_table(" ".join([goal, *outputs.values()]), profile, values, nouns)
    brain = Interpreter(linker, builder, nouns, rows)
    decimals = asked_decimals(goal)
    unanswered: list[Unanswered] = []
    wanted: list[Output] = []
    lead = None
    try:
        if outputs:
            recipe = Recipe(brain, goal, dict(outputs))
            for name, ref in recipe.run().items():
                own = asked_decimals(outputs[name])
                wanted.append(Output(name=name, ref=ref, decimals=own if own is not None else decimals, description=outputs[name]))
            unanswered += [Unanswered(what=name, why=why, hint=brain.hint()) for name, why in recipe.problems.items() if name in outputs]
            wanted.sort(key=lambda o: list(outputs).index(o.name))
        else:
            question = Recipe(brain, goal, {}).question()
            answer = answered(brain, question)
            if answer.extra:
                wanted += [Output(name=name, ref=ref, decimals=decimals) for name, ref in answer.extra.items()]
            elif answer.ref:
                wanted.append(Output(name="answer", ref=answer.ref, decimals=decimals))
            lead = answer.lead
    except Unclear as problem:
        unanswered.append(Unanswered(what=goal, why=problem.why, hint=problem.hint))
    steps = used(builder.steps, [*(o.ref for o in wanted), *([lead] if lead else [])])
    kept = " ".join(step.model_dump_json() for step in steps)
    if steps and linker.codes and not any(c.model_dump_json() in kept or re.search(rf'"by":\[?"{re.escape(c.column)}"', kept) for c in linker.codes.values() if isinstance(c, Compare)):
        told = ", ".join(" ".join(k) for k in linker.codes)
        unanswered.append(Unanswered(what=goal, why=f"The question explains “{told}”, but I found no use for it, so I may have misread the question.", hint=brain.hint()))
        steps, wanted = [], []
    text = " ".join(step.model_dump_json() for step in steps)
    if steps:
        steps.append(Report(id=f"c{len(builder.steps) + 1}", outputs=wanted, lead=lead))
    return Plan(goal=goal, brain="builtin", reading=linker.readings(text) if steps else [], steps=steps, unanswered=unanswered)


def choose_table(text: str, profile: Profile, values: Values, nouns: frozenset[str]) -> tuple[Linker, Builder, int]:
    """The table that knows most of the words; joined with a second one where that knows others and they share a column."""
    tables = profile.tables
    if len(tables) == 1:
        linker = Linker(tables[0], partial(values, tables[0].name), nouns)
        return linker, Builder(linker, tables[0].name), tables[0].rows
    linkers = {t.name: Linker(t, partial(values, t.name), nouns) for t in tables}
    scenes = {name: linker.link(text) for name, linker in linkers.items()}
    known = {name: {scene.words[m] for m in scene.all("CV")} for name, scene in scenes.items()}
    spoken = [stem(w) for w in re.findall(r"[a-z]+", text.lower())]
    for t in tables:
        known[t.name] |= {f"#{w}" for w in split_name(t.name) if len(tables) > 1 and stem(w) in spoken}
    # The table whose name is said is the one whose rows are meant; else the one that knows most
    first = max(tables, key=lambda t: (any(w.startswith("#") for w in known[t.name]), len(known[t.name])))
    builder = Builder(linkers[first.name], first.name)
    for other in tables:
        shared = [c.name for c in first.columns if c.name in {d.name for d in other.columns}]
        if other is first or not known[other.name] - known[first.name] or not shared:
            continue
        both = TableProfile(name=first.name, rows=first.rows, duplicate_rows=None, columns=[*first.columns, *(c for c in other.columns if c.name not in shared)])
        home = {c.name: first.name for c in first.columns} | {c.name: other.name for c in other.columns if c.name not in shared}
        linker = Linker(both, partial(_at_home, values, home), nouns)
        builder = Builder(linker, first.name)
        builder.start(builder.add(Join, first.name, right=other.name, on=shared[:1]))
        return linker, builder, first.rows
    return linkers[first.name], builder, first.rows


def _at_home(values: Values, home: Mapping[str, str], column: str) -> list[str] | None:
    return values(home[column], column)


def answered(brain: Interpreter, question: str) -> Answer:
    """The answer to a question as it stands, else to a plainer wording of it; the first difficulty is the one that is told."""
    try:
        return brain.answer(question)
    except Unclear:
        for clearer in [*plainer(question), *_without_preamble(brain, question), *_restated(brain, question)]:
            with suppress(Unclear):
                return brain.answer(clearer)
        raise


def _without_preamble(brain: Interpreter, question: str) -> list[str]:
    """The question without a first sentence that only says what it is about: no value, number, time or label stands in it."""
    first, _, rest = question.partition("? ") if "? " in question else question.partition(". ")
    bare = rest and not brain.linker.link(first).all("VNYRLKFS") and not re.search(r"\d|\b(?:only|without|exclud\w*|except|ignor\w*|drop\w*|remov\w*|not)\b", first)
    return [rest] if bare else []


def _restated(brain: Interpreter, question: str) -> list[str]:
    """"How many voters were closer to X than to Y, that is with xdist below ydist": the rows by what says it again in the table's own names."""
    m = re.match(r"(?i)(?P<cue>.*?\b(?:how many|number of|percentage of|count)(?: all| the)* (?P<noun>[a-z]+)) (?P<said>(?:are|were|is|was|have|had|who|that|with)\b[^?.]*?)(?:,|\()? ?(?:i\.e\.,?|that is,?|meaning|namely) (?:with |where |having )?(?P<tail>[^?.]+)", question)
    if m is None:
        return []
    said, tail = brain.linker.link(m["said"]), brain.linker.link(m["tail"])
    columns = {tail.get(c) for c in tail.all("C")}
    again = all(said.get(c) in columns for c in said.all("C")) and all(any(said.words[v] in c.lower() for c in columns) for v in said.all("V"))
    return [f"{m['cue']} with {m['tail']}?"] if columns and again and not said.all("NYRLKFSW") else []


_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def asked_decimals(text: str) -> int | None:
    """`rounded to two decimals` → 2; None when rounding is not asked for."""
    m = re.search(r"\b(one|two|three|four|five|six|\d)\s+(?:decimal|digits? after|dp\b)|\b(\d)\s?dp\b|nearest (whole|integer)|\bround(?:ed|ing)?\b(?: \w+){0,4}? to (\d)\b(?! ?%|[\d.]*\d| [a-z]+ (?:percent|figures?))", text.lower())
    if not m:
        return None
    if m[3]:
        return 0
    found = m[1] or m[2] or m[4]
    return _COUNT.get(found, int(found) if found.isdigit() else None)
