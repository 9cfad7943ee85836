using Lode.Core;

namespace Lode.Tracking;

/// <summary>The body of POST /studies/{id}/turn: what an agent has to say and to ask, in one request.</summary>
public sealed record TurnRequest
{
    /// <summary>Trials that have ended, at most 1,000. They are told in this order and before the ask; one that is refused holds up no other.</summary>
    public IReadOnlyList<TrialTurn> Ended { get; init => field = value ?? field; } = [];

    /// <summary>What to ask for then; null = nothing.</summary>
    public AskRequest? Ask { get; init; }
}

/// <summary>A trial that has ended.</summary>
public sealed record TrialTurn
{
    /// <summary>The trial's number.</summary>
    public required int Number { get; init; }

    /// <summary>How it ended.</summary>
    public required TellRequest Tell { get; init; }

    /// <summary>What its run's journal has that the store may not: taken together with the tell, so that no trial is told whose run is not complete. Null = nothing.</summary>
    public JournalPart? Journal { get; init; }
}

/// <summary>A piece of a run's journal, as <see cref="IRunStore.AppendJournalAsync"/> takes it.</summary>
/// <param name="Run">Whose.</param>
/// <param name="Segment">Which of its journals.</param>
/// <param name="Offset">Where in the segment the bytes begin.</param>
/// <param name="Bytes">Whole lines; in JSON as base64.</param>
public sealed record JournalPart(RunId Run, string Segment, long Offset, byte[] Bytes)
{
    /// <summary>Where it ends in its segment.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long End => Offset + Bytes.Length;
}

/// <summary>What a turn hears.</summary>
public sealed record TurnAnswer
{
    /// <summary>One for each of <see cref="TurnRequest.Ended"/>.</summary>
    public IReadOnlyList<TurnTold> Told { get; init => field = value ?? field; } = [];

    /// <summary>The answer to the ask; null where nothing was asked for.</summary>
    public AskAnswer? Ask { get; init; }
}

/// <summary>What became of a tell.</summary>
public sealed record TurnTold
{
    /// <summary>The trial as it stands, without its reports; null where the tell was refused.</summary>
    public TrialInfo? Trial { get; init; }

    /// <summary>Why it was refused: as <see cref="IStudies.TellAsync"/> does. Null where it was not.</summary>
    public ErrorDetail? Error { get; init; }

    /// <summary>Bytes of the journal's segment that the store has by now; null where none came along, or the run takes none (it is in the trash, or was purged).</summary>
    public long? Taken { get; init; }
}
