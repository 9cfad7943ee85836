using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// A trial that is being evaluated: its parameters, the way to ask for more of them as the objective runs, to report, and to
/// learn whether to stop.
/// </summary>
/// <remarks><b>Threads.</b> Safe to call concurrently, though one objective usually runs on one thread.</remarks>
public sealed class LiveTrial
{
    private readonly Study _study;
    private readonly SearchSpace _proposalSpace;
    private readonly History _known;
    private readonly Params _proposed;
    private readonly Params _fixed;

    internal LiveTrial(Study study, int number, SearchSpace proposalSpace, History known, Params proposed, Params fixedValues) =>
        (_study, Number, _proposalSpace, _known, _proposed, _fixed) = (study, number, proposalSpace, known, proposed, fixedValues);

    /// <summary>The trial's number.</summary>
    public int Number { get; }

    /// <summary>The values of the active declared parameters and of those asked for so far.</summary>
    public Params Params => Snapshot.Params;

    /// <summary>The trial as it stands.</summary>
    public Trial Snapshot => _study.Get(Number);

    /// <summary>
    /// Under <see cref="DuplicatePolicy.Reuse"/>: the earlier complete trial of the same configuration, whose values may be told instead of
    /// evaluating again, as <see cref="Study.Optimize"/> does; otherwise null.
    /// </summary>
    public Trial? Repeats { get; internal init; }

    /// <summary>A random stream for the objective's own use; depends on the study's seed and this trial's number alone.</summary>
    public Rng Rng => new Rng(_study.Options.Seed, (ulong)Number).Child(Study.StableHash("objective"));

    /// <summary>Set when the run is cancelled or the trial's time is up: a long objective looks at it. Never set outside <see cref="Study.Optimize"/>.</summary>
    public CancellationToken Cancellation { get; internal set; }

    /// <summary>Whom to tell of reports; set by the runner.</summary>
    internal StudyHooks? Hooks { get; set; }

    /// <summary>The trial's own time limit, and it together with the run's token; set and disposed by the runner.</summary>
    internal CancellationTokenSource? TimeUp { get; set; }

    internal CancellationTokenSource? Linked { get; set; }

    /// <summary>What a hook threw during a report: the run's fault, not the objective's.</summary>
    internal Exception? HookFailure { get; private set; }

    /// <summary>Asks for a real number.</summary>
    /// <inheritdoc cref="FloatParameter(string, double, double, bool, double?)"/>
    public double Float(string name, double low, double high, bool log = false, double? step = null) =>
        Ask(new FloatParameter(name, low, high, log, step)).AsDouble();

    /// <summary>Asks for an integer.</summary>
    /// <inheritdoc cref="IntParameter(string, long, long, bool, long)"/>
    public long Int(string name, long low, long high, bool log = false, long step = 1) =>
        Ask(new IntParameter(name, low, high, log, step)).AsInt();

    /// <summary>Asks for one of several strings.</summary>
    /// <inheritdoc cref="CategoricalParameter(string, IReadOnlyList{ParamValue})"/>
    public string Choice(string name, params IReadOnlyList<string> choices) =>
        Ask(new CategoricalParameter(name, [.. choices.Select(ParamValue.Of)])).AsText();

    /// <summary>Asks for one of several strings in an order.</summary>
    /// <inheritdoc cref="OrdinalParameter(string, IReadOnlyList{ParamValue})"/>
    public string Ordinal(string name, params IReadOnlyList<string> choices) =>
        Ask(new OrdinalParameter(name, [.. choices.Select(ParamValue.Of)])).AsText();

    /// <summary>Asks for true or false.</summary>
    public bool Flag(string name) => Ask(new CategoricalParameter(name, false, true)).AsBool();

    /// <summary>
    /// The value of a parameter. When it was asked for in earlier trials, it was proposed together with the others; when it is new,
    /// it is proposed on its own. Asking again gives the same value.
    /// </summary>
    /// <exception cref="LodeException">
    /// InvalidArgument: asked for before in this trial, or declared, with another domain; declared but inactive; the enqueued value
    /// is outside the domain. Conflict: the trial is not running any more.
    /// </exception>
    /// <remarks>A condition of the parameter is ignored: that the objective asks for it is its condition.</remarks>
    public ParamValue Ask(Parameter parameter) => _study.AskParameter(Number, parameter, _proposalSpace, _known, _proposed, _fixed);

    /// <summary>Reports where the objective stands.</summary>
    /// <param name="step">The epoch, fold or round; ≥ 0, each once.</param>
    /// <param name="values">One per objective; NaN where it diverged.</param>
    /// <exception cref="LodeException">InvalidArgument: a negative step, or not one value per objective. Conflict: the step was reported before, or the trial is not running.</exception>
    public void Report(long step, params ReadOnlySpan<double> values)
    {
        var report = new Report(step, [.. values]);
        var trial = _study.Report(Number, report);
        try
        {
            Hooks?.Reported?.Invoke(trial, report);
        }
        catch (Exception failure)
        {
            HookFailure = failure;
            throw;
        }
    }

    /// <summary>Whether the pruner says to stop; then end with <see cref="Outcome.Pruned"/>.</summary>
    public bool ShouldPrune() => _study.ShouldPrune(Number, _known);
}
