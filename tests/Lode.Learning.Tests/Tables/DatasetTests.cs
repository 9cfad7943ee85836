using Lode.Core;

namespace Lode.Learning.Tests.Tables;

public sealed class DatasetTests
{
    private static Table Read(string text) => CsvReader.Read(new StringReader(text), "t.csv");

    [Fact]
    public void Of_Texts_MakesClassesInOrdinalOrder()
    {
        var dataset = Dataset.Of(Read("x,y\n1,b\n2,a\n3,C\n4,b\n"), "y");
        Assert.Equal(TaskKind.Classification, dataset.Target.Task);
        Assert.Equal(["C", "a", "b"], dataset.Target.Classes);
        Assert.Equal([2, 1, 0, 2], dataset.Target.Labels.ToArray());
        Assert.Equal([1, 1, 2], dataset.Target.CountClasses());
        Assert.Equal(["x"], dataset.Features.Columns.Select(column => column.Name));
    }

    [Fact]
    public void Of_FewWholeNumbers_MakesClassesInAscendingOrder()
    {
        var target = Dataset.Of(Read("x,y\n1,10\n2,9\n3,-1\n4,10\n"), "y").Target;
        Assert.Equal(["-1", "9", "10"], target.Classes);
        Assert.Equal([2, 1, 0, 2], target.Labels.ToArray());
    }

    [Theory]
    [InlineData("0.5\n1\n2", TaskKind.Regression)]
    [InlineData("0\n1\n0", TaskKind.Classification)]
    [InlineData("3\n3\n3", TaskKind.Regression)]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20", TaskKind.Classification)]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21", TaskKind.Regression)]
    public void Of_Numbers_SeesTheTask(string values, TaskKind task) =>
        Assert.Equal(task, Target.Of(Read($"y\n{values}\n")["y"]).Task);

    [Fact]
    public void Of_TaskGiven_IsTaken()
    {
        Assert.Equal([0, 1], Dataset.Of(Read("x,y\n1,0\n2,1\n"), "y", TaskKind.Regression).Target.Values.ToArray());
        Assert.Equal(["0.5", "1.5"], Dataset.Of(Read("x,y\n1,0.5\n2,1.5\n"), "y", TaskKind.Classification).Target.Classes);
    }

    [Theory]
    [InlineData("x,y\n1,a\n2,b\n", "z", null, "There is no column 'z' to be the target.")]
    [InlineData("y\na\nb\n", "y", null, "The table has no column besides 'y'.")]
    [InlineData("x,y\n1,a\n2,\n3,\n", "y", null, "The target 'y' is missing in 2 of 3 rows, first in row 2.")]
    [InlineData("x,y\n1,a\n2,a\n", "y", null, "The target 'y' has the one class 'a'; two are needed.")]
    [InlineData("x,y\n1,a\n2,b\n", "y", TaskKind.Regression, "The target 'y' holds texts; regression needs numbers.")]
    [InlineData("x,y\n1,Infinity\n2,1\n", "y", TaskKind.Regression, "The target 'y' is Infinity at row 1; it must be finite.")]
    public void Of_ColumnThatCannotBeATarget_SaysWhy(string text, string target, TaskKind? task, string message)
    {
        var error = Assert.Throws<LodeException>(() => Dataset.Of(Read(text), target, task));
        Assert.Equal((ErrorCode.InvalidArgument, message), (error.Code, error.Message));
    }

    [Fact]
    public void Of_UnknownTarget_SuggestsTheNearest() =>
        Assert.Equal("Did you mean 'diagnosis'?", Assert.Throws<LodeException>(() => Dataset.Of(Read("x,diagnosis\n1,a\n2,b"), "diagnoses")).Hint);

    [Fact]
    public void Select_KeepsClassesAndWeights()
    {
        var all = Dataset.Of(Read("x,y\n1,a\n2,b\n3,c\n"), "y");
        var some = new Dataset(all.Features, all.Target, [1, 2, 3]).Select([2, 1]);
        Assert.Equal(["a", "b", "c"], some.Target.Classes);
        Assert.Equal([2, 1], some.Target.Labels.ToArray());
        Assert.Equal([3, 2], some.Weights.ToArray());
    }

    [Theory]
    [InlineData(new[] { 1.0 })]
    [InlineData(new[] { 1.0, -1.0 })]
    [InlineData(new[] { 1.0, double.NaN })]
    [InlineData(new[] { 0.0, 0.0 })]
    public void New_BadWeights_AreRefused(double[] weights)
    {
        var dataset = Dataset.Of(Read("x,y\n1,a\n2,b\n"), "y");
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => new Dataset(dataset.Features, dataset.Target, weights)).Code);
    }

    [Fact]
    public void Of_Roles_MakesWeightsGroupsAndTimes_AndSelectKeepsThem()
    {
        var table = new Table([.. Read("x,z,w,who,y\n1,5,1,ann,a\n2,6,2,bob,b\n3,7,3,ann,c\n").Columns,
            new DateColumn("when", [DateTime.UnixEpoch.Ticks, DateTime.UnixEpoch.AddSeconds(1.5).Ticks, DateTime.UnixEpoch.AddDays(1).Ticks])]);
        var some = Dataset.Of(table, new DatasetRoles { Target = "y", Weight = "w", Group = "who", Time = "when", Ignored = ["z"] }).Select([2, 1]);
        Assert.Equal(["x"], some.Features.Columns.Select(column => column.Name));
        Assert.Equal([3, 2], some.Weights.ToArray());
        Assert.Equal([0, 1], some.Groups.ToArray());
        Assert.Equal(["ann", "bob"], some.GroupNames);
        Assert.Equal([86400, 1.5], some.Times.ToArray());
        var named = Dataset.Of(table, new DatasetRoles { Target = "y", Features = ["when", "x"], Time = "when", Group = "x" });
        Assert.Equal(["when", "x"], named.Features.Columns.Select(column => column.Name));
        Assert.Equal(["1", "2", "3"], named.GroupNames);
        Assert.True(Dataset.Of(table, "y").Groups.IsEmpty);
    }

    public static TheoryData<DatasetRoles, string> BadRoles() => new()
    {
        { new DatasetRoles { Target = "q" }, "There is no column 'q' (target)." },
        { new DatasetRoles { Target = "y", Ignored = ["q"] }, "There is no column 'q' (ignored)." },
        { new DatasetRoles { Target = "y", Features = ["y"] }, "Column 'y' cannot be the target and a feature." },
        { new DatasetRoles { Target = "y", Ignored = ["x", "g"] }, "No column is left to be a feature." },
        { new DatasetRoles { Target = "y", Weight = "g" }, "The weight column 'g' must be numeric." },
        { new DatasetRoles { Target = "y", Weight = "x" }, "The weight column 'x' is missing in row 2." },
        { new DatasetRoles { Target = "y", Group = "g" }, "The group column 'g' is missing in row 1." },
        { new DatasetRoles { Target = "y", Time = "x" }, "The time column 'x' is missing in row 2." },
    };

    [Theory]
    [MemberData(nameof(BadRoles))]
    public void Of_RolesThatDoNotSuit_NamesTheColumn(DatasetRoles roles, string message) =>
        Assert.Equal(message, Assert.Throws<LodeException>(() => Dataset.Of(Read("x,g,y\n1,,a\n,u,b\n"), roles)).Message);
}
