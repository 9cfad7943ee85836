using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Lode.TestKit;

/// <summary>
/// A real PostgreSQL server of a test's own, made from nothing in a folder that goes away with it, on loopback. Nothing is asked
/// of a system's own server. As root it runs as the user postgres, which Debian's package makes, since PostgreSQL refuses root.
/// </summary>
public sealed class PostgresCluster : IDisposable
{
    private static readonly string? s_programs = FindPrograms();
    private static readonly Lazy<PostgresCluster> s_shared = new(() => Start());

    private static int s_databases;

    private readonly string _folder;
    private readonly string _options;

    private PostgresCluster(string folder, int port, bool durable)
    {
        (_folder, Port) = (folder, port);
        _options = string.Create(CultureInfo.InvariantCulture, $"-h 127.0.0.1 -p {port} -k {folder} -c max_connections=300{(durable ? "" : " -c fsync=off -c full_page_writes=off")}");
    }

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing { get; } = s_programs is null
        ? "PostgreSQL's server is not installed (as root: apt-get install postgresql-15; or LODE_PG_BIN=its bin folder)"
        : Environment.IsPrivilegedProcess && !File.ReadAllText("/etc/passwd").Contains("\npostgres:", StringComparison.Ordinal) ? "there is no user postgres to run the server as" : null;

    /// <summary>The one that a test run shares, started when first asked for. Take an own database of it.</summary>
    public static PostgresCluster Shared => s_shared.Value;

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts one.</summary>
    /// <param name="password">When given, everybody needs it; otherwise all are trusted.</param>
    /// <param name="durable">True to flush to disk as in production.</param>
    public static PostgresCluster Start(string? password = null, bool durable = false)
    {
        // Short: a socket's path may have 107 bytes. Not inside a folder that only root may enter.
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "lode-pg-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        var cluster = new PostgresCluster(folder, FreePort(), durable);
        try
        {
            if (Environment.IsPrivilegedProcess)
                Run("chown", ["postgres:postgres", folder]);
            var passwordFile = Path.Combine(folder, "password");
            File.WriteAllText(passwordFile, password ?? "none");
            cluster.RunAsServer("initdb", "-D", cluster.Data, "-U", "lode", $"--auth={(password is null ? "trust" : "scram-sha-256")}", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C");
            cluster.StartServer();
            cluster.StartWatcher();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>The address of a database on it.</summary>
    public string Address(string database, string user = "lode") => string.Create(CultureInfo.InvariantCulture, $"postgres://{user}@127.0.0.1:{Port}/{database}");

    /// <summary>The address of a new database, empty but for what a script puts there.</summary>
    public string NewDatabase(string? script = null)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref s_databases)}");
        RunAsServer("createdb", "-h", _folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "lode", name);
        if (script is not null)
            RunAsServer("psql", "-h", _folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "lode", "-v", "ON_ERROR_STOP=1", "-1", "-c", script, name);
        return Address(name);
    }

    /// <summary>Kills the server as a power cut would: no farewell to clients, no checkpoint.</summary>
    public void Kill() => RunAsServer("pg_ctl", "-D", Data, "-m", "immediate", "-s", "-w", "stop");

    /// <summary>Starts the server again after <see cref="Kill"/>; returns when it answers.</summary>
    public void StartServer() => RunAsServer("pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-t", "60", "-s", "-o", _options, "start");

    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            Kill();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Test hosts are killed, so no code of theirs can be relied on to clean up: this outlives them and does.</summary>
    private void StartWatcher()
    {
        const string Script = """
            while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
            [ -f "$2/data/postmaster.pid" ] && kill -QUIT "$(head -1 "$2/data/postmaster.pid")" && sleep 1
            rm -rf "$2"
            """;
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = "/" };
        foreach (var word in (string[])["sh", "-c", "exec >/dev/null 2>&1 </dev/null; eval \"$0\"", Script, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), _folder])
            start.ArgumentList.Add(word);
        Process.Start(start)!.Dispose();
    }

    private static string? FindPrograms()
    {
        string[] folders = Environment.GetEnvironmentVariable("LODE_PG_BIN") is { Length: > 0 } named ? [named]
            : Directory.Exists("/usr/lib/postgresql") ? [.. Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse().Select(version => Path.Combine(version, "bin"))]
            : [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)];
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void RunAsServer(string program, params string[] arguments)
    {
        var path = Path.Combine(s_programs ?? throw new InvalidOperationException(Missing), program);
        if (Environment.IsPrivilegedProcess)
            Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "env", "HOME=" + _folder, "LC_ALL=C", path, .. arguments], _folder);
        else
            Run(path, arguments, _folder);
    }

    private static void Run(string program, IReadOnlyList<string> arguments, string? folder = null)
    {
        // Output goes to a shell's file, not to a pipe: the server inherits it and would keep a pipe open for ever.
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = folder ?? "/" };
            foreach (var word in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, program, .. arguments])
                start.ArgumentList.Add(word);
            using var process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {File.ReadAllText(log)}");
        }
        finally
        {
            File.Delete(log);
        }
    }
}
