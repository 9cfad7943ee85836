using FsCheck;
using Microsoft.FSharp.Core;

namespace Lode.TestKit;

/// <summary>Property checks that try the same cases every time.</summary>
public static class FixedSeed
{
    /// <param name="cases">How many cases are tried.</param>
    public static Config Cases(int cases = 100) => Config.QuickThrowOnFailure
        .WithMaxTest(cases)
        .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(20_26, 1_031), FSharpOption<int>.None)));
}
