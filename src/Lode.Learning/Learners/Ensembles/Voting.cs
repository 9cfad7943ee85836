using Lode.Core;

namespace Lode.Learning;

/// <summary>Models of several kinds that predict together: the mean of their probabilities or numbers, or their votes.</summary>
public sealed class Voting : ILearner
{
    private readonly (ILearner Learner, double Weight)[] _learners;
    private readonly bool _hard;

    /// <param name="learners">At least one, each with its weight above 0.</param>
    /// <param name="hard">Whether each gives one vote to its most probable class. Default: no, the mean of the probabilities.</param>
    /// <exception cref="LodeException">InvalidArgument: there is no learner, or a weight is out of range.</exception>
    public Voting(IReadOnlyList<(ILearner Learner, double Weight)> learners, bool hard = false)
    {
        if (learners.Count == 0 || learners.Any(part => !(part.Weight > 0 && double.IsFinite(part.Weight))))
            throw new LodeException(ErrorCode.InvalidArgument, "voting needs at least one learner, and for each a weight above 0.");
        (_learners, _hard) = ([.. learners], hard);
    }

    internal static Voting Create(ParameterReader read)
    {
        var names = read.Texts("estimators", ["extra_trees", "hist_gb", "random_forest"]);
        var weights = read.Texts("weights", [.. names.Select(_ => "1")]);
        if (weights.Length != names.Length)
            throw read.Bad("weights", $"{names.Length} numbers, one for each of the estimators", string.Join(',', weights));
        var learners = names.Zip(weights, (name, weight) => (read.Named(name),
            InvariantNumber.TryParse(weight, out var number) ? number : throw read.Bad("weights", "numbers", weight)));
        return new Voting([.. learners], read.Find("voting") switch
        {
            null or "soft" => false,
            "hard" => true,
            var other => throw read.Bad("voting", "soft or hard", other),
        });
    }

    /// <inheritdoc/>
    public string Name => "voting";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => _learners.All(part => part.Learner.Supports(task));

    /// <inheritdoc/>
    public LearnerTags Tags => new()
    {
        Missing = _learners.All(part => part.Learner.Tags.Missing),
        Categories = _learners.All(part => part.Learner.Tags.Categories),
        MonotoneInvariant = _learners.All(part => part.Learner.Tags.MonotoneInvariant),
        Deterministic = _learners.All(part => part.Learner.Tags.Deterministic),
    };

    /// <inheritdoc/>
    public IModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        var members = new EnsembleMember[_learners.Length];
        for (var i = 0; i < members.Length; i++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var model = _learners[i].Learner.Fit(data, context with { Rng = context.Rng.Child((ulong)i) });
            members[i] = new EnsembleMember(model, _learners[i].Weight, []);
        }
        var rule = _hard && data.Target.Task == TaskKind.Classification ? EnsembleRule.Vote : EnsembleRule.Mean;
        return new EnsembleModel(members, rule, data.Features.Columns, Math.Max(1, data.Target.Classes.Count));
    }
}
