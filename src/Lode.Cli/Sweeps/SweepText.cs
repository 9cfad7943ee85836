using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Sweeps and trials in words and tables.</summary>
internal static class SweepText
{
    /// <summary><c>12 of 50 trials: 9 complete, 2 pruned, 1 failed</c>.</summary>
    public static string Progress(StudyInfo study)
    {
        var counts = study.Counts;
        var parts = new[] { (counts.Running, "running"), (counts.Waiting, "waiting"), (counts.Complete, "complete"), (counts.Pruned, "pruned"), (counts.Failed, "failed") }
            .Where(part => part.Item1 > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Item1} {part.Item2}")).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{counts.Finished}{(study.Spec.Budget.Trials is { } budget ? $" of {budget}" : "")} trials")
            + (parts.Count > 0 ? $": {string.Join(", ", parts)}" : "");
    }

    public static string Values(StudyInfo study, TrialInfo trial) =>
        string.Join("  ", trial.Values.Select((value, i) => $"{(i < study.Spec.Goals.Count ? study.Spec.Goals[i].Metric : "value")} {Format.Number(value)}"));

    public static string Params(TrialInfo trial) => string.Join(" ", trial.Params.Select(pair => $"{pair.Key}={(pair.Value.Kind == ParamKind.Float ? Format.Number(pair.Value.AsDouble()) : pair.Value.ToString())}"));

    public static string Goals(StudySpec spec) => string.Join(", ", spec.Goals.Select(goal => $"{(goal.Direction == Direction.Minimize ? "minimize" : "maximize")} {goal.Metric}"));

    public static string Word<T>(T state)
        where T : struct, Enum => state.ToString().ToLowerInvariant();

    public static void Write(Terminal terminal, StudyInfo study)
    {
        var table = new TextTable("", "");
        table.Add("sweep", $"{study.Project}/{study.Name} ({study.Id})");
        table.Add("state", study.Reason is null ? Word(study.State) : $"{Word(study.State)}: {study.Reason}");
        table.Add("trials", Progress(study));
        table.Add("goal", Goals(study.Spec));
        table.Add("sampler", study.SamplerReason is null ? study.Spec.Sampler.Name : $"{study.Spec.Sampler.Name}: {study.SamplerReason}");
        if (study.Spec.Pruner.Name != "none")
            table.Add("pruner", study.Spec.Pruner.Name);
        if (study.Best is { } best)
            table.Add("best", $"trial {best.Number}  {Values(study, best)}  {Params(best)}");
        table.Write(terminal);
    }

    public static void Write(Terminal terminal, StudyInfo study, IReadOnlyList<TrialInfo> trials)
    {
        var table = new TextTable(["TRIAL", "STATE", .. study.Spec.Goals.Select(goal => goal.Metric), .. study.Spec.Space.Select(parameter => parameter.Name), "RUN", "FAILURE"]).Numeric([0, .. Enumerable.Range(2, study.Spec.Goals.Count)]);
        foreach (var trial in trials)
        {
            table.Add([
                trial.Number.ToString(CultureInfo.InvariantCulture),
                Word(trial.State),
                .. Enumerable.Range(0, study.Spec.Goals.Count).Select(i => i < trial.Values.Length ? Format.Number(trial.Values[i]) : ""),
                .. study.Spec.Space.Select(parameter => trial.Params.TryGet(parameter.Name, out var value) ? value.Kind == ParamKind.Float ? Format.Number(value.AsDouble()) : value.ToString() : ""),
                trial.Run?.ToString() is { } run ? run[..8] : "",
                trial.Failure ?? "",
            ]);
        }
        if (table.Write(terminal) is > 0 and var hidden)
            terminal.Note($"{hidden} columns did not fit");
    }

    /// <summary>The best trial, or of several goals those that no other beats in all.</summary>
    /// <exception cref="LodeException">NotFound: no trial is complete.</exception>
    public static async Task<IReadOnlyList<TrialInfo>> BestAsync(IStudies studies, StudyInfo study, CancellationToken ct)
    {
        if (study.Best is { } best)
            return [best];
        var trials = (await studies.GetTrialsAsync(study.Id, new TrialQuery { State = TrialState.Complete, Limit = 50_000 }, ct)).Trials;
        if (trials.Count == 0)
            throw new LodeException(ErrorCode.NotFound, $"no trial of the sweep '{study.Name}' is complete: {Progress(study)}", $"`lode sweep trials {study.Name}` shows how they ended");
        var signs = study.Spec.Goals.Select(goal => goal.Direction == Direction.Minimize ? 1.0 : -1.0).ToArray();
        return [.. trials.Where(trial => !trials.Any(other => Beats(other, trial, signs)))];
    }

    private static bool Beats(TrialInfo one, TrialInfo other, double[] signs)
    {
        var better = false;
        for (var i = 0; i < signs.Length; i++)
        {
            var difference = signs[i] * (one.Values[i] - other.Values[i]);
            if (!(difference <= 0))
                return false;
            better |= difference < 0;
        }
        return better;
    }
}
