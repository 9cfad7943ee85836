using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.TestKit;
using Xunit.Abstractions;

namespace Lode.Cli.Tests;

/// <summary><c>lode run -- CMD</c> with real programs: what it passes through, what it records, and that nothing is left behind.</summary>
public sealed class RunProgramTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly TemporaryFolder _work = new();

    public void Dispose()
    {
        _home.Dispose();
        _work.Dispose();
    }

    [Theory]
    [InlineData("exit 0", 0, "finished")]
    [InlineData("exit 3", 3, "failed")]
    [InlineData("exit 255", 255, "failed")]
    [InlineData("kill -TERM $$", 143, "killed")]
    [InlineData("kill -KILL $$", 137, "killed")]
    [InlineData("kill -SEGV $$", 139, "failed")]
    public async Task Run_HowItEnds_IsReturnedAndRecorded(string script, int code, string status)
    {
        Assert.Equal(code, (await RunAsync("run", "-q", "--", "sh", "-c", script)).Code);
        using var run = await LastAsync();
        Assert.Equal(status, run.RootElement.GetProperty("status").GetString());
        Assert.Equal(code.ToString(CultureInfo.InvariantCulture), Tag(run, "lode.exit.code"));
    }

    [Fact]
    public async Task Run_AnyBytes_PassThroughUnchanged()
    {
        var bytes = new byte[3_000_000];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i * 2654435761L >> 13);
        await File.WriteAllBytesAsync(_work["bytes"], bytes);
        using var process = Start("run", "-q", "--", "sh", "-c", "cat bytes; cat bytes >&2; cat");
        await process.StandardInput.WriteAsync("from stdin");
        process.StandardInput.Close();
        var (stdout, stderr) = (new MemoryStream(), new MemoryStream());
        await Task.WhenAll(process.StandardOutput.BaseStream.CopyToAsync(stdout), process.StandardError.BaseStream.CopyToAsync(stderr));
        await process.WaitForExitAsync();
        Assert.Equal([.. bytes, .. "from stdin"u8], stdout.ToArray());
        Assert.Equal(bytes, stderr.ToArray());
    }

    [Fact]
    public async Task Run_Output_ComesWhileItRuns()
    {
        using var process = Start("run", "-q", "--", "sh", "-c", "echo first; read line; echo $line");
        Assert.Equal("first", await process.StandardOutput.ReadLineAsync());
        await process.StandardInput.WriteLineAsync("second");
        Assert.Equal("second", await process.StandardOutput.ReadLineAsync());
        await process.WaitForExitAsync();
    }

    [Fact]
    public async Task Run_NobodyReads_EndsBySigpipe()
    {
        var (code, text, _) = await ShellAsync($"{{ dotnet {LodeProcess.Dll} run -q -- yes; echo $? >&3; }} 3>code | head -n 1; cat code");
        Assert.Equal((0, "y\n141\n"), (code, text));
    }

    [Fact]
    public async Task Run_Metrics_AreRecordedWithTheirSteps()
    {
        var (code, text, error) = await RunAsync("run", "-p", "letters", "-n", "first", "-t", "team=a", "--explain", "--", "sh", "-c", "echo 'epoch: 1 loss: 0.5'; echo 'epoch=2, loss=nan'; echo '{\"epoch\": 3, \"loss\": 0.25}'; printf 'acc: 0.9'");
        Assert.Equal(0, code);
        Assert.StartsWith("epoch: 1 loss: 0.5", text, StringComparison.Ordinal);
        Assert.Contains("lode: step 2: loss = NaN  <- epoch=2, loss=nan", error, StringComparison.Ordinal);
        using var run = await LastAsync();
        Assert.Equal("first", run.RootElement.GetProperty("name").GetString());
        Assert.Equal("a", Tag(run, "team"));
        var loss = run.RootElement.GetProperty("metrics").GetProperty("loss");
        Assert.Equal((3, 3, 0.25), (loss.GetProperty("count").GetInt32(), loss.GetProperty("lastStep").GetInt32(), loss.GetProperty("last").GetDouble()));
        Assert.Equal(0.9, run.RootElement.GetProperty("metrics").GetProperty("acc").GetProperty("last").GetDouble());
        Assert.Equal("epoch: 1 loss: 0.5\nepoch=2, loss=nan\n{\"epoch\": 3, \"loss\": 0.25}\nacc: 0.9\n", await ArtifactAsync("console.log"));
    }

    [Fact]
    public async Task Run_InACheckout_KeepsCodeAndData()
    {
        Assert.Equal(0, (await ShellAsync("git init -q . && git config user.email a@b.c && git config user.name n && echo one > code.py && git add code.py && git commit -qm one && echo two >> code.py && echo new > extra.txt")).Code);
        await File.WriteAllTextAsync(_work["big.dvc"], "outs:\n- md5: 0123456789abcdef\n  path: big\n");
        Assert.Equal(0, (await RunAsync("run", "-q", "--data", "code.py", "--snapshot", "*.py", "--artifact", "out/*.txt", "--", "sh", "-c", "mkdir out; echo result > out/r.txt", "--password", "hunter2")).Code);
        using var run = await LastAsync();
        Assert.Equal(40, Tag(run, "mlflow.source.git.commit").Length);
        Assert.Equal("true", Tag(run, "lode.git.dirty"));
        Assert.Equal("md5:0123456789abcdef", Tag(run, "lode.dvc.big"));
        Assert.Matches("^sha256:[0-9a-f]{64} 8 bytes$", Tag(run, "lode.data.code.py"));
        Assert.DoesNotContain("hunter2", run.RootElement.ToString(), StringComparison.Ordinal);
        Assert.Contains("+two", await ArtifactAsync("git/diff.patch"), StringComparison.Ordinal);
        Assert.Contains("extra.txt", await ArtifactAsync("git/untracked.txt"), StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", await ArtifactAsync("source/code.py"));
        Assert.Equal("result\n", await ArtifactAsync("out/r.txt"));
    }

    [Fact]
    public async Task Run_HttpCallsFromInside_LandInTheSameRun()
    {
        const string Script = "set -e; printf 'printed: 1\\n'; "
            + "printf '{\"run_id\":\"%s\",\"key\":\"sent\",\"value\":2,\"timestamp\":1,\"step\":4}' $MLFLOW_RUN_ID > body; test $LODE_RUN_ID = $MLFLOW_RUN_ID; "
            + "curl -sf -H 'Content-Type: application/json' -d @body $MLFLOW_TRACKING_URI/api/2.0/mlflow/runs/log-metric";
        Assert.Equal(0, (await RunAsync("run", "-q", "--", "sh", "-c", Script)).Code);
        using var run = await LastAsync();
        Assert.Equal(["printed", "sent"], run.RootElement.GetProperty("metrics").EnumerateObject().Select(metric => metric.Name).Where(name => !name.StartsWith("system/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        // And with a server that was there before.
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0");
        await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));
        Assert.Equal(0, (await RunAsync("run", "-q", "-n", "second", "--", "sh", "-c", Script)).Code);
        using var second = await LastAsync();
        Assert.Equal("second", second.RootElement.GetProperty("name").GetString());
        Assert.Equal(2, second.RootElement.GetProperty("metrics").GetProperty("sent").GetProperty("last").GetDouble());
    }

    [Fact]
    public async Task Run_SystemMetrics_AreTaken()
    {
        Assert.Equal(0, (await RunAsync("run", "-q", "--", "sh", "-c", "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done")).Code);
        using var run = await LastAsync();
        var metrics = run.RootElement.GetProperty("metrics");
        Assert.InRange(metrics.GetProperty("system/memory_mb").GetProperty("last").GetDouble(), 0.1, 10_000);
        foreach (var name in (string[])["cpu_percent", "processes", "disk_read_mb", "disk_write_mb", "network_in_mb", "machine_cpu_percent", "machine_memory_percent"])
            Assert.True(metrics.TryGetProperty("system/" + name, out _), name);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task Run_Signal_IsPassedOnToTheWholeGroup(string signal, int code)
    {
        // The shell waits for its child, so both must get it.
        using var process = Start("run", "-q", "--", "sh", "-c", "echo $$; sh -c 'echo $$; exec sleep 300'; echo not reached");
        var shell = await PidAsync(process);
        var child = await PidAsync(process);
        await KillAsync(signal, process.Id);
        await process.WaitForExitAsync();
        Assert.Equal(code, process.ExitCode);
        AssertGone(shell, child);
        using var run = await LastAsync();
        Assert.Equal("killed", run.RootElement.GetProperty("status").GetString());
        Assert.Equal("SIG" + signal, Tag(run, "lode.exit.signal"));
    }

    [Fact]
    public async Task Run_SignalHandled_ExitCodeIsThePrograms()
    {
        using var process = Start("run", "-q", "--", "sh", "-c", "trap 'echo saved; exit 5' TERM; echo $$; while :; do sleep 0.05; done");
        await PidAsync(process);
        await KillAsync("TERM", process.Id);
        Assert.Equal("saved", await process.StandardOutput.ReadLineAsync());
        await process.WaitForExitAsync();
        Assert.Equal(5, process.ExitCode);
    }

    [Fact]
    public async Task Run_TimeoutOfOneThatIgnoresSigterm_EndsAllOfIt()
    {
        // One has left the group as well.
        using var process = Start("run", "-q", "--timeout", "1s", "--grace", "1s", "--", "sh", "-c", "trap '' TERM; echo $$; setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 300; done' & wait; while :; do sleep 300; done");
        var (shell, other) = (await PidAsync(process), await PidAsync(process));
        await process.WaitForExitAsync();
        Assert.Equal(124, process.ExitCode);
        AssertGone(shell, other);
        using var run = await LastAsync();
        Assert.Equal("failed", run.RootElement.GetProperty("status").GetString());
        Assert.Equal("timeout", Tag(run, "lode.exit.reason"));
    }

    [Fact]
    public async Task Run_LeavesOthersRunning_TheyAreEnded()
    {
        using var process = Start("run", "--", "sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!");
        var left = await PidAsync(process);
        Assert.Contains("left others running", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        AssertGone(left);
    }

    [Fact]
    public async Task Run_LodeIsKilled_TheRunIsStaleAndItsNumbersAreThere()
    {
        using var process = Start("run", "-q", "--", "sh", "-c", "echo $$; echo loss: 1; while :; do sleep 0.1; echo x; done");
        var program = await PidAsync(process);
        while (await process.StandardOutput.ReadLineAsync() is not "x")
        {
        }
        process.Kill();
        await process.WaitForExitAsync();
        // Its next line finds nobody who reads.
        await UntilGoneAsync(program);
        using var run = await LastAsync();
        Assert.Equal("stale", run.RootElement.GetProperty("status").GetString());
        Assert.Equal(1, run.RootElement.GetProperty("metrics").GetProperty("loss").GetProperty("last").GetDouble());
    }

    [Fact]
    public async Task Run_NoSuchProgram_127AndTheNearest()
    {
        var (code, _, error) = await RunAsync("run", "--", "slep", "1");
        Assert.Equal(127, code);
        Assert.Contains("error: command 'slep' not found", error, StringComparison.Ordinal);
        Assert.Contains("did you mean 's", error, StringComparison.Ordinal);
        using var run = await LastAsync();
        Assert.Equal("failed", run.RootElement.GetProperty("status").GetString());
        await File.WriteAllTextAsync(_work["script"], "echo no");
        Assert.Equal(126, (await RunAsync("run", "-q", "--", "./script")).Code);
        Assert.Equal(0, (await ShellAsync("chmod +x script")).Code);
        Assert.Equal((0, "no\n"), await TextAsync("run", "-q", "--", "./script"));
    }

    [Fact]
    public async Task Run_WithoutAProgram_IsMisuse()
    {
        Assert.Equal(2, (await RunAsync("run", "--")).Code);
        var (code, _, error) = await RunAsync("run", "python", "train.py");
        Assert.Equal(2, code);
        Assert.Contains("lode run -- python", error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("run", "--seed-list", "x", "--", "true")).Code);
    }

    [Fact]
    public async Task Run_HomeCannotBeWritten_TheProgramRunsAllTheSame()
    {
        await File.WriteAllTextAsync(_work["file"], "");
        var (code, text, error) = await RunAsync("run", "--home", "file", "--", "sh", "-c", "echo loss: 1; exit 9");
        Assert.Equal((9, "loss: 1\n"), (code, text));
        Assert.Contains("nothing is recorded", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ServerDies_TheRunIsBroughtInLater()
    {
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0");
        await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));
        using var process = Start("run", "-q", "--", "sh", "-c", "echo loss: 1; read line; echo loss: 2; exit 4");
        Assert.Equal("loss: 1", await process.StandardOutput.ReadLineAsync());
        await up.KillAsync();
        await process.StandardInput.WriteLineAsync("on");
        Assert.Equal("loss: 2", await process.StandardOutput.ReadLineAsync());
        await process.WaitForExitAsync();
        Assert.Equal(4, process.ExitCode);
        using var run = await LastAsync();
        Assert.Equal("failed", run.RootElement.GetProperty("status").GetString());
        Assert.Equal(2, run.RootElement.GetProperty("metrics").GetProperty("loss").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Run_Retry_EachAttemptIsARun()
    {
        var (code, text, _) = await RunAsync("run", "--retry", "3", "--", "sh", "-c", "echo x >> tries; echo try; [ $(wc -l < tries) -ge 3 ]");
        Assert.Equal((0, "try\ntry\ntry\n"), (code, text));
        using var list = JsonDocument.Parse((await RunAsync("ls", "--json")).Out);
        Assert.Equal(["1 failed", "2 failed", "3 finished"], list.RootElement.GetProperty("runs").EnumerateArray().Select(run => $"{run.GetProperty("tags").GetProperty("lode.attempt").GetString()} {run.GetProperty("status").GetString()}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Run_SeedList_SumsUp()
    {
        var (code, text, error) = await RunAsync("run", "--seed-list", "1..3", "--", "sh", "-c", "echo \"loss: $LODE_SEED seen=$1\"", "sh", "{seed}");
        Assert.Equal((0, "loss: 1 seen=1\nloss: 2 seen=2\nloss: 3 seen=3\n"), (code, text));
        // Mean 2, deviation 1, t(0.975; 2) / sqrt(3) = 2.4841.
        Assert.Contains("loss  2 ± 1  [-0.48414, 4.4841]  n = 3", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FloodOfOutput_IsPassedOnInBoundedMemory()
    {
        const long Bytes = 1_000_000_000;
        var watch = Stopwatch.StartNew();
        var (_, text, _) = await ShellAsync($"dotnet {LodeProcess.Dll} run -q -- sh -c \"yes 'a line of text that says nothing' | head -c {Bytes}; grep VmHWM /proc/\\$PPID/status >&2\" 2>memory | wc -c; grep -o '[0-9]*' memory");
        var numbers = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).ToArray();
        output.WriteLine($"1 GB in {watch.Elapsed.TotalSeconds:0.0} s; peak memory of lode: {numbers[^1] / 1000} MB");
        Assert.Equal(Bytes, numbers[0]);
        Assert.InRange(numbers[^1], 1, 400_000);
    }

    [Fact]
    public async Task Run_FloodOfMetrics_IsCutAndSaid()
    {
        var watch = Stopwatch.StartNew();
        var (code, text, error) = await ShellAsync($"dotnet {LodeProcess.Dll} run -- sh -c \"yes 'loss: 0.5' | head -c 100000000\" | wc -c");
        output.WriteLine($"100 MB of metrics: {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal((0, "100000000\n"), (code, text));
        Assert.Contains("were passed over", error, StringComparison.Ordinal);
        using var run = await LastAsync();
        Assert.InRange(run.RootElement.GetProperty("metrics").GetProperty("loss").GetProperty("count").GetInt64(), 50_000, 500_000);
    }

    [Fact]
    public async Task Run_PythonProgram_PackagesAndLiveOutput()
    {
        if ((await ShellAsync("python3 -c 'import sys; assert sys.version_info >= (3, 8)'")).Code != 0)
        {
            output.WriteLine("SKIPPED: python3 is not here");
            Console.Error.WriteLine("RunProgramTests: python3 is not here, its test is skipped");
            return;
        }
        using var process = Start("run", "-q", "--", "python3", "-c", "import sys\nprint('loss: 0.5')\nsys.stdin.readline()");
        Assert.Equal("loss: 0.5", await process.StandardOutput.ReadLineAsync());
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        await LastAsync();
        Assert.StartsWith("# Python 3.", await ArtifactAsync("packages/python.txt"), StringComparison.Ordinal);
    }

    private Process Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [LodeProcess.Dll, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _work.Path,
            Environment = { ["LODE_HOME"] = _home.Path, ["LODE_DEBUG"] = null, ["LODE_TOKEN"] = null, ["LODE_STORE"] = null },
        };
        return Process.Start(start)!;
    }

    private Task<(int Code, string Out, string Error)> RunAsync(params string[] args) => EndAsync(Start(args));

    private async Task<(int Code, string Out)> TextAsync(params string[] args)
    {
        var (code, text, _) = await RunAsync(args);
        return (code, text);
    }

    private async Task<(int Code, string Out, string Error)> ShellAsync(string script)
    {
        var start = new ProcessStartInfo("sh", ["-c", script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _work.Path,
            Environment = { ["LODE_HOME"] = _home.Path },
        };
        return await EndAsync(Process.Start(start)!);
    }

    private static async Task<(int Code, string Out, string Error)> EndAsync(Process process)
    {
        using (process)
        {
            process.StandardInput.Close();
            var (text, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await text, await error);
        }
    }

    private async Task<JsonDocument> LastAsync()
    {
        var (code, text, error) = await RunAsync("show", "@last", "--json");
        Assert.True(code == 0, error);
        return JsonDocument.Parse(text);
    }

    private async Task<string> ArtifactAsync(string path)
    {
        var (code, _, error) = await RunAsync("artifact", "get", "@last", path, "--output", _work["got"]);
        Assert.True(code == 0, error);
        return await File.ReadAllTextAsync(File.Exists(_work["got"]) ? _work["got"] : Path.Combine(_work["got"], Path.GetFileName(path)), Encoding.UTF8);
    }

    private static string Tag(JsonDocument run, string name) => run.RootElement.GetProperty("tags").GetProperty(name).GetString()!;

    private static async Task<int> PidAsync(Process process) => int.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);

    private static async Task KillAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static void AssertGone(params int[] processes) => Assert.DoesNotContain(processes, IsAlive);

    private static async Task UntilGoneAsync(int process)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (IsAlive(process))
            await Task.Delay(20, patience.Token);
    }

    // One that has ended and waits to be asked how is gone too.
    private static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].TrimStart().StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
