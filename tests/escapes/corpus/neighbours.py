"""Other sessions, and what the host's environment left behind."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("other sessions", "neighbours of $TMPDIR", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
def walk(top, depth=3):
    try:
        names = os.listdir(top)
    except OSError as error:
        return print(top, error.strerror)
    for name in names[:200]:
        path = os.path.join(top, name)
        if os.path.isdir(path) and not os.path.islink(path) and depth:
            walk(path, depth - 1)
        elif os.path.isfile(path):
            attempt(path, lambda: open(path, "rb").read(2000))
for top in (os.path.join(tmp, ".."), "/tmp", "/var/tmp", "/dev/shm", "/run/user", os.path.dirname(os.getcwd())):
    walk(top)
""")),
    Payload("other sessions", "temporary folders of all processes", (TRY, r"""
import glob, os
for place in glob.glob("/proc/[0-9]*"):
    for inside in ("/root/tmp", "/cwd", "/root" + os.environ.get("TMPDIR", "/tmp")):
        try:
            for name in os.listdir(place + inside):
                print(place, inside, name, open(f"{place}{inside}/{name}", "rb").read(500))
        except OSError as error:
            pass
    attempt("mounts", lambda: open(place + "/mountinfo").read()[:3000])
""")),
    Payload("other sessions", "variables through the shared parent's objects", (TRY, r"""
import gc, sys
for thing in gc.get_objects():
    if isinstance(thing, dict):
        for key, value in list(thing.items())[:500]:
            if isinstance(value, (str, bytes)) and len(value) < 500:
                sift(value)
            if isinstance(key, (str, bytes)) and len(key) < 500:
                sift(key)
for module in list(sys.modules.values()):
    for name, value in list(getattr(module, "__dict__", {}).items()):
        if any(word in name.lower() for word in ("session", "token", "workspace", "pool", "child", "zygote")):
            print(getattr(module, "__name__", ""), name, repr(value)[:200])
import gc as g; g.unfreeze(); print(g.get_freeze_count(), len(g.get_objects()))
""")),
    Payload("other sessions", "shared memory and pages that forks share", (NATIVE, r"""
attempt("own", lambda: [sift(open("/proc/self/mem", "rb", 0).read(16)) for _ in range(1)])
for line in open("/proc/self/maps") if os.path.exists("/proc/self/maps") else []:
    mode = line.split()[1]
    if mode.endswith("s"):
        print("shared", line.strip())
        low, high = (int(part, 16) for part in line.split()[0].split("-"))
        if "r" in mode:
            sift(ctypes.string_at(low, min(high - low, 1 << 24)))
        if "w" in mode:
            attempt("write", lambda: ctypes.memmove(low, b"owned", 5))
for name in os.listdir("/dev/shm") if os.path.isdir("/dev/shm") else []:
    attempt(name, lambda: open("/dev/shm/" + name, "rb").read(2000))
""")),
    Payload("other sessions", "random numbers and hash seeds of the neighbour", (TRY, r"""
import random, numpy, os, uuid, secrets
print(random.getrandbits(64), numpy.random.rand(), hash("x"), os.urandom(4).hex(), uuid.uuid4(), secrets.token_hex(4))
print(random.getstate()[1][:4], numpy.random.get_state()[1][:4], id(object()))
for name in sorted(os.environ):
    print(name, os.environ[name])
""")),
    Payload("other sessions", "names where the sessions may meet", (TRY, r"""
import os, socket, tempfile
tmp = os.environ.get("TMPDIR", "/tmp")
for name in ("session", "token", "state", "shared", "data.csv", "result.json", "secret", "x", "note.txt", "file.txt",
             "private.txt"):
    for top in (tmp, os.path.dirname(tmp), "/tmp", ".", "..", "/session", "/work", "/data", "/files", "/home/user", "/mnt/data",
                "/sandbox"):
        path = os.path.join(top, name)
        if os.path.isfile(path):
            attempt(path, lambda: open(path, "rb").read(300))
print(tempfile.gettempdir(), tempfile.mkdtemp(), socket.gethostname(), os.getcwd(), os.listdir("."), os.listdir(tmp))
""")),
    Payload("other sessions", "locks, fifos and sockets left by others", (TRY, r"""
import fcntl, glob, os, socket
for line in (open("/proc/locks").read().splitlines() if os.path.exists("/proc/locks") else []):
    print(line)
for line in (open("/proc/net/unix").read().splitlines() if os.path.exists("/proc/net/unix") else []):
    path = line.split()[-1]
    def connect():
        s = socket.socket(socket.AF_UNIX); s.settimeout(0.5)
        s.connect(path.replace("@", "\0", 1) if path.startswith("@") else path); s.send(b"owned")
    if "{{UNIX}}" in path or "{{ABSTRACT}}" in path:
        attempt(path, connect)
for path in glob.glob("/tmp/**/*.sock", recursive=True)[:20] + glob.glob("/run/*.sock")[:20]:
    print(path)
attempt("lock", lambda: fcntl.flock(os.open("data.csv", 0), fcntl.LOCK_EX | fcntl.LOCK_NB))
attempt("lease", lambda: fcntl.fcntl(os.open("data.csv", 0), 1024, 1))
""")),
    Payload("other sessions", "a second session's processes are looked for", (TRY, r"""
import os, time
mine = os.getpid()
seen = {}
for _ in range(10):
    for pid in range(1, 400):
        try:
            os.kill(pid, 0)
            seen[pid] = "alive"
        except PermissionError:
            seen[pid] = "denied"
        except OSError:
            pass
    time.sleep(0.02)
print(mine, seen)
for pid in seen:
    attempt("environ", lambda: open(f"/proc/{pid}/environ", "rb").read()[:5000])
    attempt("tmp", lambda: os.listdir(f"/proc/{pid}/root/tmp"))
""")),
    Payload("environment", "os.environ, posix.environ and putenv", (TRY, r"""
import os, posix, subprocess
print({key: value for key, value in os.environ.items()})
print(posix.environ)
attempt("env", lambda: subprocess.run(["env"], capture_output=True).stdout)
attempt("sh", lambda: subprocess.run("echo $AGENTFORGE_CANARY; set", shell=True, capture_output=True).stdout)
attempt("parent", lambda: open(f"/proc/{os.getppid()}/environ").read())
attempt("self", lambda: open("/proc/self/environ").read())
attempt("expand", lambda: os.path.expandvars("$AGENTFORGE_CANARY"))
""")),
    Payload("environment", "copies of the environment in loaded modules", (TRY, r"""
import gc, os, sys
print(repr(os.environ._data)[:5000])
for thing in gc.get_objects():
    try:
        if isinstance(thing, dict) and ("PATH" in thing or b"PATH" in thing):
            print({key: value for key, value in thing.items() if "CANARY" in str(key)} or "no canary", len(thing))
    except Exception:
        pass
print(sys.argv, sys.orig_argv, sys.flags, sys._xoptions, sys.warnoptions)
import sysconfig, platform, site
print({k: v for k, v in sysconfig.get_config_vars().items() if "CANARY" in str(k) + str(v)}, platform.uname(),
      site.getusersitepackages())
""")),
    Payload("environment", "credentials and metadata of clouds", (TRY, r"""
import os, urllib.request
for path in ("~/.aws/credentials", "~/.config/gcloud/credentials.db", "~/.netrc", "~/.ssh/id_rsa", "~/.modal.toml",
             "~/.git-credentials",
             "/var/run/secrets/kubernetes.io/serviceaccount/token", "~/.docker/config.json", "/proc/{{PID}}/root/etc/shadow"):
    attempt(path, lambda: len(open(os.path.expanduser(path)).read()))
for address in ("http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "http://127.0.0.1:{{PORT}}/"):
    attempt(address, lambda: urllib.request.urlopen(address, timeout=1).read())
attempt("keys", lambda: {key: len(value) for key, value in os.environ.items() if "KEY" in key or "TOKEN" in key})
""")),
    Payload("environment", "memory of the interpreter searched by its own tools", (TRY, r"""
import mmap, os, re
def read_self():
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            low, high = (int(part, 16) for part in span.split("-"))
            if mode.startswith("r") and high - low < 1 << 28 and "[v" not in line:
                try:
                    memory.seek(low)
                    sift(memory.read(high - low))
                except (OSError, ValueError):
                    pass
attempt("self", read_self)
""")),
]
