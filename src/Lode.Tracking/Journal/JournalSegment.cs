using System.Buffers;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// Names of a journal's segments. Every program that writes to a run writes a segment of its own, and a store takes each by its
/// own byte offset, in any order.
/// </summary>
public static class JournalSegment
{
    /// <summary>The name of a run's first segment.</summary>
    public const string First = "";

    private const int MaxLength = 64;

    private static readonly SearchValues<char> s_allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    /// <summary>A name that no other segment has.</summary>
    public static string New() => RunId.New().ToString();

    /// <summary>Whether it is a name: letters, digits, <c>_</c> and <c>-</c>, at most 64; or <see cref="First"/>.</summary>
    public static bool IsValid(string segment) => segment.Length <= MaxLength && !segment.AsSpan().ContainsAnyExcept(s_allowed);

    /// <summary>Refuses what is not <see cref="IsValid"/>.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void Check(string segment)
    {
        if (!IsValid(segment))
            throw new LodeException(ErrorCode.InvalidArgument, $"A journal's segment is named with up to {MaxLength} letters (a-z, A-Z), digits, '_' and '-'; got '{segment}'.");
    }

    /// <summary>As <see cref="IRunStore.AppendJournalAsync"/>, for the first segment.</summary>
    public static Task<JournalReceipt> AppendJournalAsync(this IRunStore store, RunId id, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct) => store.AppendJournalAsync(id, First, offset, bytes, ct);
}
