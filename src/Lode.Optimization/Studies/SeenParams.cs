namespace Lode.Optimization;

/// <summary>Which configurations a study has given out, and by which trial.</summary>
internal sealed class SeenParams
{
    // A define-by-run objective with more kinds of trials than this is looked up by whole proposals only.
    private const int MaxSignatures = 64;

    private readonly Dictionary<Params, int> _numbers = [];
    private readonly List<string[]> _signatures = [];

    /// <summary>How many different configurations there are.</summary>
    public int Count => _numbers.Count;

    /// <summary>Notes a configuration; the earliest trial of it is kept.</summary>
    public void Add(Params values, int number) => _numbers.TryAdd(values, number);

    /// <summary>Notes which parameters a complete trial asked for.</summary>
    public void AddSignature(Params values)
    {
        if (values.Count == 0 || _signatures.Count >= MaxSignatures)
            return;
        foreach (var names in _signatures)
            if (values.HasNames(names))
                return;
        _signatures.Add([.. values.Select(item => item.Key)]);
    }

    /// <summary>Forgets a configuration of a trial.</summary>
    public void Remove(Params values, int number)
    {
        if (_numbers.TryGetValue(values, out var first) && first == number)
            _numbers.Remove(values);
    }

    /// <summary>The trial of the same configuration; -1 when there is none.</summary>
    /// <param name="values">A proposal.</param>
    /// <param name="mayHoldMore">Whether it may give values to more parameters than the trial will ask for.</param>
    public int Find(Params values, bool mayHoldMore)
    {
        if (_numbers.TryGetValue(values, out var number))
            return number;
        if (mayHoldMore)
            foreach (var names in _signatures)
                if (names.Length < values.Count && names.All(values.Contains) && _numbers.TryGetValue(new Params(names.Select(name => new KeyValuePair<string, ParamValue>(name, values[name]))), out number))
                    return number;
        return -1;
    }
}
