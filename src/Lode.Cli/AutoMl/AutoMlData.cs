using System.Globalization;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>What is learned from, and what is predicted afterwards.</summary>
internal sealed record AutoMlData
{
    private const int MostRowsNamed = 10;
    private const int MostWarnings = 12;

    /// <summary>The training file's name.</summary>
    public required string Name { get; init; }

    /// <summary>Features and target.</summary>
    public required Dataset Train { get; init; }

    /// <summary>Of the training table as it was used.</summary>
    public required TableFingerprint Fingerprint { get; init; }

    /// <summary>The second file; null where there is none.</summary>
    public TestData? Test { get; init; }

    /// <summary>What its reader should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <exception cref="LodeException">A file cannot be read, or its columns do not suit; the message names file and column.</exception>
    public static AutoMlData Load(AutoMlRequest request)
    {
        var warnings = new List<string>();
        var table = CsvReader.Read(request.Train);
        var column = table.Find(request.Roles.Target) ?? throw new LodeException(ErrorCode.InvalidArgument,
            $"{Path.GetFileName(request.Train)} has no column '{request.Roles.Target}' to be the target.", DidYouMean.Hint(request.Roles.Target, table.Columns.Select(other => other.Name)));
        table = RowsWithTarget(table, column, request, warnings);
        RefuseConstant(table[column.Name]);
        var train = Dataset.Of(table, request.Roles);
        FiniteRows.Require(Path.GetFileName(request.Train), train.Features);
        var found = TableChecks.Of(train);
        warnings.AddRange(found.Take(MostWarnings).Select(warning => warning.Message));
        if (found.Count > MostWarnings)
            warnings.Add($"{found.Count - MostWarnings} more of the kind: {string.Join(", ", found.Skip(MostWarnings).CountBy(warning => warning.Kind).Select(pair => $"{pair.Key} {pair.Value}"))}.");
        var loaded = new AutoMlData
        {
            Name = Path.GetFileName(request.Train),
            Train = train,
            Fingerprint = table.Fingerprint(),
            Test = request.Test is { } file ? TestData.Load(file, table, train, request.Roles, warnings) : null,
            Warnings = warnings,
        };
        if (loaded.Test is { } test)
            warnings.AddRange(DataWarnings.OfTest(loaded, test, table[column.Name]));
        warnings.AddRange(DataWarnings.OfTime(train, loaded.Test));
        return loaded;
    }

    private static Table RowsWithTarget(Table table, Column target, AutoMlRequest request, List<string> warnings)
    {
        var missing = Enumerable.Range(0, table.Rows).Where(target.IsMissing).ToArray();
        if (missing.Length == 0)
            return table;
        if (missing.Length == table.Rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"The target '{target.Name}' is missing in all {table.Rows} rows.");
        var named = string.Join(", ", missing.Take(MostRowsNamed).Select(row => row + 1)) + (missing.Length > MostRowsNamed ? ", …" : "");
        if (!request.DropMissingTarget)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The target '{target.Name}' is missing in {missing.Length} of {table.Rows} rows: row {named}.",
                "Fill them in, or leave these rows out with --drop-missing-target.");
        }
        warnings.Add($"{missing.Length} of {table.Rows} rows have no target and were left out: row {named}.");
        return table.Select([.. Enumerable.Range(0, table.Rows).Where(row => !target.IsMissing(row))]);
    }

    private static void RefuseConstant(Column target)
    {
        var first = TestData.TextOf(target, 0);
        for (var row = 1; row < target.Count; row++)
        {
            if (TestData.TextOf(target, row) != first)
                return;
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"The target '{target.Name}' is {first} in every row: there is nothing to learn.", "Take rows of at least two classes or values.");
    }
}

/// <summary>Rows to predict, and to score where they have a target.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Table">All rows.</param>
/// <param name="Fingerprint">Of all columns read.</param>
/// <param name="Truth">The rows that can be scored; null where the file lacks the target.</param>
/// <param name="Scored">Their numbers in the table.</param>
internal sealed record TestData(string Name, Table Table, TableFingerprint Fingerprint, Dataset? Truth, int[] Scored)
{
    public static TestData Load(string file, Table trained, Dataset train, DatasetRoles roles, List<string> warnings)
    {
        var name = Path.GetFileName(file);
        var kinds = new Dictionary<string, ColumnKind>(train.Features.Schema.Kinds, StringComparer.Ordinal) { [roles.Target] = trained[roles.Target].Kind };
        // The target may be absent; of the features the model says which one is.
        var table = CsvReader.Read(file, new CsvOptions { Kinds = kinds, KindsMayBeAbsent = true });
        if (train.Features.Schema.Columns.FirstOrDefault(column => table.Find(column.Name) is null) is { } lacking)
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} has no column '{lacking.Name}'.", DidYouMean.Hint(lacking.Name, table.Columns.Select(column => column.Name)));
        FiniteRows.Require(name, train.Features.Schema.Conform(table));
        var labelled = table.Find(roles.Target) is not null;
        if (!labelled)
            return new TestData(name, table, table.Fingerprint(), null, []);
        var scored = RowsToScore(name, table[roles.Target], train.Target, warnings);
        if (scored.Length == 0)
        {
            warnings.Add($"No row of {name} has a target that the training rows know, so nothing is scored.");
            return new TestData(name, table, table.Fingerprint(), null, []);
        }
        var features = train.Features.Schema.Conform(table).Select(scored);
        var weights = roles.Weight is { } weight && table.Find(weight) is NumericColumn numeric && numeric.CountMissing() == 0 ? Array.ConvertAll(scored, row => numeric.Values[row]) : null;
        return new TestData(name, table, table.Fingerprint(), new Dataset(features, TruthOf(table[roles.Target], train.Target, scored), weights), scored);
    }

    /// <summary>A cell as the file's reader would write it; empty where it is missing.</summary>
    public static string TextOf(Column column, int row) => column.IsMissing(row) ? "" : column switch
    {
        CategoricalColumn categorical => categorical.Levels[categorical.Codes[row]],
        NumericColumn numeric => numeric.Values[row].ToString(CultureInfo.InvariantCulture),
        DateColumn date => new DateTime(date.Ticks[row], DateTimeKind.Utc).ToString("s", CultureInfo.InvariantCulture),
        _ => "",
    };

    private static int[] RowsToScore(string name, Column column, Target trained, List<string> warnings)
    {
        var (scored, unknown, missing) = (new List<int>(), new List<int>(), 0);
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsMissing(row))
                missing++;
            else if (trained.Task == TaskKind.Classification && !trained.Classes.Contains(TextOf(column, row)))
                unknown.Add(row);
            else
                scored.Add(row);
        }
        if (missing > 0)
            warnings.Add($"{missing} of {column.Count} rows of {name} have no target; they are predicted and not scored.");
        if (unknown.Count > 0)
            warnings.Add($"{unknown.Count} rows of {name} have a class that the training rows lack ('{TextOf(column, unknown[0])}' in row {unknown[0] + 1}); they are predicted and not scored.");
        return [.. scored];
    }

    private static Target TruthOf(Column column, Target trained, int[] rows)
    {
        if (trained.Task == TaskKind.Regression)
            return Target.Regression(trained.Name, Array.ConvertAll(rows, row => ((NumericColumn)column).Values[row]));
        var index = trained.Classes.Select((text, label) => (text, label)).ToDictionary(pair => pair.text, pair => pair.label, StringComparer.Ordinal);
        return Target.Classification(trained.Name, Array.ConvertAll(rows, row => index[TextOf(column, row)]), trained.Classes);
    }
}
