# SPDX-License-Identifier: LGPL-2.1-or-later
"""A message bus for tests: a dbus-daemon of its own, and clients that speak the wire protocol of the D-Bus specification, so that they can
be as slow, as hasty and as wrong as a test wants. Python's standard library only."""
import os, queue, select, shutil, signal, socket, struct, subprocess, threading, time
import child

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY, INTERACTIVE = 1, 4
DBUS = 'org.freedesktop.DBus'
MANAGER, UPSTREAM, FORWARD = 'org.dohmouse1.Manager', 'org.dohmouse1.Upstream', 'org.dohmouse1.Forward'
PROPERTIES, OBJECTS = 'org.freedesktop.DBus.Properties', 'org.freedesktop.DBus.ObjectManager'


class Failure(Exception):
    """An error reply: `name` and `text`."""

    def __init__(self, name, text):
        super().__init__(f'{name}: {text}')
        self.name, self.text = name, text


# --- types

ALIGN = dict(y=1, b=4, n=2, q=2, i=4, u=4, h=4, x=8, t=8, d=8, s=4, o=4, g=1, a=4, v=1)
FORMAT = dict(y='B', b='I', n='h', q='H', i='i', u='I', h='I', x='q', t='Q', d='d')
ALIGN.update({'(': 8, '{': 8})


def split(signature):
    """The first complete type, and the rest."""
    end = 1
    if signature[0] == 'a':
        first, rest = split(signature[1:])
        return 'a' + first, rest
    if signature[0] in '({':
        depth = 1
        while depth:
            depth += {'(': 1, '{': 1, ')': -1, '}': -1}.get(signature[end], 0)
            end += 1
    return signature[:end], signature[end:]


def types(signature):
    found = []
    while signature:
        first, signature = split(signature)
        found.append(first)
    return found


def pad(out, align):
    out.extend(b'\0' * (-len(out) % align))


def put(out, kind, value):
    code = kind[0]
    pad(out, ALIGN[code])
    if code in FORMAT:
        out += struct.pack('<' + FORMAT[code], value)
    elif code in 'so':
        text = value if isinstance(value, bytes) else value.encode()
        out += struct.pack('<I', len(text)) + text + b'\0'
    elif code == 'g':
        out += bytes([len(value)]) + value.encode() + b'\0'
    elif code == 'v':
        put(out, 'g', value[0])
        put(out, value[0], value[1])
    elif code == 'a':
        at = len(out)
        out += b'\0\0\0\0'
        pad(out, ALIGN[kind[1]])
        start = len(out)
        for item in value.items() if kind[1] == '{' else value:
            put(out, kind[1:], item)
        out[at:at + 4] = struct.pack('<I', len(out) - start)
    else:
        for part, item in zip(types(kind[1:-1]), value):
            put(out, part, item)


def get(data, at, kind):
    code = kind[0]
    at += -at % ALIGN[code]
    if code in FORMAT:
        value, = struct.unpack_from('<' + FORMAT[code], data, at)
        return (bool(value) if code == 'b' else value), at + struct.calcsize(FORMAT[code])
    if code in 'so':
        n, = struct.unpack_from('<I', data, at)
        return data[at + 4:at + 4 + n].decode(), at + 5 + n
    if code == 'g':
        return data[at + 1:at + 1 + data[at]].decode(), at + 2 + data[at]
    if code == 'v':
        inner, at = get(data, at, 'g')
        return get(data, at, inner)
    if code == 'a':
        n, = struct.unpack_from('<I', data, at)
        at += 4 + -(at + 4) % ALIGN[kind[1]]
        if kind == 'ay':
            return data[at:at + n], at + n
        end, items = at + n, []
        while at < end:
            item, at = get(data, at, kind[1:])
            items.append(item)
        return (dict(items) if kind[1] == '{' else items), at
    items = []
    for part in types(kind[1:-1]):
        item, at = get(data, at, part)
        items.append(item)
    return tuple(items), at


class Message:
    def __init__(self, kind, flags, serial, fields, body):
        self.kind, self.flags, self.serial, self.body = kind, flags, serial, body
        self.path, self.interface, self.member, self.error, self.reply_to, self.destination, self.sender, self.signature = \
            (fields.get(i) for i in range(1, 9))

    def __repr__(self):
        return f'{self.sender} {self.path} {self.interface}.{self.member} {self.error or ""} {self.body}'


def pack(kind, flags, serial, fields, signature, body):
    out, header = bytearray(), bytearray()
    for part, value in zip(types(signature), body):
        put(out, part, value)
    if signature:
        fields = fields + [(8, ('g', signature))]
    put(header, '(yyyyuua(yv))', (ord('l'), kind, flags, 1, len(out), serial, fields))
    pad(header, 8)
    return bytes(header + out)


# --- a bus

CONFIG = '''<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/><allow send_type="method_return"/>
<allow send_type="error"/><allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/></policy></busconfig>'''


class Bus:
    def __init__(self, directory, start=True):
        self.path = f'{directory}/bus'
        self.address = f'unix:path={self.path}'
        self.config = f'{directory}/bus.conf'
        self.log = f'{directory}/bus.log'
        with open(self.config, 'w') as f:
            f.write(CONFIG.format(self.path))
        self.process = None
        if start:
            self.start()

    def start(self):
        self.process = child.start(['dbus-daemon', f'--config-file={self.config}', '--nofork', '--nopidfile', '--print-address=1'],
                                   stdout=subprocess.PIPE, stderr=open(self.log, 'a'))
        assert self.process.stdout.readline(), open(self.log).read()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
            if os.path.exists(self.path):
                os.unlink(self.path)
        self.process = None

    def connect(self, user=None):
        return Connection(self.path, user)


class Connection:
    """A client. `user`: a number, taken on while connecting; only root may."""

    def __init__(self, path, user=None):
        self.socket = socket.socket(socket.AF_UNIX)
        if user is not None:
            os.seteuid(user)
        try:
            self.socket.connect(path)
        finally:
            if user is not None:
                os.seteuid(os.getuid())
        text = str(os.getuid() if user is None else user).encode().hex()
        self.socket.sendall(b'\0AUTH EXTERNAL ' + text.encode() + b'\r\n')
        line = self.socket.recv(4096)
        assert line.startswith(b'OK'), line
        self.socket.sendall(b'NEGOTIATE_UNIX_FD\r\n')
        line = self.socket.recv(4096)
        assert line.startswith(b'AGREE_UNIX_FD'), line
        self.socket.sendall(b'BEGIN\r\n')
        self.data, self.serial, self.waiting, self.fds = b'', 0, [], []
        self.name, = self.call(DBUS, '/org/freedesktop/DBus', DBUS, 'Hello')

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def packed(self, destination, path, interface, member, signature='', *body, flags=0):
        self.serial += 1
        fields = [(1, ('o', path)), (3, ('s', member)), (6, ('s', destination))]
        if interface:
            fields.append((2, ('s', interface)))
        return pack(CALL, flags, self.serial, fields, signature, body)

    def send(self, *words, flags=0):
        """Calls without waiting; returns the serial."""
        self.socket.sendall(self.packed(*words, flags=flags))
        return self.serial

    def reply(self, call, signature='', *body, error=None):
        self.serial += 1
        fields = [(5, ('u', call.serial)), (6, ('s', call.sender))] + ([(4, ('s', error))] if error else [])
        self.socket.sendall(pack(ERROR if error else RETURN, NO_REPLY, self.serial, fields, signature, body))

    def receive(self, seconds=10):
        """The next message as it comes from the bus, or None."""
        end = time.monotonic() + seconds
        while True:
            message = self.cut()
            if message:
                return message
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            chunk, fds, _, _ = socket.recv_fds(self.socket, 1 << 16, 4)
            if not chunk:
                raise EOFError('the bus hung up')
            self.fds += fds
            self.data += chunk

    def cut(self):
        if len(self.data) < 16:
            return None
        body_size, serial, fields_size = struct.unpack_from('<III', self.data, 4)
        start = 16 + fields_size + -(16 + fields_size) % 8
        if len(self.data) < start + body_size:
            return None
        fields, _ = get(self.data, 12, 'a(yv)')
        fields = {k: v for k, v in fields}
        body, at, inner = [], 0, self.data[start:start + body_size]
        for kind in types(fields.get(8, '')):
            value, at = get(inner, at, kind)
            body.append(self.fds.pop(0) if kind == 'h' else value)
        message = Message(self.data[1], self.data[2], serial, fields, body)
        self.data = self.data[start + body_size:]
        return message

    def next(self, wanted, seconds=10):
        """The first message that is wanted; the others wait."""
        for m in self.waiting:
            if wanted(m):
                self.waiting.remove(m)
                return m
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            m = self.receive(end - time.monotonic())
            if m and wanted(m):
                return m
            if m:
                self.waiting.append(m)
        return None

    def answer(self, serial, seconds=30):
        m = self.next(lambda m: m.reply_to == serial and m.kind in (RETURN, ERROR), seconds)
        assert m, 'no reply'
        if m.kind == ERROR:
            raise Failure(m.error, m.body[0] if m.body else '')
        return m.body

    def call(self, *words, flags=0, seconds=30):
        return self.answer(self.send(*words, flags=flags), seconds)

    def listen(self, rule="type='signal'"):
        self.call(DBUS, '/org/freedesktop/DBus', DBUS, 'AddMatch', 's', rule)

    def signal(self, member=None, path=None, seconds=10):
        return self.next(lambda m: m.kind == SIGNAL and m.sender != DBUS and (not member or m.member == member) and (not path or m.path == path),
                         seconds)

    def own(self, name):
        return self.call(DBUS, '/org/freedesktop/DBus', DBUS, 'RequestName', 'su', name, 0)[0]

    def owner(self, name):
        try:
            return self.call(DBUS, '/org/freedesktop/DBus', DBUS, 'GetNameOwner', 's', name)[0]
        except Failure:
            return None

    # --- dohmouse

    def manager(self, member, signature='', *body, **kw):
        return self.call('org.dohmouse1', '/org/dohmouse1', MANAGER, member, signature, *body, **kw)

    def upstream(self, name, member, signature='', *body, **kw):
        return self.call('org.dohmouse1', f'/org/dohmouse1/upstream/{name}', UPSTREAM, member, signature, *body, **kw)

    def get(self, property, upstream=None):
        path, interface = ('/org/dohmouse1', MANAGER) if upstream is None else (f'/org/dohmouse1/upstream/{upstream}', UPSTREAM)
        return self.call('org.dohmouse1', path, PROPERTIES, 'Get', 'ss', interface, property)[0]

    def set(self, property, kind, value, **kw):
        return self.call('org.dohmouse1', '/org/dohmouse1', PROPERTIES, 'Set', 'ssv', MANAGER, property, (kind, value), **kw)

    def objects(self):
        return self.call('org.dohmouse1', '/org/dohmouse1', OBJECTS, 'GetManagedObjects')[0]

    def wait_for_dohmouse(self, seconds=10):
        end = time.monotonic() + seconds
        while not self.owner('org.dohmouse1'):
            assert time.monotonic() < end, f'org.dohmouse1 is not on the bus after {seconds} s'
            time.sleep(0.01)


class Polkit:
    """The authority, as far as dohmouse asks it. `verdict(check)` gives (authorized, challenge), an error's name, or None: no answer yet."""

    def __init__(self, bus, verdict):
        self.connection, self.verdict = bus.connect(), verdict
        self.connection.own('org.freedesktop.PolicyKit1')
        self.checks = []                # (subject's bus name, action, flags)
        self.asked = queue.Queue()      # the calls
        self.stopped = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.stopped:
            try:
                m = self.connection.receive(0.2)
            except (EOFError, OSError):
                return
            if m and m.kind == CALL and m.member == 'CheckAuthorization':
                assert m.signature == '(sa{sv})sa{ss}us', m.signature
                (kind, details), action, _, flags, _ = m.body
                assert kind == 'system-bus-name', kind
                self.checks.append((details['name'], action, flags))
                outcome = self.verdict(self.checks[-1])
                if outcome is not None:
                    self.say(m, outcome)
                self.asked.put(m)

    def say(self, call, outcome):
        if isinstance(outcome, str):
            self.connection.reply(call, 's', 'no', error=outcome)
        else:
            self.connection.reply(call, '(bba{ss})', (outcome[0], outcome[1], {}))

    def stop(self):
        self.stopped = True
        self.thread.join()
        self.connection.close()
