#!/usr/bin/env python3
"""Lode beside scikit-learn and XGBoost, in turn, on the same files: ratios of time, memory and test metrics.

    dotnet build -c Release bench/Lode.Bench.Learning
    python3 bench/Lode.Bench.Learning/compare.py --lode PROGRAM --folder DIR [--sets a,b] [--learners x,y] [--repeat 3] [--threads 2] [--native]

DIR holds NAME.train.csv and NAME.test.csv with a column 'target'. PROGRAM is the bench that dotnet built. Needs python3 with pandas,
scikit-learn and xgboost, which are the user's own. One table a learner; CPU seconds are of all threads. --native: missing values and
categories are left to the learners that take them (hist_gb)."""
import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time

RECIPES = {
    "hist_gb": dict(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, min_samples_leaf=20, max_bins=255, l2_regularization=0.0, early_stopping=False),
    "xgb_depth6": dict(n_estimators=100, max_depth=6, learning_rate=0.1, tree_method="hist", max_bin=256, reg_lambda=1.0, min_child_weight=1),
    "xgb_leaf31": dict(n_estimators=100, max_depth=0, max_leaves=31, grow_policy="lossguide", learning_rate=0.1, tree_method="hist", max_bin=256,
                       reg_lambda=1.0, min_child_weight=1),
    "random_forest": dict(n_estimators=100),
    "extra_trees": dict(n_estimators=100),
    "decision_tree": dict(),
    "logreg": dict(C=1.0, max_iter=200, tol=1e-4),
    "ada_boost": dict(n_estimators=50),
    "bagging": dict(n_estimators=10),
    "voting": dict(hist_gb__early_stopping=False),
    "lasso": dict(alpha=0.1),
    "elastic_net": dict(alpha=0.1, l1_ratio=0.5),
    "huber": dict(epsilon=1.35, alpha=1e-4),
    "bayesian_ridge": dict(),
}
NUMBERS_ONLY = ("lasso", "elastic_net", "huber", "bayesian_ridge")


def peer(arguments):
    """One fit by the peer, in a process of its own; prints a line of JSON."""
    import warnings
    warnings.filterwarnings("ignore")
    import numpy as np
    import pandas as pd
    from sklearn import ensemble, linear_model, metrics, preprocessing, tree

    train, test = (pd.read_csv(os.path.join(arguments.folder, f"{arguments.sets}.{part}.csv"), keep_default_na=False, na_values=[""])
                   for part in ("train", "test"))
    classify = train["target"].dtype == object or train["target"].nunique() <= 20
    if arguments.task:
        classify = arguments.task != "regression"
    features = pd.concat([train, test]).drop(columns=[name for name in ("target", "date") if name in train])
    name = arguments.learners
    categorical = [column for column in features if features[column].dtype == object]
    if arguments.native and name == "hist_gb":
        mask = [column in categorical for column in features]
        for column in categorical:
            features[column] = features[column].astype("category").cat.codes.replace(-1, np.nan)
    else:
        mask = None
        features = pd.get_dummies(features)
        features = features.fillna(features.median())
    x = np.ascontiguousarray(features.to_numpy(float))
    y = pd.concat([train["target"], test["target"]])
    y = y.astype(str).astype("category").cat.codes.to_numpy() if classify else y.to_numpy(float)
    n = len(train)
    xa, xb, ya, yb = x[:n], x[n:], y[:n], y[n:]
    options = dict(RECIPES[name], **json.loads(arguments.params))
    if name == "logreg" or name in NUMBERS_ONLY:
        scaler = preprocessing.StandardScaler().fit(xa)
        xa, xb = scaler.transform(xa), scaler.transform(xb)

    def make():
        if name.startswith("xgb"):
            import xgboost
            return (xgboost.XGBClassifier if classify else xgboost.XGBRegressor)(**options, n_jobs=arguments.threads, random_state=arguments.seed)
        if name == "hist_gb":
            kind = ensemble.HistGradientBoostingClassifier if classify else ensemble.HistGradientBoostingRegressor
            return kind(**options, random_state=arguments.seed, categorical_features=mask)
        if name in ("random_forest", "extra_trees"):
            kind = {"random_forest": (ensemble.RandomForestRegressor, ensemble.RandomForestClassifier),
                    "extra_trees": (ensemble.ExtraTreesRegressor, ensemble.ExtraTreesClassifier)}[name][classify]
            return kind(**options, n_jobs=arguments.threads, random_state=arguments.seed)
        if name == "decision_tree":
            return (tree.DecisionTreeClassifier if classify else tree.DecisionTreeRegressor)(random_state=arguments.seed)
        if name == "ada_boost":
            return (ensemble.AdaBoostClassifier(**options, algorithm="SAMME", random_state=arguments.seed) if classify
                    else ensemble.AdaBoostRegressor(**options, random_state=arguments.seed))
        if name == "bagging":
            return (ensemble.BaggingClassifier if classify else ensemble.BaggingRegressor)(**options, n_jobs=1, random_state=arguments.seed)
        if name == "voting":
            of = "Classifier" if classify else "Regressor"
            parts = [(part, getattr(ensemble, part + of)(random_state=arguments.seed, **more)) for part, more in
                     (("ExtraTrees", dict(n_jobs=arguments.threads)), ("HistGradientBoosting", dict(early_stopping=False)), ("RandomForest", dict(n_jobs=arguments.threads)))]
            return ensemble.VotingClassifier(parts, voting="soft") if classify else ensemble.VotingRegressor(parts)
        if name in NUMBERS_ONLY:
            return {"lasso": linear_model.Lasso, "elastic_net": linear_model.ElasticNet, "huber": linear_model.HuberRegressor,
                    "bayesian_ridge": linear_model.BayesianRidge}[name](**options)
        return linear_model.LogisticRegression(**options) if classify else linear_model.Ridge(alpha=1.0)

    def timed(action):
        wall, used = time.perf_counter(), sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        value = action()
        return value, time.perf_counter() - wall, sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - used

    base = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    fits, predictions = [], []
    for _ in range(arguments.repeat):
        model = make()
        fits.append(timed(lambda: model.fit(xa, ya))[1:])
        predicted, *spent = timed(lambda: model.predict_proba(xb) if classify else model.predict(xb))
        predictions.append(spent)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    result = dict(fit_s=min(f[0] for f in fits), fit_cpu_s=min(f[1] for f in fits), predict_s=min(p[0] for p in predictions),
                  predict_cpu_s=min(p[1] for p in predictions), extra_mb=peak - base)
    if classify:
        shares = np.clip(predicted, 1e-15, 1)
        shares /= shares.sum(1, keepdims=True)
        result.update(value=float(-np.mean(np.log(shares[np.arange(len(yb)), yb]))), second=float(np.mean(predicted.argmax(1) == yb)))
    else:
        result.update(value=float(math.sqrt(np.mean((predicted - yb) ** 2))), second=float(metrics.r2_score(yb, predicted)))
    print(json.dumps(result))


def run(command, arguments):
    environment = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads), OPENBLAS_NUM_THREADS=str(arguments.threads), OMP_WAIT_POLICY="passive")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def mean(runs):
    return {key: sum(r[key] for r in runs) / len(runs) if key in ("value", "second") else min(r[key] for r in runs) for key in runs[0]}


def compare(arguments):
    sets = arguments.sets.split(",") if arguments.sets else sorted(n[:-10] for n in os.listdir(arguments.folder) if n.endswith(".train.csv"))
    tasks = {}
    described = os.path.join(arguments.folder, "meta.json")
    if os.path.exists(described):
        listed = json.load(open(described))
        for item in listed.values() if isinstance(listed, dict) else listed:
            if isinstance(item, dict):
                tasks[item.get("name")] = item.get("task")
        if isinstance(listed, dict):
            tasks.update({name: item.get("task") for name, item in listed.items() if isinstance(item, dict)})
    for learner in arguments.learners.split(","):
        print(f"\n{learner}\n\n| data | Lode | peer | second: Lode | peer | fit cpu s | peer | ratio | predict cpu s | peer | ratio | MB | peer |\n"
              "|---|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
        relative, wins = [], 0
        fits, predictions = [], []
        for name in [name for name in sets if learner not in NUMBERS_ONLY or (tasks.get(name) or "regression").startswith("regression")]:
            ours, theirs = [], []
            for seed in range(arguments.seed, arguments.seed + arguments.seeds):
                task = (tasks.get(name) or "").split(" ")[0]
                options = dict(RECIPES[learner], **json.loads(arguments.params))
                extra = ["--params", json.dumps(options)] if learner != "logreg" else []
                extra += (["--native"] if arguments.native else []) + (["--task", task] if task else [])
                common = ["--threads", str(arguments.threads), "--repeat", str(arguments.repeat), "--seed", str(seed)] + extra
                ours.append(run([arguments.lode, "--train", os.path.join(arguments.folder, f"{name}.train.csv"), "--test",
                                 os.path.join(arguments.folder, f"{name}.test.csv"), "--learner", learner, "--json"] + common, arguments))
                ours[-1]["second"] = ours[-1].get("accuracy", ours[-1].get("r2"))
                ours[-1] = {key: ours[-1][key] for key in ("value", "second", "fit_cpu_s", "predict_cpu_s", "extra_mb", "fit_s", "predict_s")}
                theirs.append(run([sys.executable, os.path.abspath(__file__), "--peer", "--folder", arguments.folder, "--sets", name,
                                   "--learners", learner] + common, arguments))
            a, b = mean(ours), mean(theirs)
            relative.append(math.log(a["value"] / b["value"]))
            wins += a["value"] < b["value"]
            fits.append(a["fit_cpu_s"] / max(b["fit_cpu_s"], 1e-9))
            predictions.append(a["predict_cpu_s"] / max(b["predict_cpu_s"], 1e-9))
            print(f"| {name} | {a['value']:.5g} | {b['value']:.5g} | {a['second']:.4f} | {b['second']:.4f} | {a['fit_cpu_s']:.3f} | {b['fit_cpu_s']:.3f} | "
                  f"{a['fit_cpu_s'] / max(b['fit_cpu_s'], 1e-9):.2f} | {a['predict_cpu_s']:.3f} | {b['predict_cpu_s']:.3f} | "
                  f"{a['predict_cpu_s'] / max(b['predict_cpu_s'], 1e-9):.2f} | {a['extra_mb']:.0f} | {b['extra_mb']:.0f} |", flush=True)
        print(f"\nGeometric mean of the ratios of the first metric: {math.exp(sum(relative) / len(relative)):.4f}; lower on {wins} of {len(relative)}. "
              f"Medians of the ratios of CPU: fit {statistics.median(fits):.2f}, predict {statistics.median(predictions):.2f}.", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lode", help="the bench program that dotnet built")
    parser.add_argument("--folder", required=True, help="where NAME.train.csv and NAME.test.csv are")
    parser.add_argument("--sets", default="", help="names with commas between them; default: all in the folder")
    parser.add_argument("--learners", default="hist_gb,xgb_depth6,xgb_leaf31", help=", ".join(RECIPES))
    parser.add_argument("--repeat", type=int, default=3, help="fits of each side; the fastest counts")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="seeds whose metrics are averaged")
    parser.add_argument("--threads", type=int, default=2, help="threads of each side")
    parser.add_argument("--params", default="{}", help="JSON: options that replace the recipe's, on both sides")
    parser.add_argument("--native", action="store_true", help="leave missing values and categories to the learner")
    parser.add_argument("--task", default="", help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    peer(given) if given.peer else compare(given)
