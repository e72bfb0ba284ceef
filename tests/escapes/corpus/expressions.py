"""The analysis libraries' little languages and callbacks."""

from tests.escapes.corpus import LOOT, Payload

PAYLOADS: list[Payload] = [
    Payload("expression languages", "DataFrame.query with @", (LOOT, r"""
import os, pandas
frame = pandas.DataFrame({"a": [1, 2]})
attempt("call", lambda: frame.query("@loot(@os)"))
attempt("import", lambda: frame.query("@__builtins__.__import__('os').system('cat {{SECRET}}')"))
attempt("pd", lambda: frame.query("@pandas.io.common.os.system('echo owned >> {{TARGET}}') == 0"))
attempt("class", lambda: frame.query("@frame.__class__.__init__.__globals__['sys'].modules['os'].kill({{PID}}, 9)"))
attempt("column", lambda: frame.query("a.__class__.__init__.__globals__", engine="python"))
""")),
    Payload("expression languages", "pandas.eval and DataFrame.eval", (LOOT, r"""
import os, pandas
frame = pandas.DataFrame({"a": [1, 2]})
attempt("local", lambda: pandas.eval("@loot(@os)", engine="python"))
attempt("resolver", lambda: pandas.eval("f('{{SECRET}}').read()", resolvers=({"f": open},), engine="python"))
attempt("getattr", lambda: pandas.eval("o.environ", local_dict={"o": os}, engine="python"))
attempt("assign", lambda: frame.eval("b = @os.system('echo owned >> {{TARGET}}')"))
attempt("numexpr", lambda: __import__("numexpr").evaluate("__import__('os').system('cat {{SECRET}}')"))
attempt("lambda", lambda: pandas.eval("(lambda: 1)()", engine="python", parser="python"))
""")),
    Payload("expression languages", "names of methods as strings", (LOOT, r"""
import os, pandas
frame = pandas.DataFrame({"a": ["{{SECRET}}", "{{TARGET}}"]})
print(frame["a"].map(lambda path: open(path).read()).to_list() if os.path.exists("{{SECRET}}") else "gone")
attempt("apply", lambda: frame["a"].apply(open))
attempt("agg", lambda: frame.agg("to_csv", path_or_buf="{{TARGETDIR}}/owned"))
attempt("transform", lambda: frame["a"].transform("to_csv"))
attempt("pipe", lambda: frame.pipe((lambda path, f: open(path).read(), "f"), "{{SECRET}}"))
attempt("groupby", lambda: frame.groupby("a").apply(lambda g: loot(os)))
attempt("vectorize", lambda: __import__("numpy").vectorize(open)(["{{SECRET}}"])[0].read())
attempt("frompyfunc", lambda: __import__("numpy").frompyfunc(os.system, 1, 1)(["cat {{SECRET}}", "kill -9 {{PID}}"]))
attempt("converters", lambda: pandas.read_csv("data.csv", converters={0: lambda _: open("{{SECRET}}").read()}, nrows=1))
attempt("accessor", lambda: pandas.api.extensions.register_dataframe_accessor("x")(lambda frame: loot(os)) and frame.x)
""")),
    Payload("expression languages", "optimisers, integrators and regular expressions call back", (LOOT, r"""
import os, re, scipy.optimize, scipy.integrate
attempt("optimise", lambda: scipy.optimize.minimize(lambda x: print(open("{{SECRET}}").read()) or 0.0, [1.0]))
attempt("integrate", lambda: scipy.integrate.quad(lambda x: os.kill({{PID}}, 9) or 1.0, 0, 1))
attempt("low level", lambda: scipy.LowLevelCallable.from_cython(os, "system"))
print(re.sub(".", lambda found: open("{{SECRET}}").read(), "x"))
attempt("scanner", lambda: re.Scanner([("x", lambda *a: loot(os))]).scan("x"))
attempt("sympy", lambda: __import__("sympy").sympify("__import__('os').system('cat {{SECRET}}')"))
attempt("lambdify", lambda: __import__("sympy").lambdify([], "open('{{SECRET}}').read()")())
attempt("jsonpath", lambda: __import__("json").loads("[1]", parse_int=lambda _: open("{{SECRET}}").read()))
""")),
]
