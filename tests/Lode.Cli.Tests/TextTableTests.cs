namespace Lode.Cli.Tests;

public sealed class TextTableTests
{
    private static (string Text, int Cut) Written(bool terminal, int width)
    {
        var output = new StringWriter();
        var table = new TextTable("NAME", "VALUE", "NOTE").Numeric(1);
        table.Add("brave-otter", "0.5", "tab\tand\nline");
        table.Add("elk", "12.25", new string('x', 60));
        var cut = table.Write(new Terminal(output, TextWriter.Null, terminal, terminal, width));
        return (output.ToString().ReplaceLineEndings("\n"), cut);
    }

    [Fact]
    public void Write_ToAPerson_AlignsAndCuts() => Assert.Equal(
        ("NAME         VALUE  NOTE\n" +
         "brave-otter    0.5  tab and line\n" +
         "elk          12.25  " + new string('x', 47) + "…\n", 0), Written(terminal: true, width: 80));

    [Fact]
    public void Write_Narrow_LeavesOutWholeColumns() => Assert.Equal(
        ("NAME         VALUE\n" +
         "brave-otter    0.5\n" +
         "elk          12.25\n", 1), Written(terminal: true, width: 30));

    [Fact]
    public void Write_ToAProgram_IsTabsWithoutHeaderOrCuts() => Assert.Equal(
        ("brave-otter\t0.5\ttab and line\nelk\t12.25\t" + new string('x', 60) + "\n", 0), Written(terminal: false, width: 30));
}
