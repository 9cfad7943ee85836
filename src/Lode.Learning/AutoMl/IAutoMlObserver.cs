namespace Lode.Learning;

/// <summary>Told what AutoML does, as it does it, one call at a time; from the thread that searches.</summary>
public interface IAutoMlObserver
{
    /// <summary>A candidate begins.</summary>
    /// <param name="candidate">Its number, family and settings; no score yet.</param>
    void Started(Candidate candidate);

    /// <summary>A candidate has ended, in whatever way; also when it was repeated with other folds.</summary>
    void Finished(Candidate candidate);

    /// <summary>Another part of the work begins.</summary>
    /// <param name="phase">In a few words.</param>
    void Phase(string phase);
}
