"""What models learn from: deterministic, in splits that share nothing, lossless, and of the shape that is promised."""

import csv
import io
import json
import random
import types
import typing
from collections import Counter
from pathlib import Path
from typing import Any

import annotated_types
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from phases.data import analyst, reasoning, text
from phases.data.draw import FUNCTIONS
from phases.data.intents import INTENTS
from phases.data.packs import HELD, NAMES, pack
from phases.data.plan_text import from_text, to_text
from phases.data.schemas import Schema, _domains, profile_text
from phases.data.tokenizer import encode_plain, train_tokenizer
from phases.models import EOS, SPECIAL_TOKENS
from shared.analysis import plan as p
from shared.analysis.check import check
from shared.analysis.references import resolve
from shared.analysis.snapshot import take_snapshot
from shared.errors import BadInput, InvalidPlan
from tests.test_two_engines import run_cells

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")
HELD_OUT: tuple[text.Split, ...] = ("search", "gate", "report")


# --- plans as text ----------------------------------------------------------------------------------------------


def values_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Whatever a field of the Plan may hold, read off its type: new fields are covered without a word here."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return st.none()
    if isinstance(annotation, typing.ForwardRef | str):
        return st.deferred(lambda: values_of(p.Condition))
    if origin is typing.Annotated:
        return values_of(inside[0], inside[1:])
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values_of, inside))
    if origin is typing.Literal:
        return st.sampled_from(inside)
    if origin is list:
        return st.lists(values_of(inside[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(values_of(inside[0]), values_of(inside[1]), max_size=2)
    if annotation is type(None):
        return st.none()
    if annotation is str:
        pattern = next((m.pattern for m in metadata if getattr(m, "pattern", None)), None)
        if pattern:
            return st.from_regex(pattern, fullmatch=True) if pattern.endswith("$") else st.from_regex(pattern)
        return st.one_of(
            st.text(min_size=1, max_size=8),
            st.sampled_from(["true", "null", "in", "is null", "a b", "c1:", "c1:/x", "n=1", '"', "3"]),
        )
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        low = next((m.ge for m in metadata if isinstance(m, annotated_types.Ge)), -(10**18))
        return st.integers(low, 10**18)
    if annotation is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return model_of(annotation)
    raise AssertionError(annotation)


@st.composite
def model_of(draw: Any, kind: type[BaseModel]) -> BaseModel:
    told = {}
    for name, field in kind.model_fields.items():
        if name == "op" and issubclass(kind, p.StepBase):
            continue
        if field.is_required() or draw(st.booleans()):
            told[name] = draw(values_of(field.annotation, tuple(field.metadata)))
    try:
        return kind.model_validate(told)
    except ValidationError:
        assume(False)
        raise


STEPS = typing.get_args(typing.get_args(p.Step)[0])


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_any_plan_comes_back_from_its_text(data: Any) -> None:
    steps = [data.draw(model_of(data.draw(st.sampled_from(STEPS)))) for _ in range(data.draw(st.integers(0, 2)))]
    unanswered = data.draw(st.lists(model_of(p.Unanswered), max_size=1))
    try:
        plan = p.Plan(
            goal="why", brain="me", reading=data.draw(st.lists(st.text(), max_size=2)), steps=steps, unanswered=unanswered
        )
    except ValidationError:
        assume(False)
        raise
    told = to_text(plan)
    assert from_text(told, "why", "me") == plan
    assert from_text(told, "why", "me").model_dump_json() == plan.model_dump_json()  # 1, 1.0 and true are told apart
    assert to_text(from_text(told)) == told


def test_a_plan_reads_as_one_would_write_it() -> None:
    made = p.Plan.model_validate({"steps": [
        {"id": "c1", "op": "filter", "where": {"all": [{"column": "unit price", "op": ">", "value": 3}, {"column": "when", "op": "is null"}]}},
        {"id": "c2", "op": "aggregate", "table": "c1", "measures": [{"name": "mean_age", "function": "mean", "column": "age"}], "by": ["sex"]},
    ]})  # fmt: skip
    assert (
        to_text(made)
        == 'filter where={all=[{"unit price" > 3} {when is null}]}\naggregate table=c1 measures=[mean(age)] by=[sex]'
    )


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet='abc1 =[]{}()":\n<>.-', max_size=60)))
def test_any_other_text_is_refused_or_a_plan(told: str) -> None:
    try:
        plan = from_text(told)
    except InvalidPlan as refused:
        assert refused.message
    else:
        assert from_text(to_text(plan)) == plan


@pytest.mark.parametrize(
    "told",
    [
        "aggregate measures=[mean(a)",
        "nothing",
        "filter where={a = 3}",
        "rank by=a by=b",
        "rank by=a k=0",
        "[" * 5000,
        "filter where=" + "{no=" * 3000,
        'rank by="a',
        "rank by=a ]",
    ],
)
def test_broken_plans_are_refused_by_name(told: str) -> None:
    with pytest.raises(InvalidPlan):
        from_text(told)


# --- the analyst's corpus ---------------------------------------------------------------------------------------


def test_thousands_of_plans_type_check_and_come_back() -> None:
    rng = random.Random(1)
    ops: Counter[str] = Counter()
    texts, lacking = set(), 0
    for i in range(3000):
        split = text.SPLITS[i % 4]
        made = analyst.draw(rng, split, HELD[i // 4 % 3])
        check(made.plan, {"data": made.schema.types})
        assert to_text(made.plan) + EOS == made.target
        assert analyst.parse(made.target, made.question) == made.plan
        assert (made.plan.report is None) == bool(made.lacking)
        if made.lacking:
            lacking += 1
            assert made.lacking in made.question.lower() or made.lacking in made.question
            assert made.lacking not in made.schema.types and made.plan.unanswered[0].what == made.lacking
        ops.update(step.op for step in made.plan.steps)
        texts.add(made.text)
    wanted = {kind.model_fields["op"].default for kind in STEPS} - {"python", "join"}
    assert set(ops) == wanted and min(ops.values()) >= 10
    assert len(texts) > 2950 and 50 < lacking < 200


def rows_of(schema: Schema, rng: random.Random, rows: int = 60) -> str:
    """Invented rows for an invented schema, as CSV."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(column.name for column in schema.columns)
    for i in range(rows):
        day = f"{rng.randint(1995, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        values = {
            "number": [rng.randint(0, 100)], "category": [], "boolean": ["true", "false"], "id": [f"x-{i}"], "date": [day],
        }  # fmt: skip
        row: list[object] = []
        for column in schema.columns:
            value = rng.choice(column.values or values[column.kind])
            value = f"{value}.25" if column.type == "DOUBLE" else f"{value} 10:20:30" if column.type == "TIMESTAMP" else value
            row.append("" if rng.random() < 0.03 and column.kind != "id" else value)
        writer.writerow(row)
    return made.getvalue()


def test_plans_run_and_their_outputs_are_there(tmp_path: Path) -> None:
    """Not only well typed: on tables that fit their schemas, every cell runs and every output points at something."""
    rng = random.Random(3)
    for i in range(15):
        made = analyst.draw(rng, text.SPLITS[i % 4], HELD[i % 3])
        folder = tmp_path / str(i)
        folder.mkdir()
        (folder / "data.csv").write_text(rows_of(made.schema, rng))
        snapshot = take_snapshot([folder / "data.csv"], folder)
        assert {column.name: column.type for column in snapshot.tables[0].columns} == made.schema.types
        results = run_cells(
            made.plan.model_copy(update={"steps": [s for s in made.plan.steps if s.op != "report"]}), snapshot, folder
        )
        for output in made.plan.report.outputs if made.plan.report else []:
            resolve(output.ref, results)


def test_an_example_is_a_function_of_seed_and_index() -> None:
    first = [analyst.example(3, i).text for i in range(20)]
    assert [analyst.example(3, i).text for i in reversed(range(20))] == first[::-1]
    assert len(set(first)) == 20 and analyst.example(4, 0).text != first[0]


def test_domains_and_phrasings_are_held_out() -> None:
    domains = {split: {line[0] for line in _domains(split)} for split in text.SPLITS}
    names = {split: {name for line in _domains(split) for name in [line[0], line[1]]} for split in text.SPLITS}
    for one in text.SPLITS:
        for other in text.SPLITS:
            assert one == other or not (domains[one] & domains[other] or names[one] & names[other])
    for phrasings in INTENTS.values():
        assert len(phrasings) == len(set(phrasings)) >= 6
    for split in HELD_OUT:
        for i in range(10):
            assert analyst.example(0, i, split, "schemas").schema.rows in domains[split]
            assert analyst.example(0, i, split, "phrasings").schema.rows in domains["train"]


def test_the_words_of_a_function_mean_one_function() -> None:
    words = [word for said in FUNCTIONS.values() for word in said]
    assert len(words) == len(set(words))


def test_a_real_profile_is_told_as_the_invented_ones(tmp_path: Path) -> None:
    from shared.analysis.profile import profile

    file = tmp_path / "pets.csv"
    file.write_text(
        "kind,unit price,born,tame\n"
        + "\n".join(f"{'cat' if i % 2 else 'dog'},{i * 7 % 5}.5,2020-01-{i + 1:02},{i % 3 == 0}" for i in range(20))
    )
    table = profile(take_snapshot([file], tmp_path), tmp_path).tables[0]
    assert profile_text(table).split("\n")[1:] == ["kind cat|dog", '"unit price" number', "born date", "tame boolean"]


# --- reasoning --------------------------------------------------------------------------------------------------


def solved(prompt: str) -> str:
    """The answer, worked out another way."""
    if prompt.endswith("="):
        return str(eval(prompt[:-1]))
    if ">" in prompt:
        *arrows, question = prompt[:-1].split(";")
        to = dict(arrow.split(">") for arrow in arrows)
        node, hops = question.split(" ")
        for _ in range(int(hops)):
            node = to[node]
        return node
    if "mod" in prompt:
        told, question = prompt[:-1].split(f" mod {reasoning.MODULUS};")
        known: dict[str, Any] = {}
        for line in told.split(";"):
            name, value = line.split("=")
            known[name] = eval(value, {}, dict(known)) % reasoning.MODULUS
        return str(known[question])
    *told_pairs, question = prompt[:-1].split(";")
    return dict(pair.split("=") for pair in told_pairs)[question]


@pytest.mark.parametrize("kind", reasoning.KINDS)
def test_answers_are_right_and_the_work_leads_to_them(kind: reasoning.Kind) -> None:
    rng = random.Random(2)
    for i in range(400):
        made = reasoning.example(kind, rng, 1 + i % 6)
        assert solved(made.prompt) == made.answer
        question, target = made.worked
        assert (
            question + target == f"<|question|>{made.prompt}<|thought|>{made.thought}<|/thought|><|answer|>{made.answer}<|eos|>"
        )
        if kind != "arithmetic":
            assert made.thought.endswith(made.answer)
        for line in made.thought.split(";") if kind == "arithmetic" else []:
            left, right = line.split("=")
            assert eval(left) == int(right)


def test_no_instance_is_in_two_splits() -> None:
    found = {
        split: {e.prompt for e in reasoning.examples(random.Random(i), 300, split, reasoning.KINDS)}
        for i, split in enumerate(text.SPLITS)
    }
    for split, prompts in found.items():
        assert {text.split_of(prompt) for prompt in prompts} == {split}


# --- text -------------------------------------------------------------------------------------------------------


def test_python_is_text_that_any_machine_has() -> None:
    found = list(text.documents())
    assert sum(map(len, found)) > 5_000_000 and found == list(text.documents())
    assert text.digest() == text.digest()
    parts = {split: set(text.of_split(found, split)) for split in text.SPLITS}
    assert all(parts.values()) and sum(map(len, parts.values())) == len({d for d in found if d.strip()})


def test_files_of_users(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "b.jsonl").write_text('{"text": "eins"}\n\n{"text": "zwei", "n": 2}\n')
    (tmp_path / "a.md").write_text("# null")
    pq.write_table(pa.table({"text": ["drei", "vier"]}), tmp_path / "c.parquet")
    (tmp_path / "d.csv").write_text("not text")
    assert list(text.documents(tmp_path)) == ["# null", "eins", "zwei", "drei", "vier"]
    assert list(text.documents(tmp_path / "c.parquet")) == ["drei", "vier"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"text": 3}\n', "a.jsonl, line 2"),
        ("a.jsonl", b'{"text": "x"}\n{"text"', "a.jsonl, line 2"),
        ("a.jsonl", b"[1]\n", "a.jsonl, line 1"),
        ("a.jsonl", b'{"body": "x"}\n', "It has: body."),
        ("a.jsonl", b'"\xff"\n', "a.jsonl, line 1"),
        ("a.txt", b"fine\nfine\n\xff", "a.txt, line 3"),
        ("a.parquet", b"PAR1 no", "a.parquet"),
        ("a.pdf", b"%PDF", "a.pdf"),
    ],
)
def test_bad_files_are_named_with_their_line(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput) as refused:
        list(text.documents(tmp_path / name))
    assert told in str(refused.value)


def test_a_missing_source_or_column_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"body": ["x", None]}), tmp_path / "a.parquet")
    for source, field, told in [
        (tmp_path / "no.txt", "text", "no.txt"),
        (tmp_path / "a.parquet", "text", "It has: body"),
        (tmp_path / "a.parquet", "body", "row 2"),
    ]:
        with pytest.raises(BadInput) as refused:
            list(text.documents(source, field))
        assert told in str(refused.value)


# --- tokenizer --------------------------------------------------------------------------------------------------


def corpus() -> list[str]:
    rng = random.Random(0)
    made = [analyst.draw(rng).text for _ in range(400)] + [e.text for e in reasoning.examples(rng, 200, kinds=reasoning.KINDS)]
    return made + [d[:4000] for d in list(text.documents())[:40]]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(corpus(), 700)


def test_the_vocabulary_is_exact_and_the_same_again(tokenizer: Any) -> None:
    assert tokenizer.get_vocab_size() == 700
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))
    assert train_tokenizer(corpus(), 700).to_str() == tokenizer.to_str()
    assert tokenizer.encode("1984").tokens[-4:] == ["1", "9", "8", "4"]
    with pytest.raises(BadInput, match="yields only"):
        train_tokenizer(["abc abd"], 700)
    with pytest.raises(BadInput, match="no room"):
        train_tokenizer(["abc"], 100)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_and_cannot_speak_in_special_tokens(tokenizer: Any, told: str) -> None:
    for one in (told, told + "<|eos|>" + told):
        ids = encode_plain(tokenizer, [one])[0]
        assert tokenizer.decode(ids, skip_special_tokens=False) == one
        assert not [i for i in ids if i < len(SPECIAL_TOKENS)]
    assert tokenizer.encode("<|eos|>").ids == [2]


# --- mixtures ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from phases.data import blocks, packing

    monkeypatch.setattr(blocks, "ROWS", 64)
    monkeypatch.setattr(packing, "ROWS", 64)


def words(tmp_path: Path, documents: int = 400) -> Path:
    """A source of text: quick to read."""
    rng = random.Random(5)
    file = tmp_path / "words.jsonl"
    file.write_text(
        "".join(json.dumps({"text": " ".join(str(rng.randrange(10**6)) for _ in range(60))}) + "\n" for _ in range(documents))
    )
    return file


def test_a_batch_is_a_function_of_seed_and_step(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    from phases.data.packing import mixture

    told = {"text": 0.5, "reasoning": 0.2, "memory": 0.1, "analyst": 0.2}
    options = dict(length=256, batch_size=8, source=words(tmp_path))
    one = mixture(tokenizer, told, seed=1, cache=tmp_path / "one", **options)
    first = [one(step) for step in range(12)]
    other = mixture(tokenizer, told, seed=1, cache=tmp_path / "two", **options)  # another machine, which starts at step 11
    for step in (11, 3, 0, 11):
        assert torch.equal(other(step).tokens, first[step].tokens) and torch.equal(other(step).labels, first[step].labels)
    assert not torch.equal(mixture(tokenizer, told, seed=2, cache=tmp_path / "one", **options)(0).tokens, first[0].tokens)
    again = mixture(tokenizer, told, seed=1, cache=tmp_path / "one", **options)  # from what is kept
    assert torch.equal(again(7).tokens, first[7].tokens)
    assert first[0].tokens.dtype == first[0].labels.dtype == torch.int64 and first[0].tokens.shape == first[0].labels.shape == (
        8,
        256,
    )


def test_labels_are_shifted_and_only_targets_are_asked_for(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    from phases.data.packing import mixture

    for name, begin in [
        ("reasoning", "<|answer|>"),
        ("memory", "<|answer|>"),
        ("thoughts", "<|question|>"),
        ("analyst", "<|plan|>"),
    ]:
        batches = mixture(tokenizer, {name: 1.0}, seed=0, length=256, batch_size=4, cache=tmp_path)
        for step in range(3):
            tokens, labels = batches(step)
            asked = labels != -100
            assert torch.equal(labels[:, :-1][asked[:, :-1]], tokens[:, 1:][asked[:, :-1]])
            for row, ids in enumerate(tokens.tolist()):
                told = tokenizer.decode(ids, skip_special_tokens=False)
                assert told.startswith(("<|question|>", "<|schema|>"))
                if name == "thoughts":
                    continue
                wanted = [part.split(EOS)[0] + EOS for part in told.split(begin)[1:]]
                got = tokenizer.decode(labels[row][asked[row]].tolist(), skip_special_tokens=False)
                assert got.startswith("".join(wanted[:-1])) and got.count(EOS) >= len(wanted) - 1
    text_batch = mixture(tokenizer, {"text": 1.0}, seed=0, length=64, batch_size=4, cache=tmp_path, source=words(tmp_path))(0)
    assert torch.equal(text_batch.labels[:, :-1], text_batch.tokens[:, 1:])


def test_shares_are_kept_and_little_is_padding(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    from phases.data.packing import mixture

    batches = mixture(
        tokenizer, {"text": 3, "reasoning": 1}, seed=0, length=128, batch_size=16, cache=tmp_path, source=words(tmp_path)
    )
    tokens = torch.cat([batches(step).tokens for step in range(8)])
    made = (tokens == tokenizer.token_to_id("<|question|>")).any(1)
    assert made.sum() == 32 and (tokens == 0).sum() < 0.02 * tokens.numel()


def test_what_is_held_out_is_not_trained_on(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    """Every question, schema and text of every pack, against thousands of rows, and packs against each other."""
    from phases.data.packing import mixture

    source = words(tmp_path, 2000)
    seen: set[str] = set()
    for name in ("reasoning", "memory", "analyst"):
        batches = mixture(tokenizer, {name: 1.0}, seed=0, length=256, batch_size=64, cache=tmp_path)
        for step in range(8):
            for told in tokenizer.decode_batch(batches(step).tokens.tolist(), skip_special_tokens=False):
                seen.update(part for part in told.split(EOS) if "<|answer|>" in part or "<|plan|>" in part)
    trained = {part.split("<|answer|>")[0].split("<|plan|>")[0] for part in seen}
    packs: dict[str, set[str]] = {split: set() for split in HELD_OUT}
    for split in HELD_OUT:
        for name in NAMES:
            for item in pack(name, tokenizer, split, 30, source=source).items:
                told = tokenizer.decode(list(item.target if name == "text" else item.prompt), skip_special_tokens=False)
                packs[split].add(told.split("<|answer|>")[0].split("<|plan|>")[0])
        assert not packs[split] & trained
    assert not packs["search"] & packs["gate"] and not packs["gate"] & packs["report"] and not packs["search"] & packs["report"]
    train_text = set(text.of_split(text.documents(source), "train"))
    assert not {told for split in HELD_OUT for told in packs[split]} & train_text


def test_text_goes_round_but_not_for_ever(tokenizer: Any, tmp_path: Path) -> None:
    from phases.data.packing import EPOCHS, mixture

    source = words(tmp_path, 30)
    batches = mixture(tokenizer, {"text": 1.0}, seed=0, length=64, batch_size=16, cache=tmp_path, source=source)
    with pytest.raises(BadInput, match="tokens of text"):
        batches(100_000)
    with pytest.raises(BadInput, match=r"There are [\d,]+ tokens of text; [\d,]+ are needed"):
        mixture(tokenizer, {"text": 1.0}, seed=0, length=64, batch_size=16, cache=tmp_path, source=source, steps=100_000)
    with pytest.raises(BadInput, match="tokens of text"):
        mixture(tokenizer, {"text": 1.0}, seed=0, length=60_000, batch_size=1, cache=tmp_path, source=source)
    windows = {tuple(row) for step in range(40) for row in batches(step).tokens.tolist()}
    assert EPOCHS > 1 and len(windows) > 300  # epochs are cut anew


def test_made_blocks_repeat_in_another_order(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    from phases.data.packing import mixture

    batches = mixture(tokenizer, {"reasoning": 1.0}, seed=0, length=64, batch_size=64, cache=tmp_path, pool=3)
    first, second = ([batches(step).tokens for step in steps] for steps in (range(3), range(3, 6)))
    assert sorted(t.sum().item() for t in first) == sorted(t.sum().item() for t in second)
    assert len({t.sum().item() for t in first}) == 3


def test_a_damaged_or_missing_cache_costs_time_only(tokenizer: Any, tmp_path: Path, small_blocks: None) -> None:
    from phases.data.packing import mixture

    def first(cache: Path) -> Any:
        source = words(tmp_path)
        return mixture(tokenizer, {"text": 1, "memory": 1}, seed=0, length=128, batch_size=4, cache=cache, source=source)(
            0
        ).tokens

    cache = tmp_path / "cache"
    made = first(cache)
    files = list(cache.iterdir())
    assert len(files) == 2
    for file in files:
        file.write_bytes(file.read_bytes()[:200])
    assert torch.equal(first(cache), made) and torch.equal(first(cache), made)
    (tmp_path / "file").write_text("a file, where the folder should be")
    assert torch.equal(first(tmp_path / "file"), made)


def test_blocks_made_ahead_by_others_are_the_same(tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phases.data import blocks

    monkeypatch.setattr(blocks, "ROWS", 8)
    here = [blocks.block(tokenizer, "reasoning", "train", 0, number, 128, tmp_path / "here") for number in range(8)]
    monkeypatch.undo()
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    blocks.make_ahead([(tokenizer, "reasoning", "train", 0, number, 128, tmp_path / "there") for number in range(8)])
    assert len(list((tmp_path / "there").iterdir())) == 8
    for number, made in enumerate(here):
        assert (blocks.block(tokenizer, "reasoning", "train", 0, number, 128, tmp_path / "there")[:, :8] == made).all()


@pytest.mark.parametrize("weights", [{}, {"text": 0.0}, {"poems": 1.0}, {"text": -1.0, "analyst": 2.0}, {"text": float("nan")}])
def test_mixtures_that_make_no_sense(tokenizer: Any, tmp_path: Path, weights: dict[str, float]) -> None:
    from phases.data.packing import mixture

    with pytest.raises(BadInput):
        mixture(tokenizer, weights, seed=0, length=64, batch_size=4, cache=tmp_path)


def test_rows_too_short_for_the_examples(tokenizer: Any, tmp_path: Path) -> None:
    from phases.data.packing import mixture

    with pytest.raises(BadInput, match="too short"):
        mixture(tokenizer, {"analyst": 1.0}, seed=0, length=32, batch_size=4, cache=tmp_path)(0)


# --- packs ------------------------------------------------------------------------------------------------------


def test_packs_are_fixed_and_longer_ones_start_with_shorter_ones(tokenizer: Any) -> None:
    for name in ("reasoning", "memory", "plans"):
        made = pack(name, tokenizer, "gate", 12)  # type: ignore[arg-type]
        assert made.items == pack(name, tokenizer, "gate", 20).items[:12]  # type: ignore[arg-type]
    assert Counter(item.group for item in pack("plans", tokenizer, "report", 12).items) == dict.fromkeys(HELD, 4)


def test_text_packs_are_the_same_bytes_for_every_tokenizer(tokenizer: Any, tmp_path: Path) -> None:
    source = words(tmp_path, 2000)
    one = pack("text", tokenizer, "search", 10, source=source)
    other_tokenizer = train_tokenizer(corpus(), 400)
    other = pack("text", other_tokenizer, "search", 10, source=source)
    assert [item.size for item in one.items] == [item.size for item in other.items]
    assert [tokenizer.decode(list(item.target)) for item in one.items] == [
        other_tokenizer.decode(list(item.target)) for item in other.items
    ]
    with pytest.raises(BadInput, match="held out as search"):
        pack("text", tokenizer, "search", 10_000, source=source)
    with pytest.raises(BadInput):
        pack("text", tokenizer, "train", 10)
    with pytest.raises(BadInput):
        pack("poems", tokenizer, "gate", 10)  # type: ignore[arg-type]
