# SPDX-License-Identifier: LGPL-2.1-or-later
"""DoH servers of Debian, each with a directory of its own, on a port of its own, with a certificate for doh.test that certtool makes: they answer
every name below test, A 192.0.2.1. Python's standard library only."""
import os, re, shutil, signal, socket, subprocess, time
import child

URL = 'https://doh.test/dns-query'
CERTIFICATE = 'cn = doh.test\ndns_name = doh.test\nca\ncert_signing_key\nsigning_key\ntls_www_server\nexpiration_days = 2\n'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def eventually(condition, what):
    """Until the condition, a callable, is true. It may raise OSError."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError(f'waited in vain for {what}')


def asked(s, query):
    s.settimeout(1)
    s.send(query)
    return s.recv(4096)


class DohServer:
    """What they have in common. `program` is a name that which(1) finds; a subclass writes its configuration in configure(), which returns
    the command."""

    program = None
    url, host = URL, '127.0.0.1'

    def __init__(self, directory, **options):
        os.makedirs(directory)
        self.directory, self.port, self.options = directory, free_port(), options
        self.ca, self.key = f'{directory}/certificate.pem', f'{directory}/key.pem'
        self.write('certificate.cfg', CERTIFICATE)
        for words in (f'--generate-privkey --key-type ecdsa --outfile {self.key}',
                      f'--generate-self-signed --load-privkey {self.key} --template {directory}/certificate.cfg --outfile {self.ca}'):
            subprocess.run(['certtool', *words.split()], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.command = self.configure()
        self.start()

    @classmethod
    def installed(cls):
        return bool(shutil.which(cls.program) and shutil.which('certtool'))

    @classmethod
    def version(cls):
        """Its name and version, as Debian has it."""
        path = os.path.realpath(shutil.which(cls.program))
        package = subprocess.run(['dpkg-query', '-S', path], capture_output=True, text=True).stdout.split(':')[0]
        version = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', package], capture_output=True, text=True).stdout
        return f'{package} {version}'

    def write(self, name, text):
        with open(f'{self.directory}/{name}', 'w') as f:
            f.write(text)

    def start(self, wait=True):
        self.process = child.start(self.command, cwd=self.directory, stdout=open(f'{self.directory}/log', 'a'), stderr=subprocess.STDOUT)
        if wait:
            self.wait()

    def wait(self):
        """Until it takes connections."""
        def connects():
            assert self.process.poll() is None, f'{self.program} ended:\n' + self.log()
            socket.create_connection((self.host, self.port), 1).close()
            return True
        eventually(connects, f'{self.program} to take connections')

    def log(self):
        with open(f'{self.directory}/log', errors='replace') as f:
            return f.read()[-4000:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


class Bind(DohServer):
    """A resolver that asks an authoritative server of its own, which stays when this one is killed: BIND takes queries before it has loaded
    its zones, and says SERVFAIL to them."""

    program = 'named'

    def configure(self):
        authority = free_port()
        self.write('zone', '$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n*.n A 192.0.2.1\n')
        # Two of them share a lock, which 9.20 has no longer, nor the option for it.
        version = re.search(r'BIND 9\.(\d+)', subprocess.run(['named', '-v'], capture_output=True, text=True).stdout)
        lock = 'lock-file none; ' if version and int(version.group(1)) < 20 else ''
        common = f'directory "{self.directory}"; pid-file none; session-keyfile none; {lock}dnssec-validation no; listen-on-v6 {{ none; }};'
        self.write('authority.conf', f'''
            controls {{ }};
            options {{ {common} listen-on port {authority} {{ 127.0.0.1; }}; recursion no; empty-zones-enable no; }};
            zone "test" {{ type primary; file "zone"; }};
            ''')
        self.write('named.conf', f'''
            tls t {{ cert-file "{self.ca}"; key-file "{self.key}"; }};
            http h {{ endpoints {{ "/dns-query"; }}; }};
            controls {{ }};
            options {{ {common}
                listen-on port {self.port} tls t http h {{ 127.0.0.1; }};
                forward only; forwarders {{ 127.0.0.1 port {authority}; }};
            }};
            ''')
        self.authority = child.start(['named', '-g', '-c', f'{self.directory}/authority.conf'], stderr=subprocess.DEVNULL)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(('127.0.0.1', authority))
            eventually(lambda: asked(s, b'\0\1\0\0\0\1' + b'\0' * 6 + b'\4test\0\0\6\0\1')[3] & 15 == 0, 'the zone to be loaded')
        return ['named', '-g', '-c', f'{self.directory}/named.conf']

    def stop(self):
        super().stop()
        self.authority.kill()
        self.authority.wait()


class Unbound(DohServer):
    program = 'unbound'

    def configure(self):
        self.write('unbound.conf', f'''
server:
    directory: "{self.directory}"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    num-threads: 1
    interface: 127.0.0.1@{self.port}
    https-port: {self.port}
    tls-service-key: "{self.key}"
    tls-service-pem: "{self.ca}"
    local-zone: "test." redirect
    local-data: "test. 300 A 192.0.2.1"
remote-control:
    control-enable: no
''')
        return ['unbound', '-d', '-p', '-c', f'{self.directory}/unbound.conf']


class Dnsdist(DohServer):
    program = 'dnsdist'

    def configure(self):
        self.write('dnsdist.conf', f'''
setLocal("127.0.0.1:{free_port()}")
addDOHLocal("127.0.0.1:{self.port}", "{self.ca}", "{self.key}", "/dns-query")
addAction(AllRule(), SpoofAction("192.0.2.1"))
''')
        return ['dnsdist', '--supervised', '--disable-syslog', '-C', f'{self.directory}/dnsdist.conf']


class Nginx(DohServer):
    """Before the server in the option `backend`; `keepalive_requests`: how many requests a connection takes; `early`: on, off,
    or 425: early data is accepted, and what came in it answered with that status."""

    program = 'nginx'

    def configure(self):
        requests = self.options.get('keepalive_requests', 1000)
        early = self.options.get('early', 'off')
        too_early = 'if ($ssl_early_data) { return 425; }' if early == '425' else ''
        paths = ''.join(f'    {key}_temp_path {self.directory}/{key};\n' for key in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        self.write('nginx.conf', f'''
daemon off;
pid {self.directory}/pid;
error_log stderr error;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    map $connection_requests $first {{ 1 1; }}
    access_log {self.directory}/connections combined if=$first;
{paths}
    upstream doh {{ server 127.0.0.1:{self.options["backend"].port}; keepalive 200; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{self.port} ssl http2;
        ssl_certificate {self.ca};
        ssl_certificate_key {self.key};
        ssl_protocols TLSv1.3;
        ssl_early_data {'off' if early == 'off' else 'on'};
        keepalive_requests {requests};
        location /dns-query {{ {too_early} grpc_pass grpcs://doh; grpc_set_header Host doh.test; }}
    }}
}}
''')
        return ['nginx', '-p', self.directory, '-e', 'stderr', '-c', f'{self.directory}/nginx.conf']

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def connections(self):
        """How many have carried a request."""
        with open(f'{self.directory}/connections') as f:
            return len(f.readlines())


class Haproxy(DohServer):
    """Before the server in the option `backend`."""

    program = 'haproxy'

    def configure(self):
        with open(f'{self.directory}/pair.pem', 'w') as f:
            for name in (self.ca, self.key):
                with open(name) as part:
                    f.write(part.read())
        self.write('haproxy.cfg', f'''
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend f
    bind 127.0.0.1:{self.port} ssl crt {self.directory}/pair.pem alpn h2 {self.options.get('tls', '')}
    default_backend b
backend b
    server s 127.0.0.1:{self.options["backend"].port} ssl verify none alpn h2 sni str(doh.test)
''')
        return ['haproxy', '-db', '-f', f'{self.directory}/haproxy.cfg']


SERVERS = (Bind, Unbound, Dnsdist, Nginx, Haproxy)
