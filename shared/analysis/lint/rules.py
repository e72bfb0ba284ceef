"""The linter's rules as data: names, why they have no place in an analysis, and what to do instead."""

from typing import Literal

Level = Literal["refuse", "advise"]
Said = tuple[str, str]  # why, what to do instead
MOST_TEXT = 50_000  # characters of one string that are read


def _each(names: str, why: str, instead: str) -> dict[str, Said]:
    return dict.fromkeys(names.split(), (why, instead))


# --- modules ----------------------------------------------------------------------------------------------------

REFUSED_MODULES = {
    **_each(
        "os posix posixpath nt ntpath",
        "reaches into the machine",
        "Open files by their plain names; pathlib's Path('.').iterdir() lists them.",
    ),
    **_each("sys", "reaches into the interpreter", "Use print for text; the last expression is the result."),
    **_each(
        "builtins importlib gc code codeop runpy pkgutil zipimport imp site __main__ pdb bdb trace faulthandler",
        "reaches into the interpreter",
        "Import what is needed by name and leave this out.",
    ),
    **_each(
        "subprocess multiprocessing pty signal resource psutil pexpect billiard",
        "controls processes, and a session cannot start any",
        "Compute in this process; pandas and DuckDB are quick enough.",
    ),
    **_each("ctypes cffi mmap fcntl termios", "leaves Python's own memory", "Use numpy or DuckDB."),
    **_each(
        "pickle pickletools cPickle marshal shelve dbm dill cloudpickle jsonpickle",
        "runs code that is hidden in data",
        "Names stay between cells; end with tables or plain values, which become JSON.",
    ),
    **_each(
        "socket socketserver ssl urllib urllib3 http ftplib smtplib poplib imaplib telnetlib nntplib xmlrpc asyncio "
        "selectors webbrowser wsgiref requests httpx httpx2 aiohttp websockets grpc boto3 botocore s3fs gcsfs paramiko docker "
        "kaggle gdown wget yfinance pandas_datareader wbdata fredapi openai anthropic psycopg psycopg2 pymysql pymongo "
        "redis modal e2b runpod",
        "needs a network, and there is none",
        "Give the file to the run (--data) and read it by its name.",
    ),
    **_each("shutil", "changes files", "Keep tables in variables; the last expression is the result."),
    **_each(
        "pip ensurepip venv setuptools pkg_resources distutils conda",
        "installs software",
        "Use what is there: pandas, numpy, duckdb, scipy, statsmodels, sklearn, altair.",
    ),
}
# Modules whose import says nothing, as a part of each is harmless; the rest is refused, for the reason above
PARTS = {
    module: frozenset(names.split())
    for module, names in {
        "os": "path environ getenv putenv unsetenv getcwd chdir listdir scandir walk stat stat_result DirEntry access F_OK R_OK "
        "W_OK X_OK SEEK_SET SEEK_CUR SEEK_END sep altsep pathsep extsep linesep curdir pardir devnull name cpu_count "
        "process_cpu_count sched_getaffinity getpid getlogin getuid uname times getloadavg get_terminal_size terminal_size "
        "urandom fspath PathLike fsencode fsdecode strerror error isatty fsync remove unlink makedirs mkdir rmdir removedirs "
        "rename renames replace",
        "os.path": "join exists lexists isfile isdir islink isabs basename dirname split splitext splitdrive abspath realpath "
        "relpath normpath normcase expanduser expandvars getsize getmtime getctime getatime commonpath commonprefix samefile "
        "sep altsep pathsep extsep curdir pardir *",
        "sys": "version version_info hexversion platform implementation byteorder maxsize maxunicode float_info int_info "
        "hash_info float_repr_style copyright argv executable prefix base_prefix flags path stdout stderr stdin __stdout__ "
        "__stderr__ exit exc_info getsizeof getrefcount intern getrecursionlimit setrecursionlimit getdefaultencoding "
        "getfilesystemencoding get_int_max_str_digits set_int_max_str_digits getswitchinterval thread_info tracebacklimit "
        "ps1 stdlib_module_names builtin_module_names warnoptions is_finalizing",
        "gc": "collect enable disable isenabled get_count get_stats get_threshold set_threshold freeze unfreeze",
        "shutil": "get_terminal_size disk_usage copy copy2 copyfile copyfileobj copytree move rmtree",
        "importlib": "metadata util",
        "importlib.metadata": "version PackageNotFoundError distributions packages_distributions requires",
        "importlib.util": "find_spec",
        "multiprocessing": "cpu_count",
        "resource": "getrusage getpagesize RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD",
        "http": "HTTPStatus",
    }.items()
}
GIVEN_ANEW = frozenset("sys.stdout sys.stderr sys.stdin sys.argv sys.path sys.tracebacklimit sys.ps1 os.environ".split())
PROCESSES = tuple(
    "system popen exec spawn posix_spawn fork kill wait nice abort _exit set sched_ pidfd_ register_at_fork".split()
)
PATH_READERS = frozenset("os.listdir os.scandir os.walk os.stat os.access".split())
PATH_WRITERS = frozenset(
    "os.remove os.unlink os.makedirs os.mkdir os.rmdir os.removedirs os.rename os.renames os.replace shutil.copy shutil.copy2 "
    "shutil.copyfile shutil.copytree shutil.move shutil.rmtree".split()
)
REFUSED_SUBMODULES = {
    **_each("numpy.ctypeslib numpy.f2py numpy.distutils", "leads to native code", "Use numpy itself."),
    **_each(
        "pandas.io.common pandas.io.pickle pandas.io.clipboard", "leads to the machine's files", "Use pd.read_csv and its like."
    ),
    **_each(
        "pyarrow.fs pyarrow.flight logging.handlers logging.config joblib.externals altair.utils.server "
        "statsmodels.iolib.smpickle",
        "leads to files, processes or the network",
        "Use the library's main module.",
    ),
}
ADVISED_MODULES = {
    **_each(
        "pathlib glob tempfile fileinput zipfile tarfile",
        "an analysis reads its tables by name",
        "Read them as pd.read_csv('name.csv').",
    ),
    **_each("threading concurrent queue", "results may depend on the order in which threads run", "Compute one after the other."),
    **_each(
        "random secrets time",
        "a replay must give the same",
        "Seed numpy's generator (np.random.default_rng(0)); take times from the data.",
    ),
}
HARMLESS_MODULES = frozenset(
    "__future__ abc array base64 binascii bisect bz2 calendar cmath collections colorsys configparser contextlib copy "
    "csv dataclasses datetime decimal difflib email enum fractions functools gettext graphlib gzip hashlib heapq hmac "
    "html io itertools json keyword locale logging lzma math numbers operator platform pprint re reprlib sqlite3 "
    "statistics string struct textwrap timeit tomllib traceback types typing unicodedata uuid warnings weakref xml zlib "
    "zoneinfo".split()
)
LIBRARIES = frozenset(  # fine where they are installed
    "pandas numpy duckdb scipy statsmodels sklearn altair pyarrow openpyxl vl_convert vega_datasets patsy formulaic "
    "joblib dateutil pytz tzdata narwhals jinja2 rich IPython pydantic tqdm networkx sympy mpmath packaging "
    "typing_extensions six threadpoolctl".split()
)
ELSEWHERE = {  # libraries of the field that may not be here, and what is
    **_each(
        "matplotlib mpl_toolkits pylab seaborn plotly bokeh plotnine pygal holoviews hvplot squarify wordcloud",
        "",
        "Use altair; end with the chart.",
    ),
    **_each("polars dask modin vaex pyspark cudf datatable ibis pandasql sqlalchemy swifter", "", "Use pandas or duckdb."),
    **_each(
        "xgboost lightgbm catboost imblearn shap umap hdbscan optuna skopt kmodes yellowbrick mlxtend category_encoders",
        "",
        "Use sklearn.",
    ),
    **_each(
        "torch torchvision tensorflow keras jax transformers sentence_transformers", "", "Use sklearn, such as MLPRegressor."
    ),
    **_each(
        "prophet pmdarima arch linearmodels pingouin scikit_posthocs lifelines sktime neuralprophet pymc arviz",
        "",
        "Use statsmodels or scipy.stats.",
    ),
    **_each("geopandas shapely folium cartopy geopy pyproj", "", "Use altair's mark_geoshape, or plain coordinates."),
    **_each(
        "nltk spacy textblob gensim vaderSentiment thefuzz fuzzywuzzy rapidfuzz",
        "",
        "Use pandas' .str, difflib or sklearn.feature_extraction.text.",
    ),
    **_each("missingno ydata_profiling pandas_profiling sweetviz skimpy dataprep", "", "Use df.describe() and df.isna().sum()."),
    **_each("tabulate prettytable great_tables itables", "", "End the cell with the table."),
    **_each(
        "xlrd xlsxwriter pyxlsb odf fastparquet tables h5py pyreadstat docx reportlab pptx",
        "",
        "Use pandas with openpyxl or pyarrow.",
    ),
    **_each("numba bottleneck numexpr cython pandarallel", "", "Use numpy or DuckDB."),
    **_each(
        "janitor pandera great_expectations dfply siuba toolz cytoolz humanize pendulum arrow yaml bs4 lxml PIL cv2 skimage",
        "",
        "Use pandas.",
    ),
    **_each("networkx sympy mpmath tqdm IPython rich vega_datasets pytz patsy formulaic joblib", "", "Do without it."),
}
STACK = "Available: pandas, numpy, duckdb, scipy, statsmodels, sklearn, altair, pyarrow, openpyxl and the standard library."
# What no module of an analysis calls a part of its own; `scipy.signal` is one that does, so signal is not here.
REEXPORTED = frozenset(
    "os sys posix builtins importlib gc subprocess multiprocessing ctypes pickle marshal socket shutil urllib "
    "webbrowser runpy pkgutil ctypeslib f2py".split()
)
USUAL = {
    "pd": "pandas",
    "np": "numpy",
    "alt": "altair",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "sm": "statsmodels.api",
    "duckdb": "duckdb",
}

# --- names and attributes ---------------------------------------------------------------------------------------

REFUSED_NAMES = {
    **_each(
        "eval exec compile",
        "runs or builds code that nobody can read here",
        "Write the code itself; ast.literal_eval reads a literal.",
    ),
    **_each("__import__", "imports what nobody can read here", "Write an import statement."),
    **_each("__builtins__ __loader__ __spec__", "reaches into how Python works inside", "Leave it out."),
}
ADVISED_NAMES = {
    **_each("input breakpoint", "waits for a person, and nobody is there", "Set the value in the code."),
    **_each("globals locals", "has no use in code that runs by itself", "Use names, or a dict of one's own."),
    **_each("exit quit", "ends the session with all its names", "Let the code end, or raise an error that says why."),
    **_each("__file__", "code of a session has no file", "Files are in the working folder, by their plain names."),
}
ADVISED_PARTS = {"sys.exit": ADVISED_NAMES["exit"], "sys.stdin": ADVISED_NAMES["input"]}
ENVIRONMENT: Said = "holds settings of the machine, and no data", "Read the one that is needed: os.environ.get('NAME')."
INSIDE: Said = "reaches into how Python works inside", "Use type(x), isinstance or the object's public methods."
FRAME: Said = "reaches into running code", "Pass values as arguments, and return them."
DOORS = (
    _each(
        "__class__ __base__ __bases__ __mro__ __subclasses__ __globals__ __builtins__ __code__ __closure__ __func__ "
        "__self__ __getattribute__ __import__ __loader__ __spec__ __reduce__ __reduce_ex__ __subclasshook__ "
        "__init_subclass__ __build_class__ __defaults__ __kwdefaults__ __objclass__ __prepare__ __getstate__ "
        "__setstate__ __weakref__ __set_name__",
        *INSIDE,
    )
    | _each(
        "__traceback__ gi_frame gi_code gi_yieldfrom cr_frame ag_frame tb_frame tb_next f_back f_globals f_locals "
        "f_builtins func_globals func_code co_code co_consts co_names _getframe _current_frames currentframe CodeType",
        *FRAME,
    )
    | _each("popen Popen CDLL PyDLL WinDLL", "starts what the session does not allow", "Compute with pandas, numpy or DuckDB.")
    | _each("load_module exec_module", "imports what nobody can read here", "Write an import statement.")
    | _each(
        "install_extension load_extension enable_load_extension register_filesystem",
        "brings what is not in the session",
        "Use DuckDB as it is; read data files by name.",
    )
)
ADVISED_ATTRIBUTES = _each("cr_code ag_code cr_await ag_await f_code f_trace f_lasti tb_lasti", *FRAME) | _each(
    "__dict__", "is how an object looks inside", "Use vars(x) or dataclasses.asdict(x)."
)
HARMLESS_DUNDERS = frozenset(
    f"__{name}__"
    for name in (
        "name qualname module doc version author len init new post_init str repr format bytes hash bool call iter next "
        "reversed contains getitem setitem delitem missing enter exit eq ne lt le gt ge add sub mul truediv floordiv "
        "mod divmod pow matmul and or xor neg pos abs invert lshift rshift radd rsub rmul rtruediv rfloordiv rmod rpow "
        "rmatmul rand ror rxor iadd isub imul itruediv ior iand int float complex index round trunc floor ceil setattr "
        "getattr delattr annotations slots members dataclass_fields array array_ufunc array_function array_interface "
        "array_priority dataframe all match_args copy deepcopy length_hint args origin parameters get set del aenter "
        "aexit aiter anext await class_getitem cause context notes wrapped"
    ).split()
)
NAMING = frozenset(("__name__", "__qualname__", "__module__", "__doc__"))  # `x.__class__.__name__` only names a type
OWN = frozenset(("__class__", "__dict__", "__mro__", "__bases__", "__base__"))  # harmless on what the program defines
ABOVE = frozenset(("__init_subclass__", "__set_name__"))  # harmless on super()
KEYS = frozenset(("__builtins__", "__import__", "__globals__", "__loader__", "__spec__", "__subclasses__", "__code__"))

# --- calls ------------------------------------------------------------------------------------------------------

PICKLES: Said = REFUSED_MODULES["pickle"][0], "Read CSV, Parquet or Excel; write nothing: the last expression is the result."
PICKLE_METHODS = frozenset(("read_pickle", "to_pickle", "load_pickle", "save_pickle", "read_pickle_file"))
PICKLE_LOADERS = frozenset(
    ("joblib.load", "torch.load", "statsmodels.api.load", "pandas.read_pickle", "sklearn.externals.joblib.load")
)
SQL_CALLS = frozenset("sql execute executemany query from_query read_sql read_sql_query".split())
EXPRESSION_CALLS = frozenset("query eval evaluate sympify parse_expr from_string".split())
FORMULA_CALLS = frozenset(
    "ols wls gls glsar glm gee logit probit poisson negativebinomial mnlogit mixedlm quantreg rlm phreg ordinal_gee "
    "dmatrix dmatrices from_formula model_matrix Formula".split()
)
FORMAT_CALLS = frozenset("format format_map vformat get_field".split())
TABLE_CALLS = frozenset("DataFrame from_dict from_records".split())
ARRAY_CALLS = frozenset("Series array asarray table".split())
ROWS, CELLS, ARRAY = 20, 100, 100  # so many literals are a table, not a setting
READERS = frozenset("loadtxt genfromtxt fromfile memmap load imread load_workbook ExcelFile Path open glob iglob".split())
WRITERS = frozenset(
    "to_csv to_excel to_json to_parquet to_feather to_html to_xml to_latex to_markdown to_stata to_hdf to_orc tofile "
    "savetxt save savez savez_compressed savefig write_html write_image write_csv write_parquet to_file ExcelWriter".split()
)
WRITES: Said = "the working folder is read-only", "End with the table or chart itself; scratch files go to /tmp."
CALLABLE = frozenset("eval exec compile open getattr setattr delattr vars globals locals breakpoint input __import__".split())
# What `@pd.…` in a query may be: values, which lead nowhere
VALUES = frozenset("Timestamp Timedelta to_datetime to_timedelta NaT NA nan inf pi".split())
EXPRESSION: Said = "runs code inside a string", "Compute the value before, in Python, and use it as @name."
