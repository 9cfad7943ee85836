"""Logistic regression by stochastic gradient descent, with nothing but Python's standard library.

Prints its validation loss after each epoch, which is all that a sweep needs. Under `lode agent` it also asks
whether to go on: see should_prune.
"""
import argparse
import csv
import json
import math
import os
import random
import sys
import urllib.error
import urllib.request


def should_prune(step, value):
    """Reports a value to the sweep; True when the trial is to stop. Outside of a sweep: False."""
    if "LODE_TRIAL" not in os.environ:
        return False
    env = os.environ
    address = f"{env['LODE_SERVER']}/api/v1/studies/{env['LODE_STUDY']}/trials/{env['LODE_TRIAL']}/report"
    body = json.dumps({"attempt": int(env["LODE_ATTEMPT"]), "step": step, "values": [value]})
    request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    if "MLFLOW_TRACKING_TOKEN" in env:
        request.add_header("Authorization", "Bearer " + env["MLFLOW_TRACKING_TOKEN"])
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["stop"]
    except (urllib.error.URLError, OSError) as error:
        print(f"the sweep does not answer: {error}", file=sys.stderr)
        return False


def read(path):
    """Rows of standardised numbers with a 1 in front, and labels of 0 and 1."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    labels = [1.0 if row[-1] == "malignant" else 0.0 for row in rows]
    columns = [[float(row[i]) for row in rows] for i in range(len(rows[0]) - 1)]
    for column in columns:
        mean = sum(column) / len(column)
        spread = math.sqrt(sum((x - mean) ** 2 for x in column) / len(column)) or 1.0
        column[:] = [(x - mean) / spread for x in column]
    return [[1.0, *values] for values in zip(*columns)], labels


def probability(weights, row):
    z = sum(w * x for w, x in zip(weights, row))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--l2", type=float, default=1e-4)
    parser.add_argument("--schedule", choices=["constant", "inverse"], default="constant")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "breast_cancer.csv")
    rows, labels = read(data)
    order = list(range(len(rows)))
    random.Random(1).shuffle(order)
    train, validation = order[:400], order[400:]
    weights = [0.0] * len(rows[0])
    shuffle = random.Random(args.seed)
    for epoch in range(args.epochs):
        lr = args.lr / (1 + epoch) if args.schedule == "inverse" else args.lr
        shuffle.shuffle(train)
        for i in train:
            error = probability(weights, rows[i]) - labels[i]
            weights = [w - lr * (error * x + args.l2 * w) for w, x in zip(weights, rows[i])]
        chances = [(probability(weights, rows[i]), labels[i]) for i in validation]
        loss = -sum(math.log(max(1e-9, p if y else 1 - p)) for p, y in chances) / len(chances)
        accuracy = sum((p > 0.5) == (y > 0.5) for p, y in chances) / len(chances)
        print(f"epoch={epoch} val/loss={loss:.6f} val/accuracy={accuracy:.4f}")
        if should_prune(epoch, loss):
            print("pruned")
            return


if __name__ == "__main__":
    main()
