#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random walks of health_model.py: each event is written down with what the model makes of it, for health_walk.c to do
the same and compare.  usage: health_walk.py FIRST_SEED WALKS EVENTS

The model runs in whole microseconds and draws its jitter as a fraction, so that both sides compute exactly the same.
Half of the times are such that something is just due, or just before or after: there < for <= and a forgotten clause
show."""
import os, random, sys
from fractions import Fraction
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from health_model import Model, U, H, S, F, T

SEC = 10**6
UNIT = 10**6                            # HEALTH_JITTER_UNIT
START = 10**12                          # health.c takes 0 for never
ROUTES = 'normal', 'last-resort', 'join', 'fail-fast'   # as in HealthRoute
OUTCOMES = 'ok', 'bad', 'rest', 'verify', 'local'       # of a probe

def whole(**p):
    """The model's parameters in microseconds, and jitter as a fraction."""
    times = dict(window=60, base=2, cap=300, ad_gap0=1, lr_cap=5, ad_cap=5, flap_win=600, decay=60, pool_grace=10,
                 corr=5, ov_min=1, ov_default=5, ov_max=300)
    return {**{k: v * SEC for k, v in times.items()}, 'jit': Fraction(20, 100), 'gap': SEC // 2, 'at_once': 2, **p}

# What they are called in HealthParameters, in this order in a walk's first line.
NAMES = ('fail_consec ratio_min window probe_max at_once gap base cap ad_gap0 lr_cap ad_cap rise flap_n flap_win '
         'flap_rise decay pool_grace corr ov_default ov_max').split()

class Jitter:
    def __init__(self, seed):
        self.random, self.drawn = random.Random(seed), []
    def uniform(self, low, high):
        k = self.random.choice((-UNIT, UNIT, 0, self.random.randint(-UNIT, UNIT)))
        self.drawn.append(k)
        return Fraction(k, UNIT) * high

class Whole(Model):
    """The model, and what HEALTH.md has beyond it: the bound on probes at once, the class CONFIG, the time of the next
    probe (row 9), what else a probe may meet, and trials without a query (active mode)."""
    def __init__(self, n, seed, p):
        super().__init__(n, seed, **p)
        self.rng, self.config_failures = Jitter(seed), [0] * n
    def drawn(self):
        d, self.rng.drawn = self.rng.drawn, []
        for u in self.u:
            u.retry_at = int(u.retry_at)
        self.lr_at = int(self.lr_at)
        return d
    def probe_start(self, u):
        return sum(x.flying for x in self.u) < self.p['at_once'] and super().probe_start(u)
    def healthy(self, u, t):
        super().healthy(u, t)
        self.config_failures[u.n] = 0
    def ok(self, i, t, fresh=False):
        super().ok(i, t, fresh)
        self.config_failures[i] = 0
    def config(self, i, t):
        if self.u[i].st != T:
            self.config_failures[i] += 1
            if self.config_failures[i] == 1:
                return False
        return self.hard(i, t, 'http4xx')
    def rest(self, i, t, retry_after):
        self.overload(i, t, retry_after if retry_after else self.p['ov_default'])
    def epoch(self, t):
        super().epoch(t)
        self.config_failures = [0] * len(self.u)
    def abandon(self, i):
        u = self.u[i]
        u.flying = False
        if u.st == T:
            u.st = F
    def trial(self, i, t, due):
        u = self.u[i]
        if u.st != F or due and t < u.retry_at or any(x.st == T for x in self.u):
            return False
        u.st, u.flying = T, True
        return True
    def probe_over(self, i, t, outcome, retry_after):
        """-> when the next may start, or -1"""
        u = self.u[i]
        if u.st == S and outcome == 'rest':
            self.rest(i, t, retry_after)
        elif u.st == S and outcome == 'verify':
            self.hard(i, t, 'tls_verify')
        elif outcome == 'local':
            u.flying = False
            self.localnet(i, t) if u.st == S else None
        else:
            self.probe(i, t, outcome == 'ok')
        if u.st != S:
            return -1
        gap = self.p['gap']
        return int(t + gap * (1 + self.rng.uniform(-self.p['jit'], self.p['jit'])))

def parameters(r):
    kind = r.randrange(4)
    if kind == 0:                       # HEALTH.md, chapter 3
        return whole()
    if kind == 1:                       # health_defaults
        return whole(ad_gap0=SEC * 8 // 10, lr_cap=SEC * 8 // 10)
    if kind == 2:                       # no bound on probes, as in the model
        return whole(at_once=99)
    base = r.choice((100, 500, 2000, 60000)) * 1000
    cap = r.choice((60, 300, 3600)) * SEC
    return whole(base=base, cap=cap, ad_cap=r.choice((1, 5)) * SEC, rise=r.choice((1, 1, 2)),
                 fail_consec=r.choice((1, 2, 5)), ratio_min=r.choice((2, 8)), flap_n=r.choice((1, 3, 8)),
                 probe_max=r.choice((1, 2, 3)), at_once=r.choice((1, 2, 3)), gap=r.choice((0, 500, 1000)) * 1000,
                 decay=r.choice((1, 60)) * SEC, window=r.choice((5, 60)) * SEC)

def next_time(m, r, t, pace):
    """Later by some time at this walk's pace, or when something is due."""
    if r.random() < .5:
        return t + 1 + int(r.expovariate(1) * pace)
    p, u = m.p, r.choice(m.u)
    due = [u.retry_at, m.lr_at, u.last_ok + p['corr'], u.last_fail + p['corr'], u.pool_ok + p['pool_grace']]
    if u.ring:
        due.append(r.choice(u.ring)[0] + p['window'])
    if u.trips:
        due.append(r.choice(u.trips) + p['flap_win'])
    if u.hs is not None:
        due.append(u.hs + p['decay'] * r.randrange(1, 4))
    due = [d + r.choice((-1, 0, 0, 1)) for d in due]
    due = [d for d in due if t < d < t + 20 * pace]
    return r.choice(due) if due else t + r.choice((0, 1))

def walk(seed, events, out):
    r = random.Random(seed)
    n, p = r.choice((1, 1, 2, 2, 3, 3, 4)), parameters(r)
    m, t = Whole(n, seed, p), START
    pace = r.choice((SEC // 50, SEC // 2, 5 * SEC, 60 * SEC))
    health = r.choice((1, 3, 9))        # how often all is well
    pairs = [('query', 6), ('ok', health * 3), ('soft', 6), ('refused', 1), ('verify', .4), ('config', .6),
             ('rest', .3), ('local', .6), ('stale', .3), ('in_order', .3), ('start', .5), ('over', 3), ('abandon', .1),
             ('trial', .5), ('epoch', r.choice((0, .02, .2)))]
    kinds, weights = [k for k, _ in pairs], [w for _, w in pairs]
    out.append(f'walk {seed} {n} ' + ' '.join(str(p[k] if k in p else m.p[k]) for k in NAMES))
    incident = [1] * n
    for e in r.choices(kinds, weights, k=events):
        t, i, words, result = next_time(m, r, t, pace), r.randrange(n), '', 0
        if e == 'query':
            route, up, beside = m.query(t)
            numbers = ROUTES.index(route), -1 if up is None else up, -1 if beside is None else beside
            result = ' '.join(map(str, numbers))
        elif e == 'ok':
            fresh = r.random() < .3
            m.ok(i, t, fresh)
            words = f'{int(fresh)}'
        elif e == 'soft':
            incident[i] += r.random() < .7
            k, connecting = max(1, incident[i] - r.choice((0, 0, 0, 1, 7))), r.random() < .2
            result = m.soft(i, t, k, connecting)
            words = f'{k} {int(connecting)}'
        elif e == 'refused':
            result = m.hard(i, t, 'refused')
        elif e == 'verify':
            result = m.hard(i, t, 'tls_verify')
        elif e == 'config':
            result = m.config(i, t)
        elif e == 'rest':
            after = r.choice((0, 1, SEC // 2, 30 * SEC, 301 * SEC, 10**15))
            m.rest(i, t, after)
            words = f'{after}'
        elif e == 'local':
            m.localnet(i, t)
        elif e == 'stale':
            m.stale(i, t)
        elif e == 'start':
            if m.u[i].st in (F, T):
                continue
            result = m.probe_start(m.u[i])
        elif e == 'over':
            flying = [u.n for u in m.u if u.flying and u.st != T]
            if not flying:
                continue
            i, after = r.choice(flying), r.choice((0, 7 * SEC))
            outcome = r.choices(OUTCOMES, (3, 5, .3, .3, .5))[0]
            result = m.probe_over(i, t, outcome, after)
            words = f'{OUTCOMES.index(outcome)} {after}'
        elif e == 'abandon':
            m.abandon(i)
        elif e == 'trial':
            due = r.random() < .5
            result = m.trial(i, t, due)
            words = f'{int(due)}'
        elif e == 'epoch':
            m.epoch(t)
        drawn = m.drawn()
        if isinstance(result, bool):
            result = int(result)
        assert sum(u.st == T for u in m.u) <= 1
        states = ' '.join(f'{u.st[0]} {u.consec} {u.level} {u.retry_at} {int(u.flying)} {u.pf} {u.succ}' for u in m.u)
        out.append(f"{e} {t} {i} {words} | {result} | {' '.join(map(str, drawn))} | {m.lr_at} {m.lr_gap} {states}")

def main():
    first, walks, events = map(int, sys.argv[1:])
    for seed in range(first, first + walks):
        out = []
        walk(seed, events, out)
        sys.stdout.write('\n'.join(out) + '\n')

if __name__ == '__main__':
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:             # health_walk has found enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
