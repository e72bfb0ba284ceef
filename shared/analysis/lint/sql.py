"""SQL in a string: DuckDB's ways to files, extensions and settings."""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from shared.analysis.lint.data import REBUILT
from shared.analysis.lint.files import cannot_read, place
from shared.analysis.lint.rules import MOST_TEXT, ROWS, WRITES, Level

Remark = tuple[str, str, Level]  # message, what to do instead, level
Token = tuple[str, str]  # word, string, name or mark; its text

TOKEN = re.compile(
    r"--[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|\$\$(?:[^$]|\$(?!\$))*+(?:\$\$)?"
    r"""|(?P<string>'(?:[^']|'')*+'?)|(?P<name>"(?:[^"]|"")*+"?)|(?P<word>[^\W\d]\w*)|(?P<mark>[^\s\w])"""
)
# What a statement starts with, followed by more than a comparison: `load > 5` is a condition on a column
STATEMENT = re.compile(
    r"(?is)\s*+(?:--[^\n]*\n\s*+)*+(?:select|from|with|copy|attach|detach|export|import|install|force|load|set|reset|pragma|"
    r"create|insert|update|delete|describe|summarize|pivot|unpivot|values|show|call|explain|prepare|drop|alter)\b\s*+"
    r"(?![=<>!&|.+/%\)\]]|in\b|not\b|and\b|or\b|is\b|$)"
)
FILE_READERS = frozenset(
    "read_csv read_csv_auto sniff_csv read_parquet parquet_scan parquet_metadata parquet_schema read_json "
    "read_json_auto read_json_objects read_ndjson read_ndjson_auto read_ndjson_objects read_text read_blob glob".split()
)
EXTENSIONS = frozenset(
    "sqlite_scan sqlite_attach postgres_scan postgres_query postgres_attach mysql_scan mysql_query iceberg_scan "
    "delta_scan st_read read_xlsx http_get http_post getenv shellfs".split()
)
BUILT_IN = frozenset("json icu parquet core_functions autocomplete jemalloc".split())
ACCESS = re.compile(
    r"enable_external_access|lock_configuration|allowed_\w+|disabled_filesystems|\w*extension\w*|\w*secret\w*|\w*directory|"
    r"file_search_path|log_query_path|profile_output|profiling_output|custom_user_agent|http_\w+|s3_\w+|azure_\w+|access_mode|"
    r"enable_logging|logging_\w+"
)
FREE = frozenset("variable search_path schema".split())  # settings that stay open
NOT_HERE = "Do without it; pandas reads Excel files and sqlite3 reads SQLite files."


def sql_remarks(text: str, sources: Collection[str], depth: int = 0) -> Iterator[Remark]:
    """What an author should know about the statements in `text`."""
    statement: list[Token] = []
    for found in TOKEN.finditer(text[:MOST_TEXT]):
        kind, part = found.lastgroup, found[0]
        if kind == "mark" and part == ";":
            yield from _statement(statement, sources, depth)
            statement = []
        elif kind == "string":
            statement.append(("string", part[1:].removesuffix("'").replace("''", "'")))
        elif kind:
            statement.append((kind, part.lower() if kind == "word" else part.strip('"')))
    yield from _statement(statement, sources, depth)


def _statement(tokens: list[Token], sources: Collection[str], depth: int) -> Iterator[Remark]:
    words = [text for kind, text in tokens if kind in ("word", "name")]
    match words:
        case ["copy", *_]:
            yield from _copy(tokens)
        case ["export" | "import" as verb, "database", *_]:
            plain = verb == "export" and all(place(text) in ("given", "scratch") for kind, text in tokens if kind == "string")
            level: Level = "advise" if plain else "refuse"
            yield f"`{verb.upper()} DATABASE` moves whole databases through files.", WRITES[1], level
        case ["attach", *_]:
            yield from _attach(tokens, sources)
        case ["install", *rest] | ["force", "install", *rest]:
            if {*rest[:1]} <= BUILT_IN and rest:
                yield f"`INSTALL {rest[0]}`: it is built in, and nothing can be installed.", "Leave the statement out.", "advise"
            else:
                yield "`INSTALL` needs a network, and there is none.", NOT_HERE, "refuse"
        case ["load", *rest] if not rest or rest[0] not in BUILT_IN:
            yield "`LOAD` brings an extension, and none can be loaded.", NOT_HERE, "refuse"
        case ["update", "extensions", *_]:
            yield "Extensions need a network, and there is none.", NOT_HERE, "refuse"
        case ["set" | "reset" | "pragma" as verb, *rest]:
            yield from _setting(verb, [word for word in rest if word not in ("global", "session", "local")], tokens)
        case ["create", *rest] if "secret" in rest[:4]:
            yield (
                "Secrets are for networks, and there is none.",
                "Give the file to the run (--data) and read it by its name.",
                "refuse",
            )
    yield from _reads(tokens, sources, depth)


def _copy(tokens: list[Token]) -> Iterator[Remark]:
    depth = 0
    for (_, text), (kind, path) in pairwise(tokens):
        depth += (text == "(") - (text == ")")
        if depth == 0 and text == "to" and kind == "string" and place(path) not in ("scratch", "unknown"):
            level: Level = "advise" if place(path) == "given" else "refuse"
            yield f"`COPY … TO` writes a file, and {WRITES[0]}.", WRITES[1], level
        if depth == 0 and text == "from" and kind == "string":
            yield from _file(path)


def _attach(tokens: list[Token], sources: Collection[str]) -> Iterator[Remark]:
    path = next((text for kind, text in tokens if kind == "string"), "")
    plain = place(path) == "given" and ":" not in path
    given = plain and (path in sources or ("word", "read_only") in tokens)
    if path not in ("", ":memory:") and not given and place(path) not in ("scratch", "unknown"):
        yield (
            "`ATTACH` opens another database.",
            "Attach only a file of the session, as ATTACH 'name.duckdb' (READ_ONLY).",
            "advise" if plain else "refuse",
        )


def _setting(verb: str, words: list[str], tokens: list[Token]) -> Iterator[Remark]:
    name = words[0] if words else ""
    if ACCESS.fullmatch(name):
        yield (
            f"`{name}` decides what DuckDB may reach, and is locked.",
            "Leave it; the session's files are readable by name.",
            "refuse",
        )
    elif name not in FREE and (verb != "pragma" or name.startswith(("enable_", "disable_")) or ("mark", "=") in tokens):
        yield f"DuckDB's settings are locked: `{verb.upper()} {name}` fails.", "Leave it out.", "advise"


def _reads(tokens: list[Token], sources: Collection[str], depth: int) -> Iterator[Remark]:
    for at, (kind, text) in enumerate(tokens):
        following = tokens[at + 1 : at + 3]
        called = kind in ("word", "name") and following[:1] == [("mark", "(")]
        if called and text in EXTENSIONS:
            yield f"`{text}` needs what is not in the session.", NOT_HERE, "refuse"
        elif called and text in FILE_READERS:
            for path in _first_strings(tokens, at + 2):
                yield from _file(path)
        elif called and text == "query" and following[1:] and following[1][0] == "string" and depth == 0:
            yield from sql_remarks(following[1][1], sources, depth + 1)
        elif kind == "word" and text in ("from", "join") and following and following[0][0] == "string":
            yield from _file(following[0][1])
        elif kind == "word" and text == "values" and depth == 0 and _rows(tokens, at) >= ROWS:
            yield "This table is written into the code: its numbers trace to nothing.", REBUILT, "advise"
            return  # once is enough, and counting for each would take long


def _first_strings(tokens: list[Token], at: int) -> Iterator[str]:
    """The path a reader is given, or the paths in its list."""
    in_list = tokens[at : at + 1] == [("mark", "[")]
    for kind, text in tokens[at + in_list :]:
        if kind == "string":
            yield text
        if not in_list or (kind, text) == ("mark", "]"):
            return


def _rows(tokens: list[Token], at: int) -> int:
    """How many rows are listed after VALUES; it stops counting soon."""
    rows = depth = 0
    for kind, text in tokens[at + 1 :]:
        if kind == "mark" and text in "()":
            depth += 1 if text == "(" else -1
            rows += depth == 1 and text == "("
        if depth < 0 or rows >= ROWS or (depth == 0 and kind == "word"):
            break
    return rows


def _file(path: str) -> Iterator[Remark]:
    if said := cannot_read(path):
        yield *said[:2], "refuse"
