"""A small network in PyTorch that can be stopped at any time: it writes a checkpoint after each epoch and goes on
from the one that it is given with --resume."""
import argparse
import csv
import os

import torch


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    x = torch.tensor([[float(v) for v in row[:-1]] for row in rows])
    y = torch.tensor([[1.0 if row[-1] == "malignant" else 0.0] for row in rows])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    return ((x - x.mean(0)) / x.std(0))[order], y[order]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--units", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", default="runs/0")
    parser.add_argument("--resume", help="a folder with a checkpoint")
    args = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    x, y = read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "breast_cancer.csv"))
    train_x, train_y, test_x, test_y = x[:400], y[:400], x[400:], y[400:]
    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], args.units), torch.nn.ReLU(), torch.nn.Dropout(args.dropout), torch.nn.Linear(args.units, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    criterion = torch.nn.BCEWithLogitsLoss()

    first = 0
    if args.resume:
        # Wherever below the folder it lies.
        for folder, _, files in os.walk(args.resume):
            if "checkpoint.pt" in files:
                state = torch.load(os.path.join(folder, "checkpoint.pt"))
                model.load_state_dict(state["model"])
                optimizer.load_state_dict(state["optimizer"])
                first = state["epoch"] + 1
                print(f"resumed at epoch {first}")

    os.makedirs(args.out, exist_ok=True)
    for epoch in range(first, args.epochs):
        model.train()
        for i in torch.randperm(400, generator=torch.Generator().manual_seed(epoch)).split(32):
            optimizer.zero_grad()
            criterion(model(train_x[i]), train_y[i]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = criterion(model(test_x), test_y).item()
        # Whole or not at all: written beside it, then renamed.
        path = os.path.join(args.out, "checkpoint.pt")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, path + ".new")
        os.replace(path + ".new", path)
        print(f"epoch={epoch} val/loss={loss:.6f}", flush=True)


if __name__ == "__main__":
    main()
