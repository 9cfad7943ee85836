namespace Lode.Storage;

/// <summary>How a check came out.</summary>
public enum CheckState
{
    /// <summary>All is well.</summary>
    Ok = 1,

    /// <summary>Something is wrong, and still is.</summary>
    Wrong = 2,

    /// <summary>Something was wrong and was repaired.</summary>
    Fixed = 3,

    /// <summary>Not looked at; the details say why.</summary>
    Skipped = 4,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">A word: folder, schema, integrity, references, log, versions, summaries, imports, models, artifacts, journals.</param>
/// <param name="State">How it came out.</param>
/// <param name="Details">What was found and what was done, a line each.</param>
public sealed record CheckResult(string Name, CheckState State, IReadOnlyList<string> Details);

/// <summary>What the doctor found.</summary>
/// <param name="Checks">In the order in which they were made.</param>
public sealed record DoctorReport(IReadOnlyList<CheckResult> Checks)
{
    /// <summary>Nothing is wrong (any more).</summary>
    public bool Ok => Checks.All(check => check.State != CheckState.Wrong);
}

/// <summary>A check while it is made.</summary>
/// <param name="name">Its word.</param>
internal sealed class OpenCheck(string name)
{
    private readonly List<string> _details = [];
    private bool _wrong;
    private bool _fixed;

    public void Note(string line) => _details.Add(line);

    public void Wrong(string line)
    {
        _wrong = true;
        _details.Add(line);
    }

    public void Fixed(string line)
    {
        _fixed = true;
        _details.Add(line);
    }

    public CheckResult End() => new(name, _wrong ? CheckState.Wrong : _fixed ? CheckState.Fixed : CheckState.Ok, _details);

    public static CheckResult Skipped(string name, string why) => new(name, CheckState.Skipped, [why]);
}
