# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a process takes: CPU, memory, system calls; and what goes over its TLS connections, by looking at the packets of the loopback interface."""
import collections, json, os, re, shutil, signal, socket, struct, subprocess, threading, time
from rivals import BENCH, OTHER_CPUS, spawn

ETH_P_ALL, PACKET_OUTGOING, SO_RCVBUFFORCE = 3, 4, 33
APPLICATION_DATA = 23
RECORD_MORE = 17        # octets of a TLS 1.3 record beside its content: the type, and the tag


def cpu(pid):
    """Seconds of user and system time of a process with all its threads, to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def ping_pong(port, *options):
    """The figures of tests/bench/ping_pong."""
    p = spawn([f'{BENCH}/ping_pong', '--port', str(port), *map(str, options)], OTHER_CPUS, stdout=subprocess.PIPE)
    text = p.communicate()[0]
    assert p.returncode == 0, 'ping_pong failed'
    return json.loads(text)


def memory(pid):
    """Octets: resident, and private and dirty."""
    with open(f'/proc/{pid}/smaps_rollup') as f:
        text = f.read()
    return [int(re.search(rf'^{key}:\s*(\d+)', text, re.M).group(1)) << 10 for key in ('Rss', 'Private_Dirty')]


class SystemCalls:
    """Those of a process while it stands: `with SystemCalls(pid) as s`, then s.count. perf counts without a trap for each; strace, where there is
    no perf, makes the process slow, so that it finds more to do in a turn."""

    def __init__(self, pid):
        self.pid, self.count = pid, None

    def __enter__(self):
        if shutil.which('perf') and os.path.isdir('/sys/kernel/tracing/events/raw_syscalls'):
            self.command = ['perf', 'stat', '-x', ',', '-e', 'raw_syscalls:sys_enter', '-p', str(self.pid)]
            self.pattern = r'^(\d+),,raw_syscalls'
        else:
            self.command = ['strace', '-c', '-f', '-p', str(self.pid)]
            self.pattern = r'^100\.00(?: +[\d.]+){2} +(\d+).* total$'
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate()[1]
        found = re.search(self.pattern, text, re.M)
        self.count = int(found.group(1)) if found else None


class Flow:
    """One direction of a TLS connection. Its octets are put in order by their sequence numbers."""

    def __init__(self):
        self.packets, self.payload, self.next, self.early, self.stream = 0, 0, None, {}, b''
        self.records = []       # (time, octets of content of a record with application data)

    def take(self, at, sequence, payload, syn):
        self.packets += 1
        if syn:
            self.next = (sequence + 1) & 0xffffffff
            return
        if not payload or self.next is None:
            return
        self.payload += len(payload)
        self.early[sequence] = payload
        while self.next in self.early:
            part = self.early.pop(self.next)
            self.next = (self.next + len(part)) & 0xffffffff
            self.stream += part
        while len(self.stream) >= 5:
            size = struct.unpack('>H', self.stream[3:5])[0]
            if len(self.stream) < 5 + size:
                break
            if self.stream[0] == APPLICATION_DATA:
                self.records.append((at, size - RECORD_MORE))
            self.stream = self.stream[5 + size:]


class Capture:
    """The TCP packets of the loopback interface, from its making to stop(). `up` and `down` have the flows to and from a server's port."""

    def __init__(self):
        self.up, self.down = collections.defaultdict(Flow), collections.defaultdict(Flow)
        self.packets = []       # (time, port of the server, up?)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(('lo', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.settimeout(0.1)
        self.ports, self.over = set(), False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def watch(self, port):
        self.ports.add(port)

    def run(self):
        while not self.over:
            try:
                frame, address = self.socket.recvfrom(65536 + 64)
            except socket.timeout:
                continue
            if address[2] != PACKET_OUTGOING:      # each is seen twice
                self.take(time.monotonic(), frame[14:])

    def take(self, at, ip):
        if ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_TCP:
            return
        tcp = ip[(ip[0] & 15) * 4:struct.unpack('>H', ip[2:4])[0]]
        source, target, sequence = struct.unpack('>2HI', tcp[:8])
        payload, syn = tcp[(tcp[12] >> 4) * 4:], bool(tcp[13] & 2)
        if target in self.ports:
            self.up[target, source].take(at, sequence, payload, syn)
            self.packets.append((at, target, True))
        elif source in self.ports:
            self.down[source, target].take(at, sequence, payload, syn)
            self.packets.append((at, source, False))

    def stop(self):
        self.over = True
        self.thread.join()
        self.socket.close()

    def between(self, port, since, until):
        """{up, down: packets; content_up, content_down: octets in TLS records} of a server's connections in that time."""
        packets = [up for at, p, up in self.packets if p == port and since <= at < until]
        content = [sum(n for (p, _), flow in flows.items() if p == port for at, n in flow.records if since <= at < until)
                   for flows in (self.up, self.down)]
        return dict(up=packets.count(True), down=packets.count(False), content_up=content[0], content_down=content[1])
