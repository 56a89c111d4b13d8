#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes first inputs for the fuzz targets: messages as servers send them, with each shape of OPT, compression and section, and some that are
wrong in one place; for the engine, lives with them in it;
for the cache image, records with them.  usage: seeds.py MESSAGES-DIRECTORY [ENGINE-DIRECTORY [CACHE-IMAGE-DIRECTORY]]"""
import os, struct, sys

def name(text):
    return b''.join(bytes([len(l)]) + l.encode() for l in text.split('.') if l) + b'\0'

def message(flags, sections, question=name('www.example.com') + b'\0\1\0\1', qd=1):
    return struct.pack('>6H', 0x1234, flags, qd, *(len(s) for s in sections)) + question + b''.join(b''.join(s) for s in sections)

def record(owner, kind, ttl, data, klass=1):
    return owner + struct.pack('>HHIH', kind, klass, ttl, len(data)) + data

def opt(options=b'', size=1232, ttl=0x8000, owner=b'\0'):
    return record(owner, 41, ttl, options, size)

HERE = b'\xc0\x0c'
A = record(HERE, 1, 300, b'\1\2\3\4')
SOA = record(name('example.com'), 6, 300, name('ns.example.com') + name('root.example.com') + struct.pack('>5I', 1, 2, 3, 4, 5))
seeds = {
    'query': message(0x0100, ([], [], [])),
    'query-edns': message(0x0100, ([], [], [opt()])),
    'query-cookie': message(0x0100, ([], [], [opt(b'\0\x0a\0\x08' + b'c' * 8)])),
    'query-two-opt': message(0x0100, ([], [], [opt(), opt()])),
    'query-badvers': message(0x0100, ([], [], [opt(ttl=0x10000)])),
    'query-header-only': message(0x0100, ([], [], []), b'', 0),
    'query-root': message(0x0100, ([], [], []), b'\0\0\2\0\1'),
    'answer': message(0x8180, ([A, A], [], [])),
    'answer-edns': message(0x8180, ([A], [], [opt()])),
    'answer-opt-first': message(0x8180, ([A], [], [opt(), record(HERE, 1, 5, b'\1\1\1\1')])),
    'answer-opt-first-pointer': message(0x8180, ([A], [], [opt(b'\0\x0c\0\4\0\0\0\0'), record(name('a.test'), 1, 5, b'\1\1\1\1'),
                                                          record(b'\xc0\x4b', 1, 5, b'\1\1\1\1')])),
    'answer-ede': message(0x8182, ([], [], [opt(b'\0\x0f\0\6\0\x16no-a')])),
    'answer-nxdomain': message(0x8183, ([], [SOA], [opt()])),
    'answer-cname': message(0x8180, ([record(HERE, 5, 60, b'\1a' + b'\xc0\x10'), record(b'\xc0\x2d', 1, 60, b'\1\2\3\4')], [], [])),
    'answer-mx': message(0x8180, ([record(HERE, 15, 60, b'\0\x0a\2mx\xc0\x10')], [], [])),
    'answer-https': message(0x8180, ([record(HERE, 65, 60, b'\0\1\0\0\1\0\3\2h2')], [], [])),
    'answer-txt': message(0x8180, ([record(HERE, 16, 60, b'\xff' + b'x' * 255)] * 20, [], [])),
    'answer-loop': message(0x8180, ([record(b'\xc0\x21', 1, 60, b'\1\2\3\4')], [], [])),
    'answer-chain': message(0x8180, ([record(b'\1a\xc0\x0c', 1, 60, b'\1\2\3\4')] + [record(struct.pack('>H', 0xc000 | 33 + 16 * i), 1, 60, b'\1\2\3\4')
                                                                                  for i in range(30)], [], [])),
    'answer-trailing': message(0x8180, ([A], [], [])) + b'trailing',
    'answer-counts-lie': message(0x8180, ([A], [], []))[:6] + b'\xff\xff' + message(0x8180, ([A], [], []))[8:],
    'answer-tsig': message(0x8180, ([A], [], [record(name('key'), 250, 0, b'x' * 30, 255)])),
    'answer-rcode-16': message(0x8180, ([], [], [opt(ttl=0x01000000)])),
}
# One of each type that dohmousectl prints.
DATA = {
    28: b'\x20\1\x0d\xb8' + b'\0' * 12, 12: b'\1a\xc0\x10', 39: name('b.test'), 13: b'\1a\1b', 17: name('a') + name('b'), 33: b'\0\1\0\2\1\xbb' + name('h.test'),
    35: b'\0\1\0\2\1S\7SIP+D2U\0' + name('_.test'), 37: b'\0\1\0\2\3key', 43: b'\x30\x39\x0d\2\xab\xcd', 44: b'\4\2\xab',
    46: b'\0\1\x0d\2\0\0\1\x2c\x65\x92\0\x80\x65\x90\xaf\0\x30\x39' + name('test') + b'\1\2\3', 47: name('y.test') + b'\0\6\x40\1\0\0\0\3',
    48: b'\1\1\3\x0d\1\2\3\4', 52: b'\3\1\1\xab', 61: b'key', 62: b'\0\0\0\1\0\3\0\1\x40', 63: b'\0\0\0\1\1\1\xab',
    64: b'\0\1' + name('d.test') + b'\0\0\0\4\0\1\0\4\0\1\0\4\3a,b\0\2\0\0\0\3\0\2\1\xbb\0\4\0\4\1\2\3\4\0\5\0\2\1\2\0\6\0\x10' + b'\x20' * 16 + b'\0\7\0\2/q\xff\0\0\1"',
    256: b'\0\1\0\2https://a.test/', 257: b'\0\5issueca.test', 65534: b'\1\2\xff',
}
seeds.update({f'data-{kind}': message(0x8180, ([record(HERE, kind, 60, data)], [], [opt()])) for kind, data in DATA.items()})
os.makedirs(sys.argv[1], exist_ok=True)
for key, data in seeds.items():
    open(f'{sys.argv[1]}/{key}', 'wb').write(data)

# Orders for fuzz_engine.c: a raw query, and the raw answer to it; or a question of its own and records behind it.
def raw(order, data):
    data = data[:600 if order == 0 else 2040]
    data += b'\0' * (-len(data) % 8)
    return bytes([order, len(data) // 8]) + data

def lives():
    for key, data in seeds.items():
        if key.startswith('query'):
            yield key, b'\0' + raw(0, data) + raw(64, data)
        else:
            counts, rest = data[6:12], data[33:33 + 2040]
            rest += b'\0' * (-len(rest) % 8)
            answer = b'\0\0' + data[2:4] + counts[1:2] + counts[3:4] + counts[5:6] + bytes([len(rest) // 8]) + rest
            question = bytes([1, 32, 0x12, 0x34, 1, 0, 1, 0, 4, 0xd0, 0, 0x80, 0, 0])
            yield key, b'\x10' + question + b'\4' + answer + b'\7\x10\0' + question + b'\x46\0\4' + answer + b'\x47\1\0' + question
if len(sys.argv) > 2:
    os.makedirs(sys.argv[2], exist_ok=True)
    for key, data in lives():
        open(f'{sys.argv[2]}/{key}', 'wb').write(data)

# Records for fuzz_cache_image.c: age, life, hits, flags, size, answer. One for each, and all of them in a row.
def records():
    every = b''
    for i, (key, data) in enumerate(seeds.items()):
        record = struct.pack('>IHBBH', 1 + 37 * i, 300, i % 5, i % 16, len(data)) + data
        every += record
        yield key, record
        if 'nxdomain' in key:
            yield key + '-all-types', struct.pack('>IHBBH', 5, 3, 0, 2, len(data)) + data
    yield 'all', every
if len(sys.argv) > 3:
    os.makedirs(sys.argv[3], exist_ok=True)
    for key, data in records():
        open(f'{sys.argv[3]}/{key}', 'wb').write(data)
