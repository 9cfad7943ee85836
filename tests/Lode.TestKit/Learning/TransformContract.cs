using System.Globalization;
using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>What every transform is held to. A case is a catalogue's name, or a name and JSON of parameters and columns.</summary>
public abstract class TransformContract
{
    private static readonly int[] s_train = [.. Enumerable.Range(0, TransformProblems.Rows).Where(row => row % 3 != 1)];

    private static ITransform Create(string step) => Step(step).Create().Transforms[0];

    private static PipelineSpec Step(string step)
    {
        var (name, rest) = step.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (step[..at], $", {step[at..]}") : (step, "");
        return PipelineSpec.FromJson($"{{\"transforms\": [{{\"name\": \"{name}\"{rest}}}], \"learner\": {{\"name\": \"dummy\"}}}}");
    }

    protected static void CheckSameArguments(string step) => ForEachProblem(step, data =>
        Assert.Equal(Bytes(Fit(step, data).Fitted), Bytes(Fit(step, data).Fitted)));

    /// <summary>Rows that are not trained on may be anything: neither what is learned nor the training rows change.</summary>
    protected static void CheckTrainedRowsOnly(string step) => ForEachProblem(step, data =>
    {
        var one = Fit(step, data.Select(s_train));
        var other = Fit(step, TransformProblems.Poison(data, s_train).Select(s_train));
        Assert.Equal(Bytes(one.Fitted), Bytes(other.Fitted));
        Assert.Equal(one.Training.Names, other.Training.Names);
        Assert.Equal(one.Training.Values.ToArray(), other.Training.Values.ToArray());
    });

    protected static void CheckRowsAlone(string step) => ForEachProblem(step, data =>
    {
        var fitted = Fit(step, data.Select(s_train)).Fitted;
        foreach (var table in new[] { data.Features, TransformProblems.Poison(data, s_train).Features })
        {
            var all = Apply(fitted, table);
            int[] some = [5, 1, 44, 1, 59];
            Assert.Equal(Cells(all?.Select(some)), Cells(Apply(fitted, table.Select(some))));
        }
    });

    protected static void CheckRoundTrip(string step) => ForEachProblem(step, data =>
    {
        var fitted = Fit(step, data).Fitted;
        var again = new BundleReader(Bytes(fitted)).ReadThing<IFittedTransform>();
        Assert.Equal(Bytes(fitted), Bytes(again));
        Assert.Equal(fitted.Kind, again.Kind);
        Assert.Contains(fitted.Kind, BundleKinds.Names);
        Assert.Equal(Cells(Apply(fitted, data.Features)), Cells(Apply(again, data.Features)));
    });

    /// <summary>Missing values and levels never seen are taken, or refused by naming the column; the columns that come out are the same.</summary>
    protected static void CheckOddRows(string step) => ForEachProblem(step, data =>
    {
        var fitted = Fit(step, data.Select(s_train)).Fitted;
        var usual = Names(fitted.Apply(data.Features.Select(s_train)));
        Assert.Equal(usual.Length, usual.Distinct().Count());
        Table[] odd = [TransformProblems.AllMissing(data.Features), TransformProblems.Poison(data, s_train).Features];
        foreach (var table in odd)
        {
            if (Apply(fitted, table) is { } applied)
                Assert.Equal((usual, table.Rows), (Names(applied), applied.Rows), new SameNames());
        }
        var empty = fitted.Apply(data.Features.Select([]));
        Assert.Equal((usual, 0), (Names(empty), empty.Rows), new SameNames());
    });

    protected static void CheckNeverInfinite(string step) => ForEachProblem(step, data =>
    {
        var fitted = Fit(step, data.Select(s_train)).Fitted;
        foreach (var column in (Apply(fitted, TransformProblems.Poison(data, s_train).Features)?.Columns ?? []).OfType<NumericColumn>())
            Assert.DoesNotContain(column.Values.ToArray(), double.IsInfinity);
    });

    protected static void CheckZeroWeights(string step) => ForEachProblem(step, data =>
    {
        var weights = Enumerable.Range(0, data.Rows).Select(row => row % 3 != 1 ? 1.0 : 0).ToArray();
        var weighted = Fit(step, new Dataset(data.Features, data.Target, weights));
        Assert.Equal(Cells(Apply(Fit(step, data.Select(s_train)).Fitted, data.Features)), Cells(Apply(weighted.Fitted, data.Features)));
    });

    /// <summary>A row of weight 2 is that row twice, for transforms that count by weights.</summary>
    protected static void CheckDoubleWeights(string step) => ForEachProblem(step, data =>
    {
        var weights = Enumerable.Range(0, data.Rows).Select(row => row % 4 == 0 ? 2.0 : 1).ToArray();
        int[] repeated = [.. Enumerable.Range(0, data.Rows).SelectMany(row => Enumerable.Repeat(row, (int)weights[row]))];
        var one = Cells(Apply(Fit(step, new Dataset(data.Features, data.Target, weights)).Fitted, data.Features));
        var other = Cells(Apply(Fit(step, data.Select(repeated)).Fitted, data.Features));
        Assert.Equal(other.Length, one.Length);
        for (var i = 0; i < one.Length; i++)
        {
            // A level may be named by numbers.
            var (words, otherWords) = (one[i].Split(' ', '='), other[i].Split(' ', '='));
            Assert.Equal(otherWords.Length, words.Length);
            for (var j = 0; j < words.Length; j++)
            {
                if (words[j] == otherWords[j])
                    continue;
                if (double.TryParse(words[j], CultureInfo.InvariantCulture, out var a) && double.TryParse(otherWords[j], CultureInfo.InvariantCulture, out var b))
                    Assert.Equal(b, a, 1e-6 * Math.Max(1, Math.Abs(b)));
                else
                    Assert.Fail($"{one[i]} instead of {other[i]}");
            }
        }
    });

    private static (IFittedTransform Fitted, FeatureMatrix Training) Fit(string step, Dataset data)
    {
        // What the transform leaves of dates and levels is of no interest to the learner here, but a matrix has no dates.
        var watcher = new Watcher();
        var fitted = new Pipeline([Create(step), TransformCatalog.Create("date_parts")], watcher).Fit(data, 3);
        return (fitted.Transforms[0], watcher.Seen!.Features);
    }

    private static void ForEachProblem(string step, Action<Dataset> check)
    {
        var taken = 0;
        foreach (var data in TransformProblems.All)
        {
            try
            {
                Fit(step, data);
            }
            catch (LodeException error)
            {
                // A transform may ask for complete columns; then it names one.
                Assert.Contains(data.Features.Columns, column => error.Message.Contains($"'{column.Name}'", StringComparison.Ordinal));
                continue;
            }
            check(data);
            taken++;
        }
        Assert.True(taken > 0, "No problem suits the transform.");
    }

    private static Table? Apply(IFittedTransform fitted, Table table)
    {
        try
        {
            return fitted.Apply(table);
        }
        catch (LodeException error)
        {
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            Assert.Contains(table.Columns, column => error.Message.Contains($"'{column.Name}'", StringComparison.Ordinal));
            return null;
        }
    }

    private static byte[] Bytes(IFittedTransform fitted)
    {
        var writer = new BundleWriter();
        writer.WriteThing(fitted);
        return writer.Written.ToArray();
    }

    private static string[] Names(Table table) => [.. table.Columns.Select(column => $"{column.Name} {column.Kind}")];

    private static string[] Cells(Table? table) => table is null ? [] : [.. table.Columns.SelectMany(column => Enumerable.Range(0, table.Rows).Select(row => column switch
    {
        NumericColumn numeric => numeric.Values[row].ToString("R", CultureInfo.InvariantCulture),
        CategoricalColumn categorical => categorical.IsMissing(row) ? "missing" : "=" + categorical.Levels[categorical.Codes[row]],
        DateColumn dates => $"@{dates.Ticks[row]}",
        _ => throw new InvalidOperationException(),
    }).Prepend(column.Name))];

    private sealed class SameNames : IEqualityComparer<(string[] Names, int Rows)>
    {
        public bool Equals((string[] Names, int Rows) x, (string[] Names, int Rows) y) => x.Rows == y.Rows && x.Names.SequenceEqual(y.Names);

        public int GetHashCode((string[] Names, int Rows) obj) => obj.Rows;
    }

    /// <summary>Learns nothing and remembers what it was shown.</summary>
    private sealed class Watcher : ILearner
    {
        public TrainingData? Seen { get; private set; }

        public string Name => "dummy";

        public LearnerTags Tags => new() { Missing = true, Categories = true };

        public bool Supports(TaskKind task) => true;

        public IModel Fit(TrainingData data, FitContext context)
        {
            Seen = data;
            return new Dummy().Fit(data, context);
        }
    }
}
