using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Lode.TestKit;

/// <summary>
/// A real Slurm of a test's own: munged, slurmctld, and several slurmd that stand for nodes of four processors, all on loopback, from nothing, in a folder that
/// goes away with it. Nothing is asked of a system's own. Needs root, since slurmd starts tasks as other users would.
/// </summary>
public sealed class SlurmCluster : IDisposable
{
    private static readonly Lazy<SlurmCluster> s_shared = new(() => Start(4));

    private readonly string _folder;
    private readonly int _nodes;

    private SlurmCluster(string folder, int nodes) => (_folder, _nodes) = (folder, nodes);

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing { get; } = !Environment.IsPrivilegedProcess ? "a Slurm of virtual nodes needs root"
        : new[] { "munged", "slurmctld", "slurmd", "sbatch", "squeue" }.FirstOrDefault(program => Find(program) is null) is { } program ? $"there is no {program} (as root: apt-get install slurm-wlm munge)"
        : null;

    /// <summary>The one that a test run shares, of four nodes. Clients find it by the variable SLURM_CONF, which this sets.</summary>
    public static SlurmCluster Shared => s_shared.Value;

    /// <summary>What clients need in the variable SLURM_CONF.</summary>
    public string Configuration => Path.Combine(_folder, "slurm.conf");

    public static SlurmCluster Start(int nodes)
    {
        // Open to munged's user; short, since it holds a socket.
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "lode-sl-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        var cluster = new SlurmCluster(folder, nodes);
        try
        {
            cluster.Begin();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Kills the controller as a crash would.</summary>
    public void KillController() => Signal("ctld.pid", "KILL");

    /// <summary>Starts the controller, again or for the first time, and waits until nodes answer it.</summary>
    public void StartController()
    {
        Run("slurmctld", "-f", Configuration);
        WaitFor("sinfo answers", () => Ask("sinfo", "--noheader", "--format=%T").Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } states && states.All(state => state.Trim() is "idle" or "mixed" or "allocated" or "completing"));
    }

    /// <summary>What one of Slurm's programs prints; empty where it fails.</summary>
    public string Ask(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLURM_CONF"] = Configuration;
        using var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : "";
    }

    public void Dispose()
    {
        Ask("scancel", "--quiet", "--user=root");
        foreach (var file in Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.pid") : [])
            Signal(Path.GetFileName(file), file.Contains("munge", StringComparison.Ordinal) ? "TERM" : "KILL");
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A task that still writes; the watcher comes by once more.
        }
    }

    private void Begin()
    {
        var munge = Directory.CreateDirectory(Path.Combine(_folder, "munge")).FullName;
        foreach (var name in new[] { "state", "log" })
            Directory.CreateDirectory(Path.Combine(_folder, name));
        Run("chmod", "755", _folder, munge);
        var key = new byte[1024];
        Random.Shared.NextBytes(key);
        File.WriteAllBytes(Path.Combine(munge, "key"), key);
        Run("chown", "-R", "munge:munge", munge);
        Run("chmod", "400", Path.Combine(munge, "key"));
        Run("setpriv", "--reuid=munge", "--regid=munge", "--init-groups", "munged", "--force", "-S", $"{munge}/socket", $"--key-file={munge}/key", $"--pid-file={munge}/pid", $"--log-file={munge}/log", $"--seed-file={munge}/seed");
        File.Copy(Path.Combine(munge, "pid"), Path.Combine(_folder, "munge.pid"), overwrite: true);
        var port = FreePorts(_nodes + 1);
        var host = Dns.GetHostName().Split('.')[0];
        File.WriteAllText(Configuration, string.Create(CultureInfo.InvariantCulture, $"""
            ClusterName=lode
            SlurmctldHost={host}(127.0.0.1)
            SlurmctldPort={port}
            SlurmUser=root
            SlurmdUser=root
            AuthType=auth/munge
            AuthInfo=socket={munge}/socket
            CredType=cred/munge
            SlurmctldPidFile={_folder}/ctld.pid
            SlurmdPidFile={_folder}/slurmd-%n.pid
            SlurmdSpoolDir={_folder}/spool-%n
            StateSaveLocation={_folder}/state
            SlurmctldLogFile={_folder}/log/slurmctld.log
            SlurmdLogFile={_folder}/log/slurmd-%n.log
            ProctrackType=proctrack/pgid
            TaskPlugin=task/none
            SwitchType=switch/none
            MpiDefault=none
            ReturnToService=2
            SlurmdParameters=config_overrides
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core_Memory
            SchedulerType=sched/backfill
            SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
            AccountingStorageType=accounting_storage/none
            JobAcctGatherType=jobacct_gather/none
            JobCompType=jobcomp/none
            MinJobAge=300
            KillWait=5
            InactiveLimit=0
            SlurmctldTimeout=30
            SlurmdTimeout=30
            MaxArraySize=1001
            NodeName=n[1-{_nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port={port + 1}-{port + _nodes} CPUs=4 RealMemory=4000 State=UNKNOWN
            PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
            PartitionName=short Nodes=ALL MaxTime=1 State=UP

            """).Replace("NodeName=n[1-1]", "NodeName=n1", StringComparison.Ordinal).Replace($"{port + 1}-{port + 1}", $"{port + 1}", StringComparison.Ordinal));
        StartWatcher();
        Environment.SetEnvironmentVariable("SLURM_CONF", Configuration);
        Run("slurmctld", "-f", Configuration);
        for (var i = 1; i <= _nodes; i++)
        {
            Directory.CreateDirectory(Path.Combine(_folder, $"spool-n{i}"));
            Run("slurmd", "-f", Configuration, "-N", $"n{i}");
        }
        WaitFor("all nodes are idle", () => Ask("sinfo", "--noheader", "--Node", "--partition=main", "--states=idle", "--format=%N").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == _nodes);
    }

    private void Signal(string file, string signal)
    {
        var path = Path.Combine(_folder, file);
        if (File.Exists(path) && int.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out var id))
            Run("sh", "-c", $"kill -{signal} {id} 2>/dev/null; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 {id} 2>/dev/null || exit 0; sleep 0.1; done; true");
    }

    // Test hosts are killed, so no code of theirs can be relied on to clean up: this outlives them and does.
    private void StartWatcher()
    {
        const string Script = """
            while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
            for f in "$2"/*.pid; do [ -s "$f" ] && kill -KILL "$(cat "$f")" 2>/dev/null; done
            sleep 1; rm -rf "$2"
            """;
        Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", "exec >/dev/null 2>&1 </dev/null; eval \"$0\"", Script, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), _folder]) { WorkingDirectory = "/" })!.Dispose();
    }

    private void WaitFor(string what, Func<bool> isSo)
    {
        for (var i = 0; i < 300; i++)
        {
            if (isSo())
                return;
            Thread.Sleep(100);
        }
        throw new InvalidOperationException($"Slurm did not come to the point that {what}: {string.Join('\n', Directory.GetFiles(Path.Combine(_folder, "log")).Select(file => File.ReadLines(file).LastOrDefault()))}");
    }

    // So many ports in a row, below those that the system hands out by itself.
    private static int FreePorts(int count)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            var first = Random.Shared.Next(20_000, 30_000);
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
        throw new InvalidOperationException("There are no free ports in a row.");

        static bool IsFree(int port)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    private static string? Find(string program) => new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin" }.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private void Run(string program, params string[] arguments)
    {
        // To a file, not a pipe: daemons inherit it and would keep a pipe open for ever.
        var log = Path.Combine(_folder, "commands.log");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, Find(program) ?? program, .. arguments]) { WorkingDirectory = "/" };
        start.Environment["SLURM_CONF"] = Configuration;
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {File.ReadAllText(log)}");
    }
}
