using System.Text.Json;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution.Tests;

public sealed class SweepProgramTests
{
    private static readonly SweepProgram s_full = new()
    {
        Command = ["python", "train.py", "{args}"],
        Style = CommandStyle.Wandb,
        Script = "train.py",
        Folder = "/data",
        Environment = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "2" },
        Checkpoint = ["out/*.pt"],
        Artifacts = ["out/model.bin"],
        Resources = new ResourceRequest { Cpus = 2, Gpus = 0.5, MemoryBytes = 1L << 32 },
        TimeoutSeconds = 3600,
        GraceSeconds = 60,
        Launcher = "slurm",
        LauncherOptions = JsonSerializer.SerializeToElement(new { partition = "gpu" }),
        Paths = new Dictionary<string, IReadOnlyList<string>> { ["a.b"] = ["a", "b"] },
        JsonParameters = ["layers"],
    };

    [Fact]
    public void FromJson_OfToJson_IsTheSame()
    {
        var read = SweepProgram.FromJson(s_full.ToJson());
        Assert.Equal(s_full.ToJson().GetRawText(), read.ToJson().GetRawText());
        Assert.Equal(s_full.Resources, read.Resources);
        Assert.Equal(["a", "b"], read.Paths["a.b"]);
    }

    [Fact]
    public void FromJson_WithTheCommandAlone_HasTheDefaults()
    {
        var read = SweepProgram.FromJson(JsonDocument.Parse("""{"command":["x"],"resources":{"gpus":1}}""").RootElement);
        Assert.Equal((CommandStyle.Lode, 10.0, "process", 1.0, 1.0), (read.Style, read.GraceSeconds, read.Launcher, read.Resources.Cpus, read.Resources.Gpus));
        Assert.Equal((CommandStyle.Lode, 1.0), (SweepProgram.FromJson(JsonDocument.Parse("""{"command":["x"],"resources":null}""").RootElement).Style, read.Resources.Cpus));
    }

    [Theory]
    [InlineData("""{"command":[]}""", "command names the program")]
    [InlineData("""{}""", "command")]
    [InlineData("""{"command":["x"],"graceSeconds":-1}""", "grace is")]
    [InlineData("""{"command":["x"],"timeoutSeconds":0}""", "timeout is")]
    [InlineData("""{"command":["x"],"style":"bash"}""", "style")]
    [InlineData("""{"command":["x"],"resources":{"gpus":1.5}}""", "gpus is")]
    [InlineData("""{"command":["x"],"environment":{"a=b":"c"}}""", "a=b")]
    public void FromJson_OfNonsense_NamesIt(string json, string said) =>
        Assert.Contains(said, Assert.Throws<LodeException>(() => SweepProgram.FromJson(JsonDocument.Parse(json).RootElement)).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Of_ToStudySpec_GivesTheSweepBack()
    {
        var spec = new SweepSpec { Study = new StudySpec { Goals = [new StudyGoal("loss")], Space = new SearchSpace([new FloatParameter("lr", 0, 1)]) }, Program = s_full };
        var read = SweepSpec.Of("p", "n", spec.ToStudySpec());
        Assert.Equal(("p", "n", "loss"), (read.Project, read.Name, read.Study.Goals[0].Metric));
        Assert.Equal(s_full.ToJson().GetRawText(), read.Program.ToJson().GetRawText());
        Assert.Throws<LodeException>(() => SweepSpec.Of("p", "n", spec.Study));
    }
}
