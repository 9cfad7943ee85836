using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Lode.Cli.Tests;

/// <summary>Runs in the background, their end, and runs that are gone on with: with real processes, none of which is left behind.</summary>
public sealed class RunVerbsTests : SweepTestsBase
{
    [Fact]
    public async Task Background_RunsOn_IsFollowedWhileItRuns_AndStopped()
    {
        var id = await BackgroundAsync("-p", "p", "-n", "bg", "-c", "lr=0.5", "--", "sh", "-c", "echo $$ > pid; i=0; while :; do i=$((i+1)); echo tick $i; echo loss: 0.$i; sleep 0.1; done");
        await UntilAsync(() => Exists("pid"));
        using var tail = Start("tail", id);
        // Not only what was there when it began to look.
        await tail.UntilAsync(process => process.Out.Contains("tick 30", StringComparison.Ordinal));
        var again = await InAsync("run", "--resume", id);
        Assert.Equal(6, again.Code);
        Assert.Contains("still runs", again.Error, StringComparison.Ordinal);
        var stop = await InAsync("stop", "bg");
        Assert.True(stop.Code == 0, stop.Error);
        Assert.Equal("bg: killed\n", stop.Out);
        await UntilGoneAsync("pid");
        Assert.Equal(0, (await tail.EndAsync()).Code);
        var run = await ShowAsync(id);
        Assert.Equal(("killed", "0.5", id), ((string)run["status"]!, (string)run["params"]!["lr"]!, (string)run["id"]!));
        var twice = await InAsync("stop", id);
        Assert.Equal(0, twice.Code);
        Assert.Contains("has ended already", twice.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Background_CommandThatIsNotThere_IsSaid()
    {
        var (code, answer, error) = await InAsync("run", "--background", "--", "no-such-program-here");
        Assert.True(code != 0 && answer.Length == 0 && error.Contains("no-such-program-here", StringComparison.Ordinal), $"{code} {answer} {error}");
    }

    [Fact]
    public async Task Stop_ProgramIgnoresSigterm_ItsWholeGroupIsKilled()
    {
        var id = await BackgroundAsync("--grace", "1s", "--", "sh", "-c", "trap '' TERM; sh -c 'echo $$ > child; while :; do sleep 300; done' & echo $$ > pid; while :; do sleep 300; done");
        await UntilAsync(() => Exists("pid") && Exists("child"));
        var stop = await InAsync("stop", id, "--json");
        Assert.True(stop.Code == 0, stop.Error);
        Assert.Equal("killed", (string)JsonNode.Parse(stop.Out)!["runs"]![0]!["status"]!);
        await UntilGoneAsync("pid");
        await UntilGoneAsync("child");
    }

    [Fact]
    public async Task Stop_KeeperWasKilled_EndsTheProgram()
    {
        var id = await BackgroundAsync("--", "sh", "-c", "echo $PPID > keeper; echo $$ > pid; while :; do sleep 300; done");
        await UntilAsync(() => Exists("pid"));
        await UntilTaggedAsync(id);
        using (var kill = Process.Start("kill", ["-KILL", Lines("keeper")[0]]))
            await kill.WaitForExitAsync();
        await UntilGoneAsync("keeper");
        var stop = await InAsync("stop", id);
        Assert.True(stop.Code == 0, stop.Error);
        await UntilGoneAsync("pid");
        Assert.Equal("stale", (string)(await ShowAsync(id))["status"]!);
    }

    [Fact]
    public async Task Stop_RunOfAnotherMachine_IsRefused()
    {
        var id = await BackgroundAsync("--", "sh", "-c", "echo $$ > pid; sleep 300");
        await UntilAsync(() => Exists("pid"));
        await UntilTaggedAsync(id);
        var mark = (string)(await ShowAsync(id))["tags"]!["lode.process"]!;
        Assert.Equal(0, (await InAsync("log", "--run", id, "--tag", "lode.process=elsewhere 17@99 18@99")).Code);
        var stop = await InAsync("stop", id);
        Assert.Equal(6, stop.Code);
        Assert.Contains("is on the machine elsewhere", stop.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await InAsync("log", "--run", id, "--tag", $"lode.process={mark}")).Code);
        Assert.Equal(0, (await InAsync("stop", id)).Code);
        await UntilGoneAsync("pid");
    }

    [Fact]
    public async Task Resume_GoesOnWithTheRun_ItsCommandAndItsCheckpoints()
    {
        const string Script = "echo x >> \"$LODE_CHECKPOINT_DIR/state\"; n=$(wc -l < \"$LODE_CHECKPOINT_DIR/state\"); echo loss: $n; test $n -ge 3";
        Assert.Equal(1, (await InAsync("run", "-q", "-p", "p", "-n", "r", "--", "sh", "-c", Script)).Code);
        var first = await ShowAsync("@last");
        // From another folder: it goes back to its own.
        Assert.Equal(1, (await LodeProcess.RunAsync(Home.Path, "run", "-q", "--resume", "r")).Code);
        Assert.Equal(0, (await LodeProcess.RunAsync(Home.Path, "run", "-q", "--resume", "@last")).Code);
        var run = await ShowAsync("@last");
        Assert.Equal(((string)first["id"]!, "r", "finished"), ((string)run["id"]!, (string)run["name"]!, (string)run["status"]!));
        Assert.Equal(("3", Path.GetFullPath(Work.Path)), ((string)run["tags"]!["lode.attempt"]!, (string)run["tags"]!["lode.folder"]!));
        Assert.Equal((3.0, 3), ((double)run["metrics"]!["loss"]!["last"]!, (int)run["metrics"]!["loss"]!["count"]!));
        Assert.Empty(Directory.GetDirectories(Path.Combine(Home.Path, "checkpoints")));
    }

    [Fact]
    public async Task Resume_OfASecretCommand_WantsItSaidAgain()
    {
        Assert.Equal(3, (await InAsync("run", "-q", "--", "sh", "-c", "exit 3", "--token", "abc")).Code);
        var (code, _, error) = await InAsync("run", "--resume", "@last");
        Assert.Equal(2, code);
        Assert.Contains("does not say its command", error, StringComparison.Ordinal);
        Assert.Equal(0, (await InAsync("run", "-q", "--resume", "@last", "--", "true")).Code);
        Assert.Equal("finished", (string)(await ShowAsync("@last"))["status"]!);
    }

    private async Task<string> BackgroundAsync(params string[] args)
    {
        var (code, answer, error) = await InAsync(["run", "--background", .. args]);
        Assert.True(code == 0, error);
        return answer.Trim();
    }

    private async Task<JsonNode> ShowAsync(string run) => JsonNode.Parse((await InAsync("show", run, "--json")).Out)!;

    // Its journal is sent beside it.
    private async Task UntilTaggedAsync(string id)
    {
        while ((await ShowAsync(id))["tags"]!["lode.process"] is null)
            await Task.Delay(50);
    }
}
