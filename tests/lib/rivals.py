# SPDX-License-Identifier: LGPL-2.1-or-later
"""dohmouse, its rivals of Debian and the floors as peers of one kind, which the benches put side by side: each is started with `start()`, then has
`port` and `process`. The rivals are installed in a root of a newer Debian, ROOT, mounted by mount_rivals(); WORK has the same path in and out of it.
Everything is to run behind own_namespaces(), and ends with them."""
import base64, json, os, signal, socket, struct, subprocess, time
import child
from doh_servers import CERTIFICATE, eventually, free_port
from rig import BUILD, DOHMOUSED, query

SUITE = 'forky'
PACKAGES = ('dnsdist', 'smartdns', 'systemd-resolved', 'dnscrypt-proxy')
ROOT = os.path.abspath(f'{BUILD}/bench/rivals')
WORK = '/run/bench'
BENCH = f'{BUILD}/tests/bench'
ALL_CPUS = os.sched_getaffinity(0)
PEER_CPUS = {min(ALL_CPUS)}                     # the measured processes have it
OTHER_CPUS = ALL_CPUS - PEER_CPUS or ALL_CPUS   # their servers, and who asks


def own_namespaces():
    """Goes on as the first process of a PID namespace, with a mount and a network namespace, too. What it starts ends with it, and with it the mounts
    and links; and it ends when the process that called this does, in whatever way."""
    mount, net, pid = 0x20000, 0x40000000, 0x20000000
    if child.LIBC.unshare(mount | net | pid) != 0:
        raise OSError('namespaces of our own are not allowed')
    inner = os.fork()
    if inner:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: os.kill(inner, signal.SIGKILL))
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 255)
    child.LIBC.prctl(child.PR_SET_PDEATHSIG, signal.SIGKILL)
    subprocess.run(['mount', '--make-rprivate', '/'], check=True)
    subprocess.run(['mount', '-t', 'proc', 'proc', '/proc'], check=True)


def own_link():
    """In a network namespace of one's own: the loopback interface, and a link that is up, without which systemd-resolved asks nobody."""
    for words in ('link set lo up', 'link add bench0 type veth peer name bench1', 'link set bench1 up', 'address add 192.0.2.9/24 dev bench0',
                  'link set bench0 up'):
        subprocess.run(['ip', *words.split()], check=True)


def mount_rivals():
    """In a mount namespace of one's own. Hides /run, and with it the system bus."""
    def mount(*words):
        subprocess.run(['mount', *words], check=True)
    mount('-t', 'tmpfs', 'tmpfs', '/run')
    os.makedirs(f'{WORK}/tmp')
    os.chmod(f'{WORK}/tmp', 0o1777)
    if not os.path.isdir(f'{ROOT}/usr'):
        return
    mount('--bind', ROOT, ROOT)
    mount('-t', 'proc', 'proc', f'{ROOT}/proc')
    mount('--rbind', '/dev', f'{ROOT}/dev')
    mount('-t', 'tmpfs', 'tmpfs', f'{ROOT}/run')
    mount('-t', 'tmpfs', 'tmpfs', f'{ROOT}/tmp')
    os.makedirs(f'{ROOT}{WORK}')
    mount('--bind', WORK, f'{ROOT}{WORK}')


class Realtime:
    """While it stands, what is started has real-time priority, so that it waits for nothing else on the machine. For what takes little."""
    wanted = False

    def __enter__(self):
        self.before, Realtime.wanted = Realtime.wanted, True

    def __exit__(self, *_):
        Realtime.wanted = self.before


def spawn(command, cpus, root='', **more):
    """child.start() on these processors, in the root. `executed`, an attribute of what it returns, is the time just before its exec, in s."""
    reader, writer = os.pipe()

    def first():
        os.sched_setaffinity(0, cpus)
        if Realtime.wanted:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        if root:
            os.chroot(root)
            os.chdir('/')
        os.write(writer, struct.pack('d', time.monotonic()))
    process = child.start(command, preexec_fn=first, **more)
    os.close(writer)
    process.executed = struct.unpack('d', os.read(reader, 8))[0]
    os.close(reader)
    return process


def end(process):
    if process and process.poll() is None:
        process.kill()
        process.wait()


def bound(port):
    """Is the UDP port bound, in this network?"""
    with open('/proc/net/udp') as f:
        return f':{port:04X} ' in f.read()


def answers(port, name='ready.test'):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        s.connect(('127.0.0.1', port))
        s.send(query(name, 7))
        return s.recv(4096)[3] & 15 == 0


# --- servers, which the peers forward to

def certificate(directory):
    """(certificate, key) for doh.test, which is its own CA."""
    cert, key = f'{directory}/certificate.pem', f'{directory}/key.pem'
    with open(f'{directory}/certificate.cfg', 'w') as f:
        f.write(CERTIFICATE)
    for words in (f'--generate-privkey --key-type ecdsa --outfile {key}',
                  f'--generate-self-signed --load-privkey {key} --template {directory}/certificate.cfg --outfile {cert}'):
        subprocess.run(['certtool', *words.split()], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o644)
    return cert, key


class TestServer:
    """tests/doh/doh-server, the fastest, so that it is not what is measured."""
    dot_port = None

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.process = spawn([f'{BUILD}/tests/doh/doh-server', '--directory', directory, '--ttl', '86400'], OTHER_CPUS,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.host, self.port, self.ca, self.url = '127.0.0.1', ready['port'], ready['ca'], ready['url']

    def stop(self):
        end(self.process)


class DnsdistServer:
    """dnsdist of the rivals' root as a DoH and DoT server, which answers by itself."""
    host, url = '127.0.0.1', 'https://doh.test/dns-query'

    def __init__(self, directory):
        self.port, self.dot_port = free_port(), free_port()
        self.ca, key = certificate(directory)
        with open(f'{directory}/dnsdist.conf', 'w') as f:
            f.write(f'''setLocal("127.0.0.1:{free_port()}")
setSecurityPollSuffix("")
addDOHLocal("127.0.0.1:{self.port}", "{self.ca}", "{key}", "/dns-query", {{library="nghttp2"}})
addTLSLocal("127.0.0.1:{self.dot_port}", "{self.ca}", "{key}", {{maxInFlight=65535}})
addAction(SuffixMatchNodeRule("dnscrypt."), RCodeAction(DNSRCode.NXDOMAIN))
addAction(AllRule(), SpoofAction("192.0.2.1", {{ttl=86400}}))
addAction(AllRule(), RCodeAction(DNSRCode.NOERROR))
''')
        self.process = spawn(['dnsdist', '--supervised', '--disable-syslog', '-C', f'{directory}/dnsdist.conf'], OTHER_CPUS, ROOT,
                             stdout=open(f'{directory}/log', 'w'), stderr=subprocess.STDOUT)
        eventually(lambda: not socket.create_connection((self.host, self.port), 1).close(), 'the dnsdist server')

    def stop(self):
        end(self.process)


SERVERS = {'doh-server': TestServer, 'dnsdist': DnsdistServer}


# --- peers

class Peer:
    """`servers`: what it forwards to. `cache`: for how many names, 0 for none. A subclass has configure(), which returns its command and may change
    `port`; `kind` is dohmouse, rival or floor."""
    kind, root = 'rival', ''
    package, cache_most = None, 10**9
    server = 'doh-server'   # of SERVERS, unless another is asked for

    def __init__(self, directory, servers, cache=0):
        os.makedirs(directory)
        os.chmod(directory, 0o755)
        self.directory, self.servers, self.cache, self.port = directory, servers, cache, free_port()
        self.environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root'}
        self.next_name = 0
        self.process, self.rates = None, {}
        self.command = self.configure()

    @classmethod
    def version(cls):
        if not cls.package:
            return ''
        r = subprocess.run(['dpkg-query', '--admindir', f'{ROOT}/var/lib/dpkg', '-W', '-f', '${Version}', cls.package], capture_output=True, text=True)
        return r.stdout.split('-')[0].split('+')[0]

    @classmethod
    def label(cls):
        return f'{cls.name} {cls.version()}'.strip()

    @classmethod
    def installed(cls):
        return not cls.package or bool(cls.version())

    def write(self, name, text):
        with open(f'{self.directory}/{name}', 'w') as f:
            f.write(text)
        return f'{self.directory}/{name}'

    def start(self, wait=True, **more):
        self.process = spawn(self.command, PEER_CPUS, self.root, env={**self.environment, **more}, stdout=open(f'{self.directory}/log', 'w'),
                             stderr=subprocess.STDOUT)
        if wait:
            self.wait()

    def wait(self):
        def ready():
            assert self.process.poll() is None, f'{self.name} ended:\n' + self.log()
            return bound(self.port) and answers(self.port)
        eventually(ready, f'{self.name} to answer')

    def log(self):
        with open(f'{self.directory}/log', errors='replace') as f:
            return f.read()[-3000:]

    def stop(self):
        end(self.process)


class Dohmouse(Peer):
    name, kind = 'dohmouse', 'dohmouse'
    more, program = '', DOHMOUSED

    def configure(self):
        cache = f'Size={max(self.cache // 1000, 8)}M\nMaxTTLSec=1d\nPrefetch=no\n' if self.cache else 'Enable=no\n'
        text = f'[Resolver]\nListen=127.0.0.1:{self.port}\n{self.more}[Cache]\n{cache}'
        for name, s in zip('abcdefgh', self.servers):
            text += f'[Upstream {name}]\nURL={s.url}\nAddress={s.host}:{s.port}\nTrustAnchors={s.ca}\n'
        return [self.program, f'--config={self.write("dohmouse.conf", text)}']


class Rival(Peer):
    root = ROOT


class Dnsdist(Rival):
    name = package = 'dnsdist'

    def configure(self):
        text = f'setLocal("127.0.0.1:{self.port}")\nsetSecurityPollSuffix("")\n'
        for s in self.servers:
            text += (f'newServer({{address="{s.host}:{s.port}", tls="openssl", subjectName="doh.test", dohPath="/dns-query", '
                     f'caStore="{s.ca}", validateCertificates=true, healthCheckMode="up"}})\n')
        if self.cache:
            text += f'getPool(""):setCache(newPacketCache({2 * self.cache}))\n'
        return ['dnsdist', '--supervised', '--disable-syslog', '-C', self.write('dnsdist.conf', text)]


class Smartdns(Rival):
    name = package = 'smartdns'

    def configure(self):
        text = (f'bind 127.0.0.1:{self.port}\ncache-size {self.cache}\nspeed-check-mode none\ndualstack-ip-selection no\nprefetch-domain no\n'
                f'serve-expired no\nlog-level off\naudit-enable no\nresolv-file /dev/null\nca-file {self.servers[0].ca}\ncache-persist no\n'
                'max-query-limit 65535\n')
        for s in self.servers:
            text += f'server-https https://{s.host}:{s.port}/dns-query -host-name doh.test -http-host doh.test -tls-host-verify doh.test\n'
        return ['smartdns', '-f', '-x', '-p', '-', '-c', self.write('smartdns.conf', text)]


class Resolved(Rival):
    """By DNS over TLS, for it has no DoH. Its cache has 4,096 entries."""
    name = package = 'systemd-resolved'
    server, cache_most = 'dnsdist', 4000

    def configure(self):
        s = self.servers[0]
        os.makedirs(f'{ROOT}/run/systemd/resolved.conf.d', exist_ok=True)
        cache = 'yes' if self.cache else 'no'
        with open(f'{ROOT}/run/systemd/resolved.conf.d/bench.conf', 'w') as f:
            f.write(f'[Resolve]\nDNS={s.host}:{s.dot_port}#doh.test\nFallbackDNS=\nDomains=~.\nDNSOverTLS=yes\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\n'
                    f'Cache={cache}\nCacheFromLocalhost={cache}\nDNSStubListener=no\nDNSStubListenerExtra=127.0.0.1:{self.port}\n')
        # It knows no other CAs than those of the system, that is of OpenSSL; and this machine is not short of memory.
        self.environment.update(MEMORY_PRESSURE_WATCH='/dev/null', SSL_CERT_FILE=s.ca)
        return ['/usr/lib/systemd/systemd-resolved']


class DnscryptProxy(Rival):
    """It takes no server that answers every name."""
    name = package = 'dnscrypt-proxy'
    server, cache_most = 'dnsdist', 100000

    def configure(self):
        def counted(text):
            return bytes([len(text)]) + text.encode()
        names, stamps = [], ''
        for i, s in enumerate(self.servers):
            stamp = b'\2' + b'\0' * 8 + counted(f'{s.host}:{s.port}') + b'\0' + counted(f'doh.test:{s.port}') + counted('/dns-query')
            names.append(f's{i}')
            stamps += f'[static.s{i}]\nstamp = "sdns://{base64.urlsafe_b64encode(stamp).decode().rstrip("=")}"\n'
        self.environment['SSL_CERT_FILE'] = self.servers[0].ca
        text = (f'server_names = {names}\nlisten_addresses = ["127.0.0.1:{self.port}"]\nmax_clients = 20000\nnetprobe_timeout = 0\n'
                'ignore_system_dns = true\nbootstrap_resolvers = ["127.0.0.1:9"]\nblock_unqualified = false\nblock_undelegated = false\n'
                f'reject_ttl = 600\ncache = {"true" if self.cache else "false"}\ncache_size = {2 * self.cache}\nhttp3 = false\n'
                'require_nolog = false\nrequire_nofilter = false\nrequire_dnssec = false\n' + stamps)
        return ['dnscrypt-proxy', '-config', self.write('dnscrypt-proxy.toml', text)]


class Floor(Peer):
    """tests/bench/floor in one of its modes; it says its port itself."""
    kind, far = 'floor', None

    def configure(self):
        return []

    def start(self, wait=True, **more):
        def floor(cpus, *words):
            p = spawn([f'{BENCH}/floor', *words], cpus, stdout=subprocess.PIPE)
            return p, json.loads(p.stdout.readline())['port']
        words = list(self.words)
        if words[0] == 'forward':
            self.far, port = floor(OTHER_CPUS, 'far')
            words += ['--to', str(port)]
        self.process, self.port = floor(PEER_CPUS, *words)

    def stop(self):
        super().stop()
        end(self.far)


class FloorForward(Floor):
    name, words = 'floor: forwarding', ('forward',)


class FloorEcho(Floor):
    name, words = 'floor: echo', ('echo',)


class FloorEchoPlain(Floor):
    name, words = 'floor: echo, plain calls', ('echo', '--batch', '1')


class FloorForwardPlain(Floor):
    name, words = 'floor: forwarding, plain calls', ('forward', '--batch', '1')


MISS_FLOORS, HIT_FLOORS = (FloorForward, FloorForwardPlain), (FloorEcho, FloorEchoPlain)
RIVALS = (Dnsdist, Smartdns, Resolved, DnscryptProxy)
