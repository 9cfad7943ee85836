#!/usr/bin/env bash
# Runs every test: .NET, dashboard, browser. Installs what they need when it may; says loudly what it had to skip.
# The last line is 'N passed, N failed, N skipped'; the exit code is 1 when anything failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
results=$root/artifacts/test-results
rm -rf "$results"; mkdir -p "$results"
passed=0 failed=0 skipped=0
export LODE_HOME=$results/home # no test may touch the user's own data
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

section() { printf '\n== %s\n' "$1"; }
count() { passed=$((passed + $1)); failed=$((failed + $2)); skipped=$((skipped + $3)); printf '%s: %d passed, %d failed, %d skipped\n' "$4" "$1" "$2" "$3"; }
finish() { section "all"; echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ] && [ "$passed" -gt 0 ]; exit; }
broken() { echo "FAILED: $1" >&2; failed=$((failed + 1)); finish; }
json() { node -e "const r = JSON.parse(require('fs').readFileSync(process.argv[1])); console.log($2)" "$1" 2>/dev/null; }

command -v dotnet >/dev/null || broken "the .NET 10 SDK is not on the path"
command -v npm >/dev/null || broken "Node.js 20 with npm is not on the path"

section "browser"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 chromium; } >"$results/apt.log" 2>&1 || tail -5 "$results/apt.log"
    browser=$(command -v chromium || true)
fi
echo "${browser:-none}"

section "PostgreSQL"
postgres=$(ls -d "${LODE_PG_BIN:-/nowhere}/initdb" /usr/lib/postgresql/*/bin/initdb 2>/dev/null | head -1)
if [ -z "$postgres" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing postgresql"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 postgresql; } >"$results/apt.log" 2>&1 || tail -5 "$results/apt.log"
    postgres=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | head -1)
fi
echo "${postgres:-none}"
[ -n "$postgres" ] || echo "SKIPPED: the tests on PostgreSQL need its server (as root: apt-get install postgresql)"

section "Slurm"
slurm=$(command -v slurmctld || ls /usr/sbin/slurmctld 2>/dev/null)
if [ -z "$slurm" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing slurm-wlm"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 slurm-wlm munge; } >"$results/apt.log" 2>&1 || tail -5 "$results/apt.log"
    slurm=$(command -v slurmctld || ls /usr/sbin/slurmctld 2>/dev/null)
fi
echo "${slurm:-none}"
[ -n "$slurm" ] && [ "$(id -u)" = 0 ] || echo "SKIPPED: the tests on Slurm need it, and root to start its nodes (apt-get install slurm-wlm munge)"

section "build"
dotnet restore Lode.slnx --locked-mode 2>&1 | grep -E "error|warning" ; [ "${PIPESTATUS[0]}" = 0 ] || broken "dotnet restore"
dotnet build Lode.slnx -c Release --no-restore 2>&1 | grep -E "error|warning|Warn|Elapsed" | sort -u ; [ "${PIPESTATUS[0]}" = 0 ] || broken "dotnet build"

section ".NET"
for project in tests/*.Tests; do
    name=$(basename "$project")
    dotnet test "$project" -c Release --no-build --logger "trx;LogFileName=$name.trx" --results-directory "$results" >"$results/$name.log" 2>&1
    code=$?
    counters=$(grep -oE '<Counters [^>]*' "$results/$name.trx" 2>/dev/null | head -1)
    if [ -z "$counters" ]; then
        tail -20 "$results/$name.log"; count 0 1 0 "$name (wrote no results)"; continue
    fi
    number() { grep -oE " $1=\"[0-9]+\"" <<<"$counters" | grep -oE '[0-9]+'; }
    total=$(number total) executed=$(number executed) ok=$(number passed)
    bad=$((executed - ok)); [ "$code" = 0 ] || [ "$bad" -gt 0 ] || bad=1
    [ "$bad" = 0 ] || grep -E -A 12 '^\s+Failed ' "$results/$name.log" | head -100
    count "$ok" "$bad" $((total - executed)) "$name"
done

section "dashboard"
cd dashboard
npm run --silent typecheck || count 0 1 0 "typecheck"
npx --no-install vitest run --reporter=json --outputFile="$results/vitest.json" >"$results/vitest.log" 2>&1 || tail -40 "$results/vitest.log"
if read -r ok bad left < <(json "$results/vitest.json" "r.numPassedTests, r.numFailedTests + (r.numFailedTestSuites && !r.numFailedTests ? 1 : 0), r.numPendingTests + r.numTodoTests"); then
    count "$ok" "$bad" "$left" "vitest"
else
    count 0 1 0 "vitest (wrote no results)"
fi
cd "$root"

section "browser"
if [ -z "$browser" ]; then
    echo "SKIPPED: the browser tests need Chromium (as root: apt-get install chromium)"
    count 0 0 "$(grep -cE '^\s*test\(' dashboard/e2e/*.spec.ts)" "browser"
else
    export LODE_HOME=$results/browser
    ./lode demo --no-serve --port 0 >"$results/demo.log" 2>&1 || { cat "$results/demo.log"; broken "./lode demo"; }
    ./lode up --port 0 --json >"$results/up.json" 2>"$results/up.log" & server=$!
    trap 'kill $server 2>/dev/null' EXIT
    for _ in $(seq 100); do [ -n "$(json "$results/up.json" "r.address")" ] && break; sleep 0.1; done
    cd dashboard
    LODE_URL=$(json "$results/up.json" "r.address") CHROMIUM=$browser LODE_SCREENSHOT=${LODE_SCREENSHOT:-$results/dashboard.png} PLAYWRIGHT_JSON_OUTPUT_NAME=$results/browser.json \
        npx --no-install playwright test --config e2e/playwright.config.ts --reporter=json >"$results/browser.log" 2>&1
    if read -r ok bad left < <(json "$results/browser.json" "r.stats.expected + r.stats.flaky, r.stats.unexpected + r.errors.length, r.stats.skipped"); then
        [ "$bad" = 0 ] || json "$results/browser.json" "JSON.stringify(r.suites.flatMap(s => s.specs).filter(s => !s.ok).map(s => [s.title, s.tests[0].results.at(-1).error?.message]), null, 1), r.errors.map(e => e.message).join('\n')"
        count "$ok" "$bad" "$left" "browser"
    else
        tail -20 "$results/browser.log"; count 0 1 0 "browser (wrote no results)"
    fi
    cd "$root"
    kill $server; wait $server 2>/dev/null
fi
finish
