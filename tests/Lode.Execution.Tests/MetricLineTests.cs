using System.Globalization;
using System.Text;
using Lode.TestKit;

namespace Lode.Execution.Tests;

public sealed class MetricLineTests
{
    [Theory]
    [InlineData("epoch: 1  loss: 0.412  val/acc: 0.913", "epoch=1 loss=0.412 val/acc=0.913")]
    [InlineData("step=10 loss=5e-3, lr = 1E-4", "step=10 loss=0.005 lr=0.0001")]
    [InlineData("{\"step\": 3, \"loss\": 0.5, \"eval\": {\"acc\": 1}, \"name\": \"x\", \"list\": [1, 2]}", "step=3 loss=0.5 eval/acc=1")]
    [InlineData("{'loss': 0.25, 'epoch': 2.0}", "loss=0.25 epoch=2")]
    [InlineData("{\"loss\": NaN, \"top\": -Infinity}", "loss=NaN top=-Infinity")]
    [InlineData("Epoch 3/10 - loss: 0.2 - accuracy: 97.5%", "epoch=3 loss=0.2 accuracy=97.5")]
    [InlineData("[12:30:01] INFO loss=nan acc=inf (best=-1.5)", "loss=NaN acc=Infinity best=-1.5")]
    [InlineData("Test accuracy: 0.98.", "accuracy=0.98")]
    [InlineData("listening on localhost:8080 and http://example.org:80", "")]
    [InlineData("time: 12:30:01 version: 1.2.3 file=a.txt", "")]
    [InlineData("x: 0x10 y: 1_000 z: 1,5", "z=1")]
    [InlineData("a/../b=1 ../c=1 d/=1 =1 : 1", "")]
    [InlineData("{\"broken\": 1, loss: 2}", "broken=1 loss=2")]
    [InlineData("", "")]
    public void Read_Line_FindsItsNumbers(string line, string expected)
    {
        var found = new List<(string Key, double Value)>();
        MetricLine.Read(Encoding.UTF8.GetBytes(line), found);
        Assert.Equal(expected, string.Join(' ', found.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}"))));
    }

    [Fact]
    public void Scanner_StepKeys_GiveTheStep()
    {
        var (points, scanner) = NewScanner();
        scanner.Write("loss: 1\nloss: 2\nepoch: 5\nloss: 3\nglobal_step: 70 epoch: 6 loss: 4\n"u8);
        Assert.Equal(["0 loss 1", "1 loss 2", "5 loss 3", "70 epoch 6", "70 loss 4"], points);
    }

    [Fact]
    public void Scanner_AnyCuts_SameMetrics()
    {
        var text = Encoding.UTF8.GetBytes("noise\n\u001b[32mloss: 1\u001b[0m\r\nbar: 1\rbar: 2\rbar: 3\n" + new string('x', 20_000) + " loss: 9\nstep: 4 loss: 2\nlast=7");
        var (whole, scanner) = NewScanner();
        scanner.Write(text);
        scanner.End();
        Assert.Equal(["0 loss 1", "0 bar 3", "4 loss 2", "4 last 7"], whole);
        foreach (var size in (int[])[1, 2, 3, 7, 64, 8191, 8193])
        {
            var (cut, pieces) = NewScanner();
            foreach (var piece in text.Chunk(size))
                pieces.Write(piece);
            pieces.End();
            Assert.Equal(whole, cut);
        }
    }

    [Fact]
    public void Scanner_Flood_IsCutAndCounted()
    {
        var (points, scanner) = NewScanner();
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("loss: 1\n", 1000)));
        for (var i = 0; i < 60; i++)
            scanner.Write(lines);
        Assert.InRange(points.Count, MetricScanner.Burst, MetricScanner.Burst + 5000);
        Assert.Equal(60_000 - points.Count, scanner.Dropped);
    }

    [Fact]
    public void Scanner_ManyNames_AreCut()
    {
        var (points, scanner) = NewScanner();
        for (var i = 0; i < MetricScanner.MostKeys + 10; i++)
            scanner.Write(Encoding.UTF8.GetBytes($"m{i}: 1\n"));
        Assert.Equal(MetricScanner.MostKeys, points.Count);
        Assert.Equal(10, scanner.Dropped);
    }

    private static (List<string> Points, MetricScanner Scanner) NewScanner()
    {
        var points = new List<string>();
        return (points, new MetricScanner(new ManualTime(), (step, values, _) =>
        {
            foreach (var (key, value) in values.Span)
                points.Add(string.Create(CultureInfo.InvariantCulture, $"{step} {key} {value}"));
        }));
    }
}
