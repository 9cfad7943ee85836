using Lode.TestKit.Faults;

namespace Lode.Bench.Tracking;

/// <summary>Kills a real server under load, and prints the log: the long form of a test that runs every time.</summary>
internal static class FaultBench
{
    private const int LongestLoadMs = 2500;

    public static async Task RunAsync(string server, int kills, string? store)
    {
        var home = Directory.CreateTempSubdirectory("lode-faults-").FullName;
        Console.WriteLine($"\n{kills} kills, {(store is null ? "SQLite" : "PostgreSQL")}");
        try
        {
            await KillRun.RunAsync(new KillOptions { Dll = server, Home = home, Store = store, Kills = kills, LongestLoadMs = LongestLoadMs }, Console.WriteLine);
            Directory.Delete(home, recursive: true);
        }
        catch (FaultFoundException fault)
        {
            Console.WriteLine($"FAULT: {fault.Message}\nThe folder is kept: {home}");
            Environment.ExitCode = 1;
        }
    }
}
