using System.Text.Json.Nodes;

namespace Lode.Cli.Tests;

/// <summary><c>lode sweep</c> and <c>lode agent</c> with real programs: what they find, and what is left when any part dies.</summary>
public sealed class SweepTests : SweepTestsBase
{
    [Fact]
    public async Task RunSpace_Program_GetsItsParametersAndTheBestIsTheAnswer()
    {
        var (code, text, error) = await InAsync("run", "-q", "-s", "n=1..4", "--sampler", "grid", "--trials", "4", "--goal", "maximize score", "--", "sh", "-c",
            "test $(cat $LODE_PARAMS_FILE) = '{\"n\":'$LODE_PARAM_N'}' && test -n \"$LODE_STUDY$LODE_TRIAL\" && test -z \"$(cat)\" && echo score: {n}");
        Assert.True(code == 0, error);
        Assert.Equal(["complete", "4", "4"], text.Trim().Split('\t')[1..4]);
        Assert.Equal(4, (await TrialsAsync()).Count(trial => (string?)trial["state"] == "complete"));
        Assert.Equal(4, (await InAsync("ls", "-q")).Out.Trim().Split('\n').Length);
    }

    [Fact]
    public async Task SweepVerbs_OnAFinishedSweep_DoWhatTheySay()
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo loss: {x}"], "budget: { trials: 2 }");
        Assert.Equal(0, (await InAsync("sweep", "start", "sweep.yaml", "-q")).Code);
        Assert.Equal("finished", (string?)(await StatusAsync())["state"]);
        Assert.Equal((6, ""), Of(await InAsync("sweep", "pause", "@last")));
        Assert.Equal(0, (await InAsync("sweep", "extend", "@last", "--trials", "1")).Code);
        Assert.Equal("running", (string?)(await StatusAsync())["state"]);
        Assert.Equal(0, (await InAsync("agent", "p/s", "-q")).Code);
        Assert.Equal(3, (int?)(await StatusAsync())["counts"]!["complete"]);
        Assert.Equal((0, "configs/s.yaml\n"), Of(await InAsync("sweep", "export", "s")));
        Assert.Matches(@"\A# Trial \d of the sweep p/s: loss .*\n# Run .*\nx: 0\.\d+\n\z", await File.ReadAllTextAsync(Work["configs/s.yaml"]));
        Assert.Equal((6, ""), Of(await InAsync("sweep", "export", "s")));
        Assert.Equal(0, (await InAsync("sweep", "clone", "s", "-n", "t")).Code);
        Assert.Equal("2\n1\n", (await InAsync("sweep", "ls", "-q")).Out);
        Assert.Equal((4, ""), Of(await InAsync("sweep", "best", "t")));
        Assert.Contains("did you mean 's'?", (await InAsync("sweep", "status", "ss")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo boom >&2; exit 3", "exit code 3: boom")]
    [InlineData("kill -SEGV $$", "SIGSEGV")]
    [InlineData("echo acc: 1", "never reported 'loss'; it reported acc")]
    [InlineData("echo loss: nan", "'loss' is not a number")]
    public async Task Start_EveryTrialFails_StopsAndSaysWhy(string script, string why)
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", script], "budget: { trials: 50 }", "first_failures: 3");
        var (code, output, error) = await InAsync("sweep", "start", "sweep.yaml", "-q");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("The first 3 trials all failed", error, StringComparison.Ordinal);
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Equal("stopped", (string?)(await StatusAsync())["state"]);
    }

    [Fact]
    public async Task Start_CommandThatIsNotThere_MakesNoSweep()
    {
        Write("x: { float: [0, 1] }", ["no-such-program", "{x}"]);
        var (code, _, error) = await InAsync("sweep", "start", "sweep.yaml");
        Assert.Equal(4, code);
        Assert.Contains("command 'no-such-program' not found", error, StringComparison.Ordinal);
        Assert.Equal((0, ""), Of(await InAsync("sweep", "ls")));
    }

    [Fact]
    public async Task Start_PrunedProgramIgnoresSigterm_IsKilled()
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", "trap '' TERM; echo $$ > pid; echo 'step: 1 loss: 100'; while :; do sleep 0.1; done"], "pruner: { name: threshold, upper: 10 }", "budget: { trials: 1 }", "grace: 0.5s");
        Assert.Equal(1, (await InAsync("sweep", "start", "sweep.yaml", "-q")).Code);
        Assert.Equal("pruned", (string?)Assert.Single(await TrialsAsync())["state"]);
        await UntilGoneAsync("pid");
    }

    [Fact]
    public async Task Start_ProgramLogsOverHttp_ItsValueCounts()
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", $"dotnet {LodeProcess.Dll} log loss=0.25 --step 1"], "budget: { trials: 1 }");
        var (code, output, error) = await InAsync("sweep", "start", "sweep.yaml", "-q");
        Assert.True(code == 0, error);
        Assert.Equal("0.25", output.Split('\t')[2]);
    }

    [Fact]
    public async Task Agent_Killed_ItsTrialsAreGivenOutAgainAndNothingIsLeftBehind()
    {
        using var server = await ServeAsync(Home.Path);
        // The first trial's program starts another that leaves its group, and hangs.
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_TRIAL.$LODE_ATTEMPT >> started; if [ $LODE_TRIAL.$LODE_ATTEMPT = 0.1 ]; then setsid sleep 300 & echo $! > away; echo $$ > pid; sleep 300; fi; echo loss: {x}"], "budget: { trials: 4 }", "lease: 2s");
        using (var agent = Start("sweep", "start", "sweep.yaml", "--parallel", "2"))
        {
            await UntilAsync(() => Exists("pid"));
            using var http = new HttpClient { BaseAddress = new Uri(Address(server)) };
            for (var complete = 0; complete < 3; complete = (int)JsonNode.Parse(await http.GetStringAsync("api/v1/studies/1"))!["counts"]!["complete"]!)
                await Task.Delay(50);
            await agent.KillAsync();
        }
        await UntilGoneAsync("pid");
        await UntilGoneAsync("away");
        Assert.Equal(0, (await InAsync("agent", "@last", "-q")).Code);
        Assert.Equal(["0.1", "0.2", "1.1", "2.1", "3.1"], Lines("started").Order());
        Assert.All(await TrialsAsync(), trial => Assert.Equal("complete", (string?)trial["state"]));
        Assert.Equal("finished", (string?)(await StatusAsync())["state"]);
    }

    [Fact]
    public async Task Server_KilledMidSweep_NoTrialIsLostOrRepeated()
    {
        var server = await ServeAsync(Home.Path);
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_TRIAL >> started; sleep 0.4; echo loss: {x}"], "budget: { trials: 10 }");
        using var agent = Start("sweep", "start", "sweep.yaml", "--parallel", "2");
        await UntilAsync(() => Lines("started").Length >= 3);
        await server.KillAsync();
        server.Dispose();
        // Those that run end meanwhile.
        await Task.Delay(1000);
        using var again = await ServeAsync(Home.Path);
        var (code, _, error) = await agent.EndAsync();
        Assert.True(code == 0, error);
        Assert.Equal(Enumerable.Range(0, 10), Lines("started").Select(int.Parse).Order());
        Assert.Equal(10, (int?)(await StatusAsync())["counts"]!["complete"]);
    }

    [Fact]
    public async Task Agent_Interrupted_ItsTrialGoesOnFromItsCheckpoint()
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", "if [ -e $LODE_CHECKPOINT_DIR/state ]; then echo loss: $(cat $LODE_CHECKPOINT_DIR/state); else echo 0.5 > $LODE_CHECKPOINT_DIR/state; echo $$ > pid; sleep 300; fi"], "budget: { trials: 1 }");
        using (var agent = Start("sweep", "start", "sweep.yaml"))
        {
            await UntilAsync(() => Exists("pid"));
            var (code, _, error) = await agent.InterruptAsync();
            Assert.True(code == 130, error);
            Assert.Contains("go on with: lode agent 1", error, StringComparison.Ordinal);
        }
        await UntilGoneAsync("pid");
        Assert.Equal("waiting", (string?)Assert.Single(await TrialsAsync())["state"]);
        Assert.Equal(0, (await InAsync("agent", "1", "-q")).Code);
        var trial = Assert.Single(await TrialsAsync());
        Assert.Equal((0.5, 2), ((double?)trial["values"]![0], (int?)trial["attempt"]));
    }
}
