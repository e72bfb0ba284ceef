"""Programs started and signals sent."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("subprocesses", "os.system, popen and the exec family", (TRY, r"""
import os
attempt("system", lambda: os.system("cat {{SECRET}}; echo owned >> {{TARGET}}"))
attempt("popen", lambda: os.popen("cat {{SECRET}} /proc/{{PID}}/environ").read())
def run(call, *args):
    pid = os.fork()
    if pid == 0:
        try:
            call(*args)
        finally:
            os._exit(9)
    return os.waitpid(pid, 0)
attempt("execv", run, os.execv, "/bin/cat", ["cat", "{{SECRET}}"])
attempt("execvp", run, os.execvp, "cat", ["cat", "{{SECRET}}"])
attempt("execve", run, os.execve, "/bin/sh", ["sh", "-c", "echo owned >> {{TARGET}}"], {})
attempt("spawn", os.spawnlp, os.P_WAIT, "cat", "cat", "{{SECRET}}")
""")),
    Payload("subprocesses", "subprocess and posix_spawn", (TRY, r"""
import os, subprocess, sys
for command in (["cat", "{{SECRET}}"], [sys.executable, "-c", "print(open('{{SECRET}}').read())"],
                ["/bin/busybox", "cat", "{{SECRET}}"],
                ["perl", "-pe", "1", "{{SECRET}}"], ["/usr/bin/env"], ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/{{PORT}}"],
                ["awk", "1", "{{SECRET}}"], ["dd", "if={{SECRET}}"], ["kill", "-9", "{{PID}}"], ["tee", "-a", "{{TARGET}}"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, timeout=5, input=b"owned"))
attempt("spawn", lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "cat {{SECRET}}; kill -9 {{PID}}"], {}), 0))
""")),
    Payload("subprocesses", "_posixsubprocess.fork_exec and friends", (TRY, r"""
import os, _posixsubprocess, asyncio, pty
read, write = os.pipe()
def fork_exec():
    pipe = os.pipe()
    arguments = [[b"cat", b"{{SECRET}}"], [b"/bin/cat", b"/usr/bin/cat"], True, (pipe[1],), None, None, -1, -1, -1, write, -1, -1,
                 *pipe, False, False, 0, None, None, None, -1, None]
    for extra in ([], [False]):
        try:
            return _posixsubprocess.fork_exec(*arguments, *extra)
        except TypeError as error:
            print(error)
attempt("fork_exec", lambda: (fork_exec(), os.waitpid(-1, 0), os.read(read, 4096)))
async def shell():
    process = await asyncio.create_subprocess_shell("cat {{SECRET}}; echo owned >> {{TARGET}}", stdout=-1)
    return await process.communicate()
attempt("asyncio", lambda: asyncio.run(shell()))
attempt("pty", lambda: pty.spawn(["cat", "{{SECRET}}"]))
""")),
    Payload("subprocesses", "multiprocessing with every start method", (TRY, r"""
import multiprocessing, os, pathlib
def work():
    os.write(1, open("{{SECRET}}", "rb").read()); os.kill({{PID}}, 9)
for method in ("fork", "spawn", "forkserver"):
    def go():
        process = multiprocessing.get_context(method).Process(target=work)
        process.start(); process.join(5); return process.exitcode
    attempt(method, go)
attempt("pool", lambda: multiprocessing.get_context("fork").Pool(2).map(pathlib.Path.read_text, [pathlib.Path("{{SECRET}}")]))
import concurrent.futures
attempt("executor", lambda: list(concurrent.futures.ProcessPoolExecutor(2).map(os.system, ["cat {{SECRET}}",
    "echo owned >> {{TARGET}}"])))
""")),
    Payload("subprocesses", "a child that stays behind", (TRY, r"""
import os, time
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for _ in range(100):
                time.sleep(0.05)
                try:
                    open("{{TARGET}}", "a").write("late")
                    os.kill({{PID}}, 9)
                except OSError:
                    pass
        os._exit(0)
attempt("daemon", daemon)
""", "import os; os._exit(0)")),
    Payload("subprocesses", "exec replaces the interpreter", (r"""
import os
os.execv("/bin/sh", ["sh", "-c", "cat {{SECRET}} >&2; echo owned >> {{TARGET}}; sleep 1"])
""", r"""
import sys, os
os.execv(sys.executable, [sys.executable, "-c", "import os; print(open('{{SECRET}}').read()); os.write(3, b'{}')"])
""", "print('alive')")),
    Payload("signals", "kill, stop and friends to the host's process", (TRY, r"""
import os, signal
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL, signal.SIGSEGV):
    attempt("kill", os.kill, {{PID}}, number)
    attempt("pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open({{PID}}), number))
attempt("group", lambda: os.killpg(os.getpgid({{PID}}), signal.SIGSTOP))
attempt("group", lambda: os.killpg({{PID}}, signal.SIGTERM))
""")),
    Payload("signals", "the parent and its group", (TRY, r"""
import os, signal
parent = os.getppid()
for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
    if parent > 1:
        attempt("parent", os.kill, parent, number)
attempt("zero", os.kill, 0, signal.SIGURG)
attempt("all", os.kill, -1, signal.SIGURG)
attempt("one", os.kill, 1, signal.SIGKILL)
""", "print('alive')")),
    Payload("signals", "own process group, own death", (TRY, r"""
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
attempt("leader", os.setsid)
os.killpg(0, signal.SIGTERM)
os.kill(os.getpid(), signal.SIGSTOP)
""", "print('alive')")),
    Payload("signals", "limits of time ignored", (r"""
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
signal.setitimer(signal.ITIMER_REAL, 0); signal.setitimer(signal.ITIMER_PROF, 0); signal.alarm(0)
end = time.time() + 600
while time.time() < end:
    pass
""", "print('alive')")),
    Payload("signals", "handlers that swallow the interrupt", (r"""
import signal, time, sys
def swallow(*args):
    print("swallowed", args[0])
for number in range(1, 65):
    try:
        signal.signal(number, swallow)
    except (OSError, ValueError):
        pass
end = time.time() + 600
while time.time() < end:
    try:
        while time.time() < end:
            time.sleep(0.01)
    except BaseException as error:
        print("caught", repr(error))
""", "print('alive')")),
    Payload("signals", "sigqueue, timers and owners of descriptors aim elsewhere", (NATIVE, r"""
import fcntl, signal, socket, struct
pair = socket.socketpair()
for sock in pair:
    attempt("owner", lambda: fcntl.fcntl(sock, fcntl.F_SETOWN, {{PID}}))
    attempt("owner", lambda: fcntl.fcntl(sock, 15, struct.pack("ii", 1, {{PID}})))
    attempt("signal", lambda: fcntl.fcntl(sock, 10, signal.SIGKILL))
    attempt("async", lambda: fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) | 0o20000))
attempt("send", pair[0].send, b"x")
event = struct.pack("Qiii", 0, 9, 4, {{PID}}) + bytes(64)
attempt("timer", lambda: syscall("timer_create", 0, ctypes.create_string_buffer(event), ctypes.byref(ctypes.c_int())))
attempt("dnotify", lambda: fcntl.fcntl(os.open(".", 0), 1026, 0x3f))
for fd in range(3, 40):
    attempt("fd owner", lambda: fcntl.fcntl(fd, fcntl.F_SETOWN, {{PID}}))
""")),
    Payload("signals", "parent death and child subreaper", (NATIVE, r"""
attempt("pdeathsig off", lambda: syscall("prctl", 1, 0, 0, 0, 0))
attempt("subreaper", lambda: syscall("prctl", 36, 1, 0, 0, 0))
attempt("wait all", lambda: os.waitpid(-1, os.WNOHANG))
attempt("waitid", lambda: syscall("waitid", 0, 0, ctypes.create_string_buffer(128), 5, 0))
attempt("wait host", lambda: os.waitpid({{PID}}, os.WNOHANG))
attempt("session", lambda: os.setpgid(0, os.getpgid({{PID}})))
attempt("terminal", lambda: os.tcsetpgrp(0, {{PID}}))
""")),
]
