"""An agent in a page of Python: asks for trials, works on them, tells. Called as `lode agent STUDY --slots 1 --server URL [--trials N]`."""
import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["agent"])
parser.add_argument("study")
parser.add_argument("--server")
parser.add_argument("--slots", type=int)
parser.add_argument("--trials", type=int, default=1 << 30)
args = parser.parse_args()
study, server, most = args.study, args.server, args.trials
name = f"slurm-{os.environ['SLURM_ARRAY_JOB_ID']}_{os.environ['SLURM_ARRAY_TASK_ID']}"


def call(path, body):
    """Calls the server, again and again while it is away."""
    for _ in range(100):
        request = urllib.request.Request(f"{server}/api/v1/studies/{study}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        if "LODE_TOKEN" in os.environ:
            request.add_header("Authorization", "Bearer " + os.environ["LODE_TOKEN"])
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise
            time.sleep(0.2)
        except OSError:
            time.sleep(0.2)
    sys.exit("the server is gone")


while most > 0:
    answer = call("/ask", {"agent": name, "key": f"{name}-{os.getpid()}-{most}"})
    if not answer["trials"]:
        if answer.get("retryAfter") is None:
            break
        time.sleep(min(1.0, answer["retryAfter"]))
        continue
    most -= 1
    trial = answer["trials"][0]
    print("trial", trial["number"], "attempt", trial["attempt"], flush=True)
    wait = os.path.join(os.getcwd(), f"wait-{trial['number']}-{trial['attempt']}")
    while os.path.exists(wait):
        time.sleep(0.05)
    x = trial["params"]["x"]
    time.sleep(float(os.environ.get("WORK", "0.02")))
    call(f"/trials/{trial['number']}/tell", {"attempt": trial["attempt"], "values": [(x - 0.3) ** 2]})
