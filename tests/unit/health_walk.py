#!/usr/bin/python3
"""Plays the scenarios and random walks of health_model.py, and writes down each event with what the model makes of it, for
health_walk.c to do the same and compare.  usage: health_walk.py WALKS EVENTS"""
import math, os, random, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import health_model as model

BASE = 10**12                           # the C side holds 0 to be never
Real = random.Random
draws = []

class Random(Real):
    """Notes the jitter that is drawn, and keeps time on a grid that both sides hold exactly."""
    def uniform(self, a, b):
        r = Real.uniform(self, -1, 1)
        draws.append(r)
        return r * b
    def expovariate(self, rate):
        return math.ceil(Real.expovariate(self, rate) * 64) / 64

class Model(model.Model):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.ids = {}
        print('start', len(self.u))
    def note(self, t, *words):
        states = ' '.join(f'{u.st} {u.consec} {u.level} {int(u.flying)} {BASE + math.ceil(u.retry_at * 1e6) if u.retry_at else 0}' for u in self.u)
        print(BASE + math.ceil(t * 1e6), *words, '|', *map(repr, draws), '|', states)
        draws.clear()
    def ok(self, i, t, fresh=False):
        super().ok(i, t, fresh); self.note(t, 'ok', i, int(fresh))
    def soft(self, i, t, incident, connect=False):
        n = self.ids.setdefault(incident, len(self.ids) + 1)
        r = super().soft(i, t, incident, connect); self.note(t, 'soft', i, n, int(connect), int(bool(r))); return r
    def hard(self, i, t, kind):
        r = super().hard(i, t, kind); self.note(t, 'hard', i, int(kind == 'tls_verify'), int(bool(r))); return r
    def probe(self, i, t, good):
        super().probe(i, t, good); self.note(t, 'probe', i, int(good))
    def stale(self, i, t):
        super().stale(i, t); self.note(t, 'stale', i)
    def localnet(self, i, t):
        super().localnet(i, t); self.note(t, 'localnet', i)
    def overload(self, i, t, sec):
        super().overload(i, t, sec); self.note(t, 'overload', i, max(sec, 1))
    def epoch(self, t):
        super().epoch(t); self.note(t, 'epoch')
    def query(self, t):
        r = super().query(t)
        self.note(t, 'query', r[0], -1 if r[1] is None else r[1], -1 if r[2] is None else r[2]); return r
    def probe_start(self, u):
        r = super().probe_start(u)
        # Called by soft and hard, too, which say so themselves.
        if sys._getframe(1).f_code.co_name not in ('soft', 'hard'):
            self.note(self.last if hasattr(self, 'last') else 0, 'start_probe', u.n, int(bool(r)))
        return r

# Scenarios and walks as they are in the model, with this Model in the place of its own, and shorter walks.
source = open(model.__file__).read()
walks, events = int(sys.argv[1]), int(sys.argv[2])
space = vars(model)
space['Model'], space['random'] = Model, type('random', (), {'Random': Random})
exec(compile(source[source.index('def scen'):source.index("if __name__")].replace('range(4000)', f'range({events})'), 'scenarios', 'exec'), space)
space['scen']()
for seed in range(walks):
    space['walk'](seed)
