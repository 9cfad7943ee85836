using System.Globalization;
using Lode.Bench.Tracking;

// Measures the tracking server and store; prints each figure beside MLflow's and beside the goal.
//   dotnet run -c Release --project bench/Lode.Bench.Tracking [-- PART…] [--seconds 4] [--points 10000000] [--server PATH/lode.dll]
// Parts: journal (a program's log call to the durable store), store (bytes, histories, buckets, ingestion), rest (a real server
// process under HTTP load), search (--runs 1000000 --repeats 5 --store postgres://…; see SearchBench.cs). Default: all of these.
// And only when named: bound (log-metric beside the least it can cost, a bare Kestrel and one table of SQLite, in turn), sweep (ask and tell of studies over HTTP, beside Optuna), agent (--trials 300 of a program that does nothing, --repeats 3, beside the bare program), fleet (--agents 1000 with 10,000 trials in the queue), faults (a real server killed under load, --kills 100 --store postgres://…; see docs/reliability.md). CPU is that of the server process, user and system, read from the operating system.
string[] parts = [.. args.TakeWhile(arg => !arg.StartsWith("--", StringComparison.Ordinal))];
var seconds = Option("--seconds", 4);
var server = Text("--server") ?? Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Lode.Cli/release/lode.dll"));

if (Wants("journal"))
    await JournalBench.RunAsync(Option("--journal-points", 200_000), 5);
if (Wants("store"))
    await StoreBench.RunAsync(Option("--points", 10_000_000));
if (Wants("search"))
    await SearchBench.RunAsync(Option("--runs", 10_000), Option("--repeats", 5), Text("--store"));
if (Wants("rest"))
    await RestBench.RunAsync(server, TimeSpan.FromSeconds(seconds));
if (parts.Contains("bound"))
    await BoundBench.RunAsync(server, TimeSpan.FromSeconds(seconds), Option("--repeats", 3));
if (parts.Contains("sweep"))
    await SweepBench.RunAsync(server, TimeSpan.FromSeconds(seconds));
if (parts.Contains("agent"))
    await AgentBench.RunAsync(server, Option("--trials", 300), Option("--repeats", 3));
if (parts.Contains("fleet"))
    await FleetBench.RunAsync(server, Option("--agents", 1000));
if (parts.Contains("bare-server"))
    await BareServer.RunAsync(Text("--home")!);
if (parts.Contains("faults"))
    await FaultBench.RunAsync(server, Option("--kills", 100), Text("--store"));
return Environment.ExitCode;

bool Wants(string part) => parts.Length == 0 || parts.Contains(part);

string? Text(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

int Option(string name, int usual) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
