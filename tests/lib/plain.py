# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain DNS server, UDP and TCP on one port, that misbehaves to order."""
import os, selectors, socket, struct, threading, time

ADDRESS = bytes([10, 9, 8, 7])          # what every name has


def question_of(wire):
    """The name in small letters, the type, and where the question ends."""
    at, labels = 12, []
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]].decode('latin1').lower())
        at += 1 + wire[at]
    return '.'.join(labels), struct.unpack('>H', wire[at + 1:at + 3])[0], at + 5


def answer_to(wire, rcode=0, records=1, tc=False, number=None, keep_edns=True, qr=True):
    """An answer to that query, right but for what is ordered."""
    _, _, end = question_of(wire)
    edns = keep_edns and wire[11] == 1
    flags = (0x8180 if qr else 0x0100) | (0x0200 if tc else 0) | rcode
    head = (wire[:2] if number is None else struct.pack('>H', number)) + struct.pack('>5H', flags, 1, records, 0, edns)
    record = b'\xc0\x0c' + struct.pack('>2HIH', 1, 1, 60, 4) + ADDRESS
    return head + wire[12:end] + record * records + (b'\0\0\x29\x04\xd0\0\0\0\0\0\0' if edns else b'')


class Asked:
    def __init__(self, wire, peer, stream):
        self.name, self.qtype, self.end = question_of(wire)
        self.wire, self.port, self.stream = wire, peer[1], stream
        self.id = struct.unpack('>H', wire[:2])[0]
        self.edns = wire[11] == 1


class PlainServer:
    """`behave` is one of the methods below that take a query and give the datagrams to send; names that begin with "big" have 200 addresses."""

    def __init__(self, host='127.0.0.1'):
        self.host, self.port, self.asked, self.behave = host, 0, [], self.answer
        self.start()

    @property
    def address(self):
        return f'[{self.host}]:{self.port}' if ':' in self.host else f'{self.host}:{self.port}'

    def start(self):
        family = socket.AF_INET6 if ':' in self.host else socket.AF_INET
        while True:
            self.udp, self.tcp = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.udp.bind((self.host, self.port))
            try:
                self.tcp.bind(self.udp.getsockname())
                break
            except OSError:
                # Another's: if the port may be any, then another one.
                self.udp.close()
                self.tcp.close()
                if self.port:
                    raise
        self.port = self.udp.getsockname()[1]
        self.tcp.listen(100)
        self.wake, end = os.pipe()
        self.thread = threading.Thread(target=self.run, args=(end,), daemon=True)
        self.thread.start()

    def stop(self):
        if self.udp.fileno() < 0:
            return
        os.close(self.wake)
        self.thread.join()
        self.udp.close()
        self.tcp.close()

    def run(self, end):
        with selectors.DefaultSelector() as ready:
            for f in (self.udp, self.tcp, end):
                ready.register(f, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is end:
                        os.close(end)
                        return
                    if key.fileobj is self.udp:
                        wire, peer = self.udp.recvfrom(65535)
                        self.asked.append(Asked(wire, peer, False))
                        for answer in self.behave(self.asked[-1]):
                            self.udp.sendto(answer, peer)
                    else:
                        threading.Thread(target=self.serve, args=self.tcp.accept(), daemon=True).start()

    def serve(self, connection, peer):
        with connection, connection.makefile('rb') as f:
            wire = f.read(struct.unpack('>H', f.read(2))[0])
            self.asked.append(Asked(wire, peer, True))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for answer in self.behave(self.asked[-1]):
                framed = struct.pack('>H', len(answer)) + answer
                # TCP may cut them anywhere.
                for piece in framed[:1], framed[1:20], framed[20:]:
                    connection.sendall(piece)
                    time.sleep(0.01)
            f.read(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- ways to behave

    def answer(self, q):
        big = q.name.startswith('big')
        return [answer_to(q.wire, records=0 if big and not q.stream else 200 if big else 1, tc=big and not q.stream)]

    def silent(self, q):
        return []

    def servfail(self, q):
        return [answer_to(q.wire, rcode=2, records=0)]

    def without_edns(self, q):
        return [answer_to(q.wire, rcode=1, records=0, keep_edns=False)] if q.edns else self.answer(q)

    def after_spoofs(self, q):
        """Before the right answer, from the right address: other IDs, another question, a query, scraps; and from another port, the right one."""
        other = bytearray(q.wire)
        other[13] ^= 1
        with socket.socket(self.udp.family, socket.SOCK_DGRAM) as s:
            s.bind((self.host, 0))
            s.sendto(answer_to(q.wire, records=3), (self.host, q.port))
        return [answer_to(q.wire, records=3, number=q.id ^ 1), answer_to(q.wire, records=3, number=0), answer_to(bytes(other), records=3),
                answer_to(q.wire, records=3, qr=False), q.wire[:11], b''] + self.answer(q)
