"""CPU milliseconds of one ask + suggest + tell of Optuna with 10 floats after COUNT finished trials: optuna_overhead.py SAMPLER COUNT"""
import random
import statistics
import sys
import time

import optuna
from optuna.distributions import FloatDistribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
name, count = sys.argv[1], int(sys.argv[2])
makers = {"random": "RandomSampler", "tpe": "TPESampler", "cma": "CmaEsSampler", "gp": "GPSampler"}
maker = getattr(optuna.samplers, makers[name], None)
if maker is None:
    sys.exit(3)
names = [f"x{i}" for i in range(10)]
floats = {x: FloatDistribution(-5, 5) for x in names}
study = optuna.create_study(sampler=maker(seed=1))


def sphere(params):
    return sum((v - 1) ** 2 for v in params.values())


random.seed(1)
for _ in range(count):
    params = {x: random.uniform(-5, 5) for x in names}
    study.add_trial(optuna.trial.create_trial(params=params, distributions=floats, value=sphere(params)))
spent = []
start = time.monotonic()
while len(spent) < 15 and (len(spent) < 2 or time.monotonic() - start < 10):
    before = time.process_time()
    trial = study.ask()
    value = sphere({x: trial.suggest_float(x, -5, 5) for x in names})
    study.tell(trial, value)
    spent.append(time.process_time() - before)
print(optuna.__version__, 1000 * statistics.median(spent))
