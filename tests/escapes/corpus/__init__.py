'''Programs that try to leave the sandbox, to disturb its host or to see another session.

Each is judged by canaries. The judge puts them into the text by plain replacement before the run:
{{SECRET}}             a host file with a random token; the token in any output is a hit
{{TARGET}}             a host file that must not change (content, mode, owner, links, times) or vanish
{{TARGETDIR}}          a host folder in which nothing may appear or vanish
{{PORT}} {{UDP}}       a TCP and a UDP port on 127.0.0.1 at which nothing may arrive
{{ABSTRACT}} {{UNIX}}  an abstract socket's name (without the leading zero byte) and a socket's path: the same
{{PID}}                a sleeping host process, leading a session of its own, not to be stopped, ended, traced, limited, reniced
Besides: the host's environment holds a token in AGENTFORGE_CANARY, and a second session holds one in a variable and in a
file in its $TMPDIR; either in any output is a hit. Tokens had better be TOKEN + at least 16 hexadecimal digits: payloads
that sift raw memory look for that. What no canary can see (a library open for writing, the clock set) prints BROKE.

A bomb, a flood, or whatever has no canary in it, must end in an answer or a named error within the limits,
with the host responsive and a fresh session at work afterwards. Without any sandbox, nothing but the canaries is harmed:
loops are counted, memory is taken in steps, no other file of the host is written.
'''

import pkgutil
from importlib import import_module
from typing import NamedTuple

TOKEN = "canary-"
BROKE = "agentforge" + "-broke"

TRY = r'''
def attempt(label, call, *args, **kwargs):
    """Says what came of it, and goes on to the next way whatever happens."""
    try:
        got = call(*args, **kwargs)
        if hasattr(type(got), "read"):
            got = got.read()
        print(label, repr(got)[:20000], flush=True)
        return got
    except BaseException as error:
        print(label, type(error).__name__, str(error)[:300], flush=True)

def sift(data):
    """Tokens in raw memory."""
    import re
    data = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    for found in set(re.findall(rb"AGENTFORGE_CANARY=[ -~]{1,80}|canary-[0-9a-f]{16,}", data)):
        print("found", found, flush=True)

def broke(what):
    """For what no canary can see."""
    print("agentforge" + "-broke", what, flush=True)
'''

LOOT = TRY + r'''
def loot(os):
    """Whoever holds a real `os` gets at every canary with it."""
    attempt("read", lambda: os.read(os.open("{{SECRET}}", os.O_RDONLY), 4096))
    attempt("write", lambda: os.write(os.open("{{TARGET}}", os.O_WRONLY | os.O_APPEND), b"owned"))
    attempt("make", lambda: os.close(os.open("{{TARGETDIR}}/owned", os.O_CREAT | os.O_WRONLY)))
    attempt("chmod", lambda: os.chmod("{{TARGET}}", 0o777))
    attempt("environ", lambda: {key: value for key, value in os.environ.items() if "CANARY" in key})
    attempt("popen", lambda: os.popen("cat {{SECRET}}").read())
    attempt("signal", lambda: os.kill({{PID}}, 9))
'''

# The kernel's calls in the order of their numbers; @ jumps to a number.
INTEL = """
read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn ioctl
pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore madvise shmget shmat shmctl dup dup2 pause
nanosleep getitimer alarm setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg recvmsg shutdown bind listen
getsockname getpeername socketpair setsockopt getsockopt clone fork vfork execve exit wait4 kill uname semget semop semctl shmdt
msgget msgsnd msgrcv msgctl fcntl flock fsync fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat
link unlink symlink readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo times ptrace getuid
syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups setresuid
getresuid setresgid getresgid getpgid setfsuid setfsgid getsid capget capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo
rt_sigsuspend sigaltstack utime mknod uselib personality ustat statfs fstatfs sysfs getpriority setpriority sched_setparam
sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval mlock
munlock mlockall munlockall vhangup modify_ldt pivot_root _sysctl prctl arch_prctl adjtimex setrlimit chroot sync acct
settimeofday mount umount2 swapon swapoff reboot sethostname setdomainname iopl ioperm create_module init_module delete_module
get_kernel_syms query_module quotactl nfsservctl getpmsg putpmsg afs_syscall tuxcall security gettid readahead setxattr
lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr tkill
time futex sched_setaffinity sched_getaffinity set_thread_area io_setup io_destroy io_getevents io_submit io_cancel
get_thread_area lookup_dcookie epoll_create epoll_ctl_old epoll_wait_old remap_file_pages getdents64 set_tid_address
restart_syscall semtimedop fadvise64 timer_create timer_settime timer_gettime timer_getoverrun timer_delete clock_settime
clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl tgkill utimes vserver mbind set_mempolicy
get_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr kexec_load waitid add_key request_key
keyctl ioprio_set ioprio_get inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat
futimesat newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll unshare set_robust_list
get_robust_list splice tee sync_file_range vmsplice move_pages utimensat epoll_pwait signalfd timerfd_create eventfd fallocate
timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev
rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit64 name_to_handle_at open_by_handle_at
clock_adjtime syncfs sendmmsg setns getcpu process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr
renameat2 seccomp getrandom memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2
pwritev2 pkey_mprotect pkey_alloc pkey_free statx io_pgetevents rseq @424 pidfd_send_signal io_uring_setup io_uring_enter
io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd
faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset landlock_add_rule
landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack
futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal
"""
ARM = """
io_setup io_destroy io_submit io_cancel io_getevents setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr
llistxattr flistxattr removexattr lremovexattr fremovexattr getcwd lookup_dcookie eventfd2 epoll_create1 epoll_ctl epoll_pwait
dup dup3 fcntl inotify_init1 inotify_add_watch inotify_rm_watch ioctl ioprio_set ioprio_get flock mknodat mkdirat unlinkat
symlinkat linkat renameat umount2 mount pivot_root nfsservctl statfs fstatfs truncate ftruncate fallocate faccessat chdir fchdir
chroot fchmod fchmodat fchownat fchown openat close vhangup pipe2 quotactl getdents64 lseek read write readv writev pread64
pwrite64 preadv pwritev sendfile pselect6 ppoll signalfd4 vmsplice splice tee readlinkat newfstatat fstat sync fsync fdatasync
sync_file_range timerfd_create timerfd_settime timerfd_gettime utimensat acct capget capset personality exit exit_group waitid
set_tid_address unshare futex set_robust_list get_robust_list nanosleep getitimer setitimer kexec_load init_module delete_module
timer_create timer_gettime timer_getoverrun timer_settime timer_delete clock_settime clock_gettime clock_getres clock_nanosleep
syslog ptrace sched_setparam sched_setscheduler sched_getscheduler sched_getparam sched_setaffinity sched_getaffinity
sched_yield sched_get_priority_max sched_get_priority_min sched_rr_get_interval restart_syscall kill tkill tgkill sigaltstack
rt_sigsuspend rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigreturn setpriority getpriority
reboot setregid setgid setreuid setuid setresuid getresuid setresgid getresgid setfsuid setfsgid times setpgid getpgid getsid
setsid getgroups setgroups uname sethostname setdomainname getrlimit setrlimit getrusage umask prctl getcpu gettimeofday
settimeofday adjtimex getpid getppid getuid geteuid getgid getegid gettid sysinfo mq_open mq_unlink mq_timedsend mq_timedreceive
mq_notify mq_getsetattr msgget msgctl msgrcv msgsnd semget semctl semtimedop semop shmget shmctl shmat shmdt socket socketpair
bind listen accept connect getsockname getpeername sendto recvfrom setsockopt getsockopt shutdown sendmsg recvmsg readahead brk
munmap mremap add_key request_key keyctl clone execve mmap fadvise64 swapon swapoff mprotect msync mlock munlock mlockall
munlockall mincore madvise remap_file_pages mbind get_mempolicy set_mempolicy migrate_pages move_pages rt_tgsigqueueinfo
perf_event_open accept4 recvmmsg @260 wait4 prlimit64 fanotify_init fanotify_mark name_to_handle_at open_by_handle_at
clock_adjtime syncfs setns sendmmsg process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2
seccomp getrandom memfd_create bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect
pkey_alloc pkey_free statx io_pgetevents rseq kexec_file_load @424 pidfd_send_signal io_uring_setup io_uring_enter
io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd
faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset landlock_add_rule
landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack
futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal
"""

NATIVE = TRY + r'''
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers, at = {}, 0
for word in ("""@ARM""" if platform.machine() == "aarch64" else """@INTEL""").split():
    if word.startswith("@"):
        at = int(word[1:])
    else:
        numbers[word], at = at, at + 1

def syscall(name, *args):
    """The kernel's own call, past every wrapper of libc and of Python."""
    args = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    ctypes.set_errno(0)
    libc.syscall.restype = ctypes.c_long
    got = libc.syscall(ctypes.c_long(numbers[name]), *args)
    if got == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return got

def private():
    """Whether mounts are this process's own, so that a host without a sandbox keeps its own."""
    if not os.path.exists("{{SECRET}}") and not os.path.exists("/proc/{{PID}}"):
        return True
    if attempt("unshare", syscall, "unshare", 0x10020000) == 0:
        return True
    return attempt("unshare", syscall, "unshare", 0x20000) == 0 and attempt("cut", syscall, "mount", 0, b"/", 0, 0x44000, 0) == 0

def take(fd, size=4096):
    """What a raw descriptor gives."""
    buffer = ctypes.create_string_buffer(size)
    got = syscall("read", fd, buffer, size)
    return buffer.raw[:got]
'''.replace("@ARM", ARM.strip()).replace("@INTEL", INTEL.strip())


class Payload(NamedTuple):
    """`cells` run one after another in one session; the first may be a prelude that only defines what the others use."""

    family: str
    name: str
    cells: tuple[str, ...]


def all_payloads() -> list[Payload]:
    """Every payload of every module of this folder."""
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return [payload for module in modules for payload in module.PAYLOADS]
