"""/proc and /sys."""

from tests.escapes.corpus import TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("/proc and /sys", "environments and command lines of all processes", (TRY, r"""
import glob
for kind in ("environ", "cmdline", "stat", "status", "maps", "cgroup", "mountinfo"):
    for path in glob.glob(f"/proc/[0-9]*/{kind}")[:200] + [f"/proc/{{PID}}/{kind}", f"/proc/self/{kind}", f"/proc/1/{kind}"]:
        try:
            data = open(path, "rb").read()
            sift(data)
            print(path, data[:300])
        except OSError as error:
            print(path, error.strerror)
""")),
    Payload("/proc and /sys", "root, cwd, exe and fd links", (TRY, r"""
import os
for base in ("/proc/{{PID}}", "/proc/1", "/proc/self", f"/proc/{os.getppid()}", "/proc/thread-self",
             "/proc/self/task/" + str(os.getpid())):
    for link in ("root", "cwd", "exe"):
        attempt(base + link, lambda: os.readlink(f"{base}/{link}"))
        attempt("list", lambda: os.listdir(f"{base}/{link}")[:20])
    attempt("secret", lambda: open(base + "/root{{SECRET}}").read())
    attempt("write", lambda: open(base + "/root{{TARGET}}", "a").write("owned"))
    attempt("up", lambda: open(base + "/cwd/../../../../../..{{SECRET}}").read())
    attempt("fds", lambda: [(n, os.readlink(f"{base}/fd/{n}")) for n in os.listdir(base + "/fd")])
""")),
    Payload("/proc and /sys", "memory of other processes", (TRY, r"""
import os
seen = attempt("pids", os.listdir, "/proc") or []
for pid in ["{{PID}}", "1", str(os.getppid())] + list(filter(str.isdigit, seen))[:60]:
    if pid == str(os.getpid()):
        continue
    try:
        lines = open(f"/proc/{pid}/maps").read().splitlines()
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in lines:
                if "[stack]" in line or "[heap]" in line:
                    low, high = (int(part, 16) for part in line.split()[0].split("-"))
                    memory.seek(low)
                    sift(memory.read(high - low))
    except (OSError, ValueError) as error:
        print(pid, error)
""")),
    Payload("/proc and /sys", "knobs of another process", (TRY, r"""
for knob, value in (("oom_score_adj", "1000"), ("oom_adj", "15"), ("clear_refs", "1"), ("coredump_filter", "0xff"),
                    ("timerslack_ns", "4000000000"), ("autogroup", "19"), ("comm", "owned"), ("loginuid", "0"), ("attr/current",
                        "x"),
                    ("setgroups", "deny"), ("uid_map", "0 0 1"), ("fail-nth", "1"), ("make-it-fail", "1"), ("timens_offsets",
                        "1 1 1")):
    attempt(knob, lambda: open("/proc/{{PID}}/" + knob, "w").write(value))
    attempt("own " + knob, lambda: open("/proc/self/" + knob).read())
""")),
    Payload("/proc and /sys", "sysctl files of the kernel", (TRY, r"""
import os
for path in ("kernel/core_pattern", "kernel/modprobe", "kernel/hotplug", "kernel/randomize_va_space", "kernel/yama/ptrace_scope",
             "kernel/unprivileged_userns_clone", "vm/overcommit_memory", "vm/drop_caches", "fs/suid_dumpable", "kernel/hostname",
             "fs/protected_symlinks", "net/ipv4/ip_forward", "user/max_user_namespaces", "kernel/ns_last_pid", "kernel/sysrq"):
    def open_for_writing():
        os.close(os.open("/proc/sys/" + path, os.O_WRONLY))
        if not path.startswith(("net/", "kernel/hostname", "kernel/ns_last_pid")):
            broke("/proc/sys/" + path)
    attempt(path, open_for_writing)
    attempt("read " + path, lambda: open("/proc/sys/" + path).read())
""")),
    Payload("/proc and /sys", "kernel files: kcore, kallsyms, kmsg, sysrq-trigger", (TRY, r"""
import os
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/kpageflags", "/proc/iomem", "/proc/keys", "/proc/timer_list",
             "/proc/sched_debug", "/proc/config.gz", "/proc/bus/pci/devices", "/dev/mem", "/dev/kmem", "/dev/kmsg"):
    attempt(path, lambda: os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 512))
for path in ("/proc/sysrq-trigger", "/proc/mtrr", "/proc/acpi/wakeup", "/proc/irq/default_smp_affinity", "/dev/mem"):
    def open_for_writing():
        os.close(os.open(path, os.O_WRONLY))
        broke(path)
    attempt(path, open_for_writing)
""")),
    Payload("/proc and /sys", "sysfs, cgroups, debugfs and efi", (TRY, r"""
import glob, os
for path in ("/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.subtree_control",
             "/sys/power/state",
             "/sys/kernel/debug/tracing/trace", "/sys/kernel/tracing/trace_marker", "/sys/kernel/mm/transparent_hugepage/enabled",
             "/sys/module/kernel/parameters/panic", "/sys/kernel/security/apparmor/.load", "/sys/firmware/efi/efivars"):
    def open_for_writing():
        os.close(os.open(path, os.O_WRONLY))
        broke(path)
    attempt(path, open_for_writing)
attempt("cgroup", lambda: open("/proc/self/cgroup").read())
for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)[:50]:
    attempt(path, lambda: open(path).read())
attempt("escape", lambda: os.mkdir("/sys/fs/cgroup/owned") or os.rmdir("/sys/fs/cgroup/owned") or broke("cgroup made"))
attempt("move", lambda: open("/sys/fs/cgroup/cgroup.procs", "w").write("0") and broke("cgroup left"))
for path in glob.glob("/sys/fs/cgroup/*/cgroup.freeze")[:5]:
    attempt(path, open_for_writing)
""")),
    Payload("/proc and /sys", "a process of the host by its task folders", (TRY, r"""
import os
for pid in range({{PID}} - 30, {{PID}} + 31):
    for name in ("environ", "cmdline", "root{{SECRET}}", "cwd/data.csv", "fd/3", "fdinfo/3", "task/%d/environ" % pid, "ns/net",
                 "stack"):
        try:
            data = open(f"/proc/{pid}/{name}", "rb").read(20000)
            sift(data); print(pid, name, data[:200])
        except OSError:
            pass
attempt("own pid", lambda: (os.getpid(), os.getppid(), os.getsid(0), os.getpgrp()))
attempt("alien", lambda: (os.getsid({{PID}}), os.getpgid({{PID}})))
""")),
    Payload("/proc and /sys", "map_files, pagemap and smaps of self and others", (TRY, r"""
import os
for base in ("/proc/self", "/proc/{{PID}}"):
    for name in os.listdir(base + "/map_files")[:40] if os.path.isdir(base + "/map_files") else []:
        attempt(name, lambda: os.readlink(f"{base}/map_files/{name}"))
        attempt("write", lambda: os.close(os.open(f"{base}/map_files/{name}", os.O_WRONLY)) or print("opened", name))
    for name in ("pagemap", "smaps", "numa_maps", "syscall", "wchan", "auxv", "personality", "io", "sched", "net/unix",
                 "net/tcp"):
        attempt(name, lambda: open(f"{base}/{name}", "rb").read(4000))
""")),
    Payload("/proc and /sys", "folders outside by walking", (TRY, r"""
import os
for start in ("/", "/home", "/root", "/etc", "/var", "/run", "/tmp", "/mnt", "/srv", "/opt", "/dev", "/dev/shm", "{{TARGETDIR}}",
              "..",
              os.path.dirname("{{SECRET}}")):
    attempt(start, lambda: sorted(os.listdir(start))[:60])
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/machine-id", "/etc/resolv.conf", "/root/.bash_history",
             "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket", "/var/run/secrets"):
    attempt(path, lambda: len(open(path).read()))
around = os.path.dirname("{{SECRET}}")
for name in attempt("around", os.listdir, around) or []:
    attempt(name, lambda: open(os.path.join(around, name), "rb").read(2000))
""")),
]
