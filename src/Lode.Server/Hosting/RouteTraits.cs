using Microsoft.AspNetCore.Builder;

namespace Lode.Server;

/// <summary>What the pipeline must know of an endpoint before it runs. An endpoint that says nothing needs a sign-in and counts as a short request.</summary>
internal static class RouteTraits
{
    /// <summary>Anybody may ask, also under a foreign host name: it tells nothing of the data.</summary>
    public static T OpenToAll<T>(this T route)
        where T : IEndpointConventionBuilder => route.WithMetadata(OpenToAllTrait.Instance, UnqueuedTrait.Instance);

    /// <summary>Answered even when the server is full, and not timed: it costs nothing, or lives for long and is counted apart.</summary>
    public static T Unqueued<T>(this T route)
        where T : IEndpointConventionBuilder => route.WithMetadata(UnqueuedTrait.Instance);

    /// <summary>May last as long as its client is slow, for example a file sent or fetched: takes its turn among its like.</summary>
    public static T Streams<T>(this T route)
        where T : IEndpointConventionBuilder => route.WithMetadata(StreamsTrait.Instance);
}

/// <summary>See <see cref="RouteTraits.Streams"/>.</summary>
internal sealed class StreamsTrait
{
    public static readonly StreamsTrait Instance = new();
}

/// <summary>See <see cref="RouteTraits.OpenToAll"/>.</summary>
internal sealed class OpenToAllTrait
{
    public static readonly OpenToAllTrait Instance = new();
}

/// <summary>See <see cref="RouteTraits.Unqueued"/>.</summary>
internal sealed class UnqueuedTrait
{
    public static readonly UnqueuedTrait Instance = new();
}
