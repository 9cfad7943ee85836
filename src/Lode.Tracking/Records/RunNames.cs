using System.Buffers.Binary;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Names for runs that were given none: the same id gives the same name.</summary>
public static class RunNames
{
    private static readonly string[] s_adjectives =
    [
        "amber", "bold", "brave", "bright", "brisk", "calm", "clear", "clever", "cosmic", "crisp", "daring", "deep", "eager", "early", "fair", "fleet",
        "gentle", "glad", "golden", "grand", "happy", "honest", "humble", "keen", "kind", "late", "light", "lively", "lucky", "mellow", "merry", "mild",
        "misty", "neat", "noble", "odd", "patient", "plain", "polite", "proud", "quick", "quiet", "rapid", "rare", "ready", "sharp", "shy", "silent",
        "silver", "smooth", "snowy", "solid", "steady", "still", "sunny", "swift", "tidy", "tough", "upbeat", "vivid", "warm", "wild", "wise", "witty",
    ];

    private static readonly string[] s_animals =
    [
        "ant", "badger", "bat", "bear", "bee", "bison", "boar", "carp", "cat", "cod", "colt", "crab", "crane", "crow", "deer", "dove",
        "duck", "eagle", "eel", "elk", "falcon", "finch", "fox", "frog", "gecko", "goat", "goose", "gull", "hare", "hawk", "heron", "ibex",
        "jay", "koala", "lark", "lynx", "mole", "moose", "moth", "mouse", "newt", "otter", "owl", "panda", "perch", "pike", "puma", "quail",
        "rabbit", "ram", "raven", "robin", "seal", "shark", "shrew", "snail", "stork", "swan", "tapir", "tiger", "toad", "trout", "wolf", "wren",
    ];

    /// <summary>Adjective, animal and number, for example <c>brave-otter-417</c>.</summary>
    public static string For(RunId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes);
        var bits = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return $"{s_adjectives[bits & 63]}-{s_animals[(bits >> 6) & 63]}-{(bits >> 12) % 1000}";
    }
}
