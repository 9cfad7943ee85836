using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        using var file = JournalFile.Create(_folder.Path, RunId.New());
        file.Start(1, "p \"quoted\"\n", "n", "ada");
        file.Params(2, [new("a", "1"), new("ü", "line\nbreak")]);
        file.Metrics(3, -7, [("m", 0.1), ("nan", double.NaN), ("inf", double.NegativeInfinity)]);
        file.Tags(4, [new("t", "v"), new("gone", null)]);
        file.Heartbeat(5);
        file.Finish(6, RunStatus.Killed);
        var piece = JournalReader.Read(File.ReadAllBytes(file.Path));
        Assert.Equal(new JournalStart(1, "p \"quoted\"\n", "n", "ada"), piece.Start);
        Assert.Equal([new("a", "1"), new("ü", "line\nbreak")], piece.Params);
        Assert.Equal([new("m", 0.1, 3, -7), new("nan", double.NaN, 3, -7), new("inf", double.NegativeInfinity, 3, -7)], piece.Metrics);
        Assert.Equal([new("t", "v"), new("gone", null)], piece.Tags);
        Assert.Equal([new(1, RunStatus.Running), new(6, RunStatus.Killed)], piece.States);
        Assert.Equal((0, (int)file.Length), (piece.Skipped, piece.Consumed));
        Assert.True(file.IsFinished);
    }

    [Fact]
    public void AnyMetric_SurvivesTheFile() =>
        Check.One(FixedSeed.Cases(), Prop.ForAll<string, double, long>((key, value, step) =>
        {
            using var file = JournalFile.Create(_folder.Path, RunId.New());
            key ??= "";
            file.Metrics(5, step, [(key, value)]);
            // Half a surrogate pair is no text; JSON writes U+FFFD for it.
            var written = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key));
            Assert.Equal([new MetricPoint(written, value, 5, step)], JournalReader.Read(File.ReadAllBytes(file.Path)).Metrics);
        }));

    [Fact]
    public void TornLine_IsLeftAlone_AndReadWhenWhole()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"e\":\"heartbeat\",\"t\":1}\n{\"e\":\"heartbeat\",\"t\":2}\n");
        for (var length = 0; length <= bytes.Length; length++)
        {
            var first = JournalReader.Read(bytes.AsSpan(0, length));
            var rest = JournalReader.Read(bytes.AsSpan(first.Consumed));
            Assert.Equal(0, first.Skipped + rest.Skipped);
            Assert.Equal(bytes.Length, first.Consumed + rest.Consumed);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"e\":\"metrics\",\"metrics\":{\"a\":1,\"b\":true}}")]
    [InlineData("{\"e\":\"start\",\"t\":1}")]
    [InlineData("{\"t\":1}")]
    [InlineData("{\"e\":\"finish\",\"status\":\"odd\"}")]
    [InlineData("{\"e\":5}")]
    [InlineData("{\"e\":\"metrics\",\"step\":1.5,\"metrics\":{\"a\":1}}")]
    public void BadLine_IsSkippedWhole(string line)
    {
        var piece = JournalReader.Read(Encoding.UTF8.GetBytes(line + "\n"));
        Assert.Equal((1, 0, null), (piece.Skipped, piece.Metrics.Count, piece.Start));
    }

    [Fact]
    public void AnyBytes_AreReadWithoutFault() =>
        Check.One(FixedSeed.Cases(), Prop.ForAll<byte[]>(bytes =>
        {
            var piece = JournalReader.Read(bytes);
            Assert.InRange(piece.Consumed, 0, bytes.Length);
        }));

    [Fact]
    public void WriteFromManyThreads_KeepsLinesWhole()
    {
        using var file = JournalFile.Create(_folder.Path, RunId.New());
        Parallel.For(0, 8, thread =>
        {
            for (var step = 0; step < 200; step++)
                file.Metrics(1, step, [($"m{thread}", step)]);
        });
        var piece = JournalReader.Read(File.ReadAllBytes(file.Path));
        Assert.Equal((1600, 0), (piece.Metrics.Count, piece.Skipped));
    }

    [Fact]
    public void Create_FolderCannotBe_NamesIt()
    {
        File.WriteAllText(_folder["file"], "");
        var error = Assert.Throws<LodeException>(() => JournalFile.Create(_folder["file"], RunId.New()));
        Assert.Contains(_folder["file"], error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }
}
