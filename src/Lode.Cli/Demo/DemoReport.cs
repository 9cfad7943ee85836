using System.Globalization;
using Lode.Core;

namespace Lode.Cli;

/// <summary>What the demo found: printed for people, and the answer to <c>lode demo --json</c>.</summary>
internal sealed record DemoReport
{
    /// <summary>What was learned from.</summary>
    public required DemoData Data { get; init; }

    /// <summary>The seed that gives these numbers again.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Every candidate by its cross-validation on the training rows: the baselines in order, then the search's best.</summary>
    public required IReadOnlyList<DemoCandidate> Candidates { get; init; }

    /// <summary>How many trials ended how.</summary>
    public required DemoTrials Trials { get; init; }

    /// <summary>The name of the candidate with the least log loss.</summary>
    public required string Winner { get; init; }

    /// <summary>The winner, fitted anew on all training rows, on the rows that nothing had seen.</summary>
    public required DemoHoldout Holdout { get; init; }

    /// <summary>Seconds from start to report.</summary>
    public double Seconds { get; init; }

    /// <summary>Where the runs are kept.</summary>
    public string DataFolder { get; init; } = "";

    /// <summary>The project's page.</summary>
    public string Dashboard { get; init; } = "";

    public void Write(TextWriter output)
    {
        string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        output.WriteLine();
        output.WriteLine(Line($"{Data.Name}: {Data.Rows} rows, {Data.Columns} features, target {Data.Target} ({string.Join(", ", Data.Classes.Select(pair => $"{pair.Value} {pair.Key}"))}); {Data.HoldoutRows} rows held out"));
        output.WriteLine();
        output.WriteLine(Line($"{"",-22}{"CV log loss",-20}{"ROC AUC",-10}accuracy"));
        foreach (var candidate in Candidates)
            output.WriteLine(Line($"{candidate.Name,-22}{candidate.LogLoss,-6:0.0000} ± {candidate.LogLossError,-11:0.0000}{candidate.RocAuc,-10:0.0000}{candidate.Accuracy:0.0000}{(candidate.Name == Winner ? "  <- winner" : "")}"));
        var best = Candidates[^1];
        output.WriteLine();
        output.WriteLine(Line($"{best.Name}: best of {Trials.Complete + Trials.Pruned + Trials.Failed} trials ({Trials.Pruned} pruned{(Trials.Failed > 0 ? $", {Trials.Failed} failed" : "")}): {string.Join(" ", best.Params.Select(pair => $"{pair.Key}={pair.Value}"))}"));
        var winner = Candidates.First(candidate => candidate.Name == Winner);
        if (winner != best)
            output.WriteLine(Line($"the search did not beat {Winner} ({string.Join(" ", winner.Params.Select(pair => $"{pair.Key}={pair.Value}"))}), so that is the winner"));
        output.WriteLine(Line($"holdout, scored once: log loss {Holdout.LogLoss:0.0000}, ROC AUC {Holdout.RocAuc:0.0000}, accuracy {Holdout.Accuracy:0.0000} ({Winner} on {Data.HoldoutRows} unseen rows)"));
        output.WriteLine();
        output.WriteLine(Line($"took {Seconds:0.0} s with seed {Seed}; data in {DataFolder}"));
    }
}

/// <summary>The data that the demo learned from.</summary>
internal sealed record DemoData(string Name, int Rows, int Columns, int HoldoutRows, string Target, IReadOnlyDictionary<string, int> Classes, string Sha256);

/// <summary>A model with its parameters and cross-validation scores.</summary>
internal sealed record DemoCandidate(string Name, string Learner, RunId Run, IReadOnlyDictionary<string, string> Params, double LogLoss, double LogLossError, double RocAuc, double Accuracy);

/// <summary>Trials by how they ended.</summary>
internal sealed record DemoTrials(int Complete, int Pruned, int Failed);

/// <summary>Scores on the held-out rows.</summary>
internal sealed record DemoHoldout(RunId Run, double LogLoss, double RocAuc, double Accuracy);
