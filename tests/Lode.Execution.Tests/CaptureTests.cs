using System.Security.Cryptography;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Execution.Tests;

public sealed class CaptureTests
{
    [Theory]
    [InlineData("AWS_SECRET_ACCESS_KEY", true)]
    [InlineData("HF_TOKEN", true)]
    [InlineData("--api-key", true)]
    [InlineData("MLFLOW_TRACKING_PASSWORD", true)]
    [InlineData("PYTHONHASHSEED", false)]
    [InlineData("--author", false)]
    [InlineData("--keyframes", false)]
    [InlineData("PATH", false)]
    public void IsSecretName_ByItsWords(string name, bool secret) => Assert.Equal(secret, Secrets.IsSecretName(name));

    [Fact]
    public void CommandLine_Secrets_AreMasked() =>
        Assert.Equal("train --token *** --password=*** --db https://***@host/x 'a b' ''", Secrets.CommandLine(["train", "--token", "abc", "--password=abc", "--db", "https://me:abc@host/x", "a b", ""]).Replace("'***'", "***", StringComparison.Ordinal).Replace("'--password=***'", "--password=***", StringComparison.Ordinal).Replace("'https://***@host/x'", "https://***@host/x", StringComparison.Ordinal));

    [Fact]
    public void EnvironmentText_KeepsWhatMatters()
    {
        var text = MachineState.EnvironmentText(new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "0", ["HF_TOKEN"] = "abc", ["EDITOR"] = "vi", ["MLFLOW_TRACKING_URI"] = "http://u:abc@h" });
        Assert.Equal("CUDA_VISIBLE_DEVICES=0\nHF_TOKEN=***\nMLFLOW_TRACKING_URI=http://***@h\n", text);
    }

    [Fact]
    public async Task DescribeAsync_Folder_ChangesWithNamesAndContents()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a"], "x");
        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData("x"u8))} 1 bytes", await DataFiles.DescribeAsync(folder["a"], default));
        var before = await DataFiles.DescribeAsync(folder.Path, default);
        Assert.EndsWith(" 1 bytes in 1 files", before, StringComparison.Ordinal);
        File.Move(folder["a"], folder["b"]);
        var renamed = await DataFiles.DescribeAsync(folder.Path, default);
        await File.WriteAllTextAsync(folder["b"], "y");
        Assert.Equal(3, new[] { before, renamed, await DataFiles.DescribeAsync(folder.Path, default) }.Distinct().Count());
    }

    [Fact]
    public void Globs_Patterns_FindFiles()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in (string[])["a.py", "b.txt", "sub/c.py", "sub/deep/d.py"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[file])!);
            File.WriteAllText(folder[file], "");
        }
        string[] Find(string pattern) => [.. Globs.Find($"{folder.Path}/{pattern}").Select(file => Path.GetRelativePath(folder.Path, file))];
        Assert.Equal(["a.py"], Find("*.py"));
        Assert.Equal(["a.py", "sub/c.py", "sub/deep/d.py"], Find("**/*.py"));
        Assert.Equal(["sub/c.py"], Find("sub/?.py"));
        Assert.Equal(["sub/c.py", "sub/deep/d.py"], Find("sub"));
        Assert.Equal(["b.txt"], Find("b.txt"));
        Assert.Empty(Find("none*"));
    }

    [Fact]
    public void SeedSummary_TwoRuns_StudentInterval()
    {
        var summary = Assert.Single(SeedSummary.Of([new Dictionary<string, double> { ["loss"] = 1 }, new Dictionary<string, double> { ["loss"] = 3 }, new Dictionary<string, double> { ["loss"] = double.NaN }]));
        Assert.Equal((2, 2.0), (summary.Count, summary.Mean));
        Assert.Equal(Math.Sqrt(2), summary.Deviation, 12);
        // t(0.975; 1) = 12.7062, times the standard error 1.
        Assert.Equal(2 - 12.7062, summary.Low, 3);
        Assert.Equal(2 + 12.7062, summary.High, 3);
    }

    [Theory]
    [InlineData("1..3,7", "1 2 3 7")]
    [InlineData("-1..1", "-1 0 1")]
    public void ParseSeeds_Lists(string text, string seeds) => Assert.Equal(seeds, string.Join(' ', SeedSummary.ParseSeeds(text)));

    [Theory]
    [InlineData("")]
    [InlineData("5..1")]
    [InlineData("1,1")]
    [InlineData("1..2..3")]
    [InlineData("1..100000")]
    [InlineData("a")]
    public void ParseSeeds_Others_AreRefused(string text) => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => SeedSummary.ParseSeeds(text)).Code);
}
