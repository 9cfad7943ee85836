using System.Text;

namespace Lode.Execution.Tests;

public sealed class ConsoleLogTests
{
    [Theory]
    [InlineData("a\nb", "a\nb\n")]
    [InlineData("10%\r50%\r100%\ndone\n", "100%\ndone\n")]
    [InlineData("windows\r\nlines\r\n", "windows\nlines\n")]
    [InlineData("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007plain\n", "red plain\n")]
    [InlineData("1%\r2%\r3%", "3%\n")]
    public void Write_InAnyCuts_KeepsTheLastState(string printed, string kept)
    {
        var bytes = Encoding.UTF8.GetBytes(printed);
        foreach (var size in (int[])[1, 2, 5, 1000])
        {
            var log = new ConsoleLog();
            var channel = log.Open();
            foreach (var piece in bytes.Chunk(size))
                channel.Write(piece);
            channel.End();
            Assert.Equal(kept, Encoding.UTF8.GetString(log.ToArray()));
        }
    }

    [Fact]
    public void Write_Flood_KeepsBeginningAndEnd()
    {
        var log = new ConsoleLog();
        var channel = log.Open();
        channel.Write("first\n"u8);
        var line = Encoding.UTF8.GetBytes(new string('x', 999) + "\n");
        for (var i = 0; i < 10_000; i++)
            channel.Write(line);
        channel.Write("last\n"u8);
        channel.End();
        var text = Encoding.UTF8.GetString(log.ToArray());
        Assert.InRange(text.Length, 2 * ConsoleLog.Half, (2 * ConsoleLog.Half) + 100);
        Assert.StartsWith("first\n", text, StringComparison.Ordinal);
        Assert.EndsWith("x\nlast\n", text, StringComparison.Ordinal);
        Assert.Contains($"[… {10_000_011 - (2 * ConsoleLog.Half)} bytes left out …]", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("one\ntwo\n\n  \n", "two")]
    [InlineData("10 %\r\u001b[31mred\u001b[0m\n", "red")]
    public void LastLine_OfWhatWasPrinted_IsTheLastThatSaysSomething(string text, string last)
    {
        var log = new ConsoleLog();
        var channel = log.Open();
        channel.Write(System.Text.Encoding.UTF8.GetBytes(text));
        channel.End();
        Assert.Equal(last, log.LastLine());
    }
}
