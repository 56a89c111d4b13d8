# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests below the process need: DoH servers with faults to order, a daemon, and clients that count. Python's standard
library only. Run from a build directory."""
import ctypes, fcntl, inspect, json, os, re, shutil, signal, socket, struct, subprocess, sys, tempfile, time, traceback
import child

BUILD = os.environ.get('BUILD', os.getcwd())
# AddressSanitizer keeps what was freed, 256 MB of it, and tests look at how much memory a daemon has.
os.environ['ASAN_OPTIONS'] = ':'.join(filter(None, [os.environ.get('ASAN_OPTIONS'), 'quarantine_size_mb=16']))
DOHMOUSED = f'{BUILD}/dohmoused'
# Records with all their fields, as the journal has them: their texts are for people, and may change.
os.environ['DOHMOUSE_LOG_FORMAT'] = 'export'

# MESSAGE_ID= of the kinds of records (units/dohmouse.catalog).
MESSAGE_UPSTREAM_STATE, MESSAGE_UPSTREAM_ADMIN = '6fbe5ab2d3534456928d8f22569eeec6', '673dd160d51f4540afac530d7d7b1ef3'
MESSAGE_UPSTREAM_ADDED, MESSAGE_UPSTREAM_REMOVED = 'cd6e5e40bbb343508841ab415f6739e5', '859911b8aae4453fb591d77f79e72d51'
MESSAGE_NETWORK_STATE, MESSAGE_CONFIG = 'e51bd24d4be6436b840a660229835003', '880390789dde4c5aa30ef298828be49c'
MESSAGE_RELOADED, MESSAGE_LISTEN = '5f3bc5e00b004c238d9422176af4dae8', 'a86a2393f90e4101bdba54cd759e7f1c'
MESSAGE_DROPPED, MESSAGE_HELD_BACK = '065815071eec4491b75a1972a4038bd5', '1aaac727f47a462ca3dc023360ae56de'
MESSAGE_FORWARD_STATE = '7fc965a0a430466fb8d4e74600eea7df'
MESSAGE_TRUST_STORE = '336d6960aebf40e899d65c784f19140f'
LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO = '3', '4', '5', '6'       # PRIORITY=


def records_in(log):
    """The records of a log in the Journal Export Format: a dictionary of fields for each that is whole."""
    return [dict(line.split('=', 1) for line in block.split('\n') if '=' in line) for block in log.split('\n\n')[:-1]]


def is_like(record, fields):
    """Does the record have these fields? A tuple stands for any of its values, None for a field that is not there."""
    return all(record.get(k) in v if isinstance(v, tuple) else record.get(k) == v for k, v in fields.items())


def listening(log, protocol='tcp'):
    """The port that the daemon with this log listens on; None: it does not yet."""
    for r in records_in(log):
        if 'DOHMOUSE_LISTEN' in r and r.get('DOHMOUSE_PROTOCOL') == protocol:
            return int(r['DOHMOUSE_LISTEN'].rsplit(':', 1)[1])


class Server:
    """tests/doh/doh-server in a directory of its own."""

    def __init__(self, directory, listen='127.0.0.1:0'):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.host = listen.split(':')[0]
        self.process = child.start([f'{BUILD}/tests/doh/doh-server', '--directory', directory, '--listen', listen], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.port, self.ca, self.url = ready['port'], ready['ca'], ready['url']

    def order(self, *words):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f'{self.directory}/control')
            s.sendall((' '.join(map(str, words)) + '\n').encode())
            answer = json.loads(s.makefile().readline())
        assert answer.get('ok', True), f'doh-server does not know {words}'
        return answer

    def fault(self, *words):
        self.order('fault', *words)

    def clear(self):
        self.order('clear')

    def stats(self):
        return self.order('stats')

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Daemon:
    """dohmoused with the upstreams a, b, ... in the order given. `sections` is more configuration, a text; `process` what its process has:
    arguments of Popen."""

    def __init__(self, directory, servers, sections='', **process):
        self.log_path = f'{directory}/log'
        text = sections + '\n'
        for name, server in zip('abcdef', servers):
            text += f'[Upstream {name}]\nURL={server.url}\nAddress={server.host}:{server.port}\nTrustAnchors={server.ca}\n'
        with open(f'{directory}/dohmouse.conf', 'w') as f:
            f.write('[Resolver]\nListen=127.0.0.1:0\n' + text)
        self.process = child.start([DOHMOUSED, f'--config={directory}/dohmouse.conf'], stderr=open(self.log_path, 'w'), **process)
        self.port = self.wait_until(lambda: listening(self.log()))

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def records(self, **fields):
        """The records of its log that are like this (is_like())."""
        return [r for r in records_in(self.log()) if is_like(r, fields)]

    def wait_until(self, condition, seconds=10, what='what was expected'):
        """Until the condition, a callable, gives something true, which is returned."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            assert self.process.poll() is None, 'the daemon ended:\n' + self.log()
            time.sleep(0.01)
        raise AssertionError(f'the log has not {what} after {seconds} s:\n' + self.log())

    def wait_for(self, seconds=10, **fields):
        """Until there is such a record; returns the first."""
        return self.wait_until(lambda: self.records(**fields), seconds, f'a record with {fields}')[0]

    def wait_for_state(self, state, reason=None, name='a'):
        """Until the upstream has been found to be in that state (a tuple: one of them), for that reason if one is given."""
        more = {'DOHMOUSE_REASON': reason} if reason else {}
        self.wait_for(MESSAGE_ID=MESSAGE_UPSTREAM_STATE, DOHMOUSE_UPSTREAM=name, DOHMOUSE_STATE=state, **more)

    def states(self):
        """The states that upstreams came to, one after the other."""
        return [r['DOHMOUSE_STATE'] for r in self.records(MESSAGE_ID=MESSAGE_UPSTREAM_STATE)]

    def blamed(self):
        """The records of upstreams that became suspect or failed."""
        return self.records(MESSAGE_ID=MESSAGE_UPSTREAM_STATE, DOHMOUSE_STATE=('suspect', 'failed'))

    def wake_ups(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', f.read(), re.M).group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        assert status == 0, f'the daemon ended with status {status}:\n' + self.log()


def link_state(*lines, version=1):
    """The file of the DNS settings of links, with these lines: "link 1 lo", "server 10.8.0.1:53", "domain ~corp.test"."""
    text = f'dohmouse links {version}\n' + ''.join(f'{l}\n' for l in lines)
    checksum = 0xcbf29ce484222325
    for octet in text.encode():
        checksum = (checksum ^ octet) * 0x100000001b3 % (1 << 64)
    return f'{text}end {checksum:016x}\n'


# Every name that a test asks is a canary: it must not turn up in the log (Rig).
asked = set()


def query(name, number, qtype=1, edns=True):
    if '.' in name.strip('.'):
        asked.add(name.strip('.').lower())
    wire = struct.pack('>6H', number, 0x0100, 1, 0, 0, 1 if edns else 0)
    wire += b''.join(bytes([len(l)]) + l.encode() for l in name.split('.') if l) + b'\0' + struct.pack('>2H', qtype, 1)
    return wire + (b'\0\0\x29\x04\xd0\0\0\0\0\0\0' if edns else b'')


class Answer:
    def __init__(self, wire, took):
        self.wire, self.took = wire, took
        self.rcode, self.answers = wire[3] & 15, struct.unpack('>H', wire[6:8])[0]

    @property
    def ede(self):
        """Codes of the extended errors, by looking for the OPT at the end."""
        at = self.wire.rfind(b'\0\0\x29')
        codes, rest = [], self.wire[at + 11:] if at > 0 else b''
        while len(rest) >= 4:
            code, size = struct.unpack('>2H', rest[:4])
            if code == 15:
                codes.append(struct.unpack('>H', rest[4:6])[0])
            rest = rest[4 + size:]
        return codes


class Client:
    """Asks over UDP at a given rate, and notes when each answer came."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(('127.0.0.1', port))
        self.serial = 0

    def run(self, count, rate, name='q{}.example.test', at=None, wait=6.0):
        """Asks `count` distinct names at `rate` a second. `at`: {index: callable}, called before that query. Returns the answers, None where
        there was none."""
        at = dict(at or {})
        answers, sent, start, i = [None] * count, {}, time.monotonic(), 0
        last = start
        base = self.serial
        self.serial += count
        while i < count or sent:
            now = time.monotonic()
            while i < count and now >= start + i / rate:
                if i in at:
                    at.pop(i)()
                number = (base + i) & 0xffff
                self.socket.send(query(name.format(base + i), number))
                sent[number] = (i, time.monotonic())
                last = time.monotonic()
                i += 1
            next_send = start + i / rate if i < count else now + 0.1
            self.socket.settimeout(max(next_send - time.monotonic(), 0.0005))
            try:
                wire = self.socket.recv(65535)
            except socket.timeout:
                if i == count and time.monotonic() - last > wait:
                    break
                continue
            number = struct.unpack('>H', wire[:2])[0]
            if number in sent:
                index, when = sent.pop(number)
                answers[index] = Answer(wire, time.monotonic() - when)
        return answers

    def ask(self, name, **kw):
        return self.run(1, 1000, name, **kw)[0]


def failed(answers):
    return [a for a in answers if a is None or a.rcode == 2]


def slowest(answers):
    return max(a.took for a in answers if a)


def own_network():
    """Moves this process into a network namespace of its own, with a loopback interface, so that the kernel's counters are its own. False
    where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, net = 0x10000000, 0x40000000
    if libc.unshare(net if os.geteuid() == 0 else user | net) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        up = struct.pack('16sh14x', b'lo', 1)
        fcntl.ioctl(s, 0x8914, up)              # SIOCSIFFLAGS, IFF_UP
    return True


def tcp_resets():
    """TCP segments with RST that this network namespace has sent, of all its processes."""
    with open('/proc/net/snmp') as f:
        keys, values = [l.split() for l in f if l.startswith('Tcp:')]
    return int(values[keys.index('OutRsts')])


def names_in(log):
    """Those of the names asked that the log tells."""
    return {word for word in re.findall(r'[\w.-]+', log.lower()) if word.strip('.') in asked}


class Rig:
    """A directory, servers and a daemon for one test; `with Rig(2) as rig`. At its end, no name that was asked may be in the log."""

    def __init__(self, servers=1, sections='', daemon=True, listen='127.0.0.1:0', **process):
        self.directory = tempfile.mkdtemp(prefix='dohmouse-')
        self.servers = [Server(f'{self.directory}/{i}', listen) for i in range(servers)]
        self.daemon = Daemon(self.directory, self.servers, sections, **process) if daemon else None
        self.client = Client(self.daemon.port) if daemon else None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.daemon and self.daemon.process.poll() is None:
                self.daemon.stop()
            if self.daemon and not kind:
                told = names_in(self.daemon.log())
                assert not told, f'the log tells names that were asked: {told}'
        finally:
            if kind and self.daemon:
                print(self.daemon.log())
            for s in self.servers:
                s.stop()
            shutil.rmtree(self.directory)


def run_tests(program):
    """Runs the functions of a test program, its globals(), that take nothing: those whose names match the pattern in its arguments. Exits.
    Tests that name nft() need a network of their own, and are passed over without."""
    pattern = sys.argv[1] if len(sys.argv) > 1 else ''
    tests = [(n, f) for n, f in program.items() if inspect.isfunction(f) and f.__module__ == '__main__' and not inspect.signature(f).parameters and
             re.search(pattern, n)]
    bad = 0
    private = own_network() and shutil.which('nft') and os.geteuid() == 0
    if not private:
        print('No network namespace of our own: counters are those of the whole machine.')
    for name, test in tests:
        start = time.monotonic()
        if 'nft(' in inspect.getsource(test) and not private:
            print(f'skipped {name}: no network namespace of our own, or no nft', flush=True)
            continue
        try:
            note = test() or ''
            print(f'ok      {name} {time.monotonic() - start:.1f} s {note}', flush=True)
        except Exception:
            bad += 1
            print(f'not ok  {name}\n{traceback.format_exc()}', flush=True)
    print(f'{100 * (len(tests) - bad) // max(len(tests), 1)}%: Checks: {len(tests)}, Failures: {bad}, Errors: 0')
    sys.exit(bad != 0)
