using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Native;

/// <summary>What an endpoint takes and answers, said where it is mapped: the OpenAPI document is made of it.</summary>
internal static class RouteWords
{
    private const string Json = "application/json";

    /// <summary>A query parameter.</summary>
    public static T Asks<T>(this T route, string name, string type, string text, bool required = false, bool repeated = false)
        where T : IEndpointConventionBuilder => route.WithMetadata(new QueryField(name, type, text, required, repeated));

    /// <summary>The query parameters of a search.</summary>
    public static T AsksSearch<T>(this T route, int limit)
        where T : IEndpointConventionBuilder => route
        .Asks("q", "string", "A filter, as in the command line's documentation.")
        .Asks("sort", "string", "A field, then asc or desc.", repeated: true)
        .Asks("view", "string", "active (the default), deleted or all.")
        .Asks("offset", "integer", "How many to pass over; default 0.")
        .Asks("limit", "integer", $"How many to return at most, 1 to 50,000; default {limit}.");

    /// <summary>The body it takes, whatever content type is sent with it: unlike <c>Accepts</c> this only describes.</summary>
    public static T Takes<T>(this T route, Type body, string type = Json)
        where T : IEndpointConventionBuilder => route.WithMetadata(new BodyField(body, type));

    /// <summary>What it does, and what it answers.</summary>
    public static RouteHandlerBuilder Says<TAnswer>(this RouteHandlerBuilder route, string summary, string type = Json) =>
        route.WithSummary(summary).Produces<TAnswer>(StatusCodes.Status200OK, type);

    /// <summary>What it does; the answer is empty.</summary>
    public static RouteHandlerBuilder SaysNothing(this RouteHandlerBuilder route, string summary) => route.WithSummary(summary).Produces(StatusCodes.Status204NoContent);
}

/// <summary>A query parameter of an endpoint.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Type">JSON schema's name of its type.</param>
/// <param name="Text">For people.</param>
/// <param name="Required">Whether it must be there.</param>
/// <param name="Repeated">Whether it may be there several times.</param>
internal sealed record QueryField(string Name, string Type, string Text, bool Required, bool Repeated);

/// <summary>The body of an endpoint.</summary>
/// <param name="Body">What it holds; string = bytes that are no JSON object.</param>
/// <param name="ContentType">As it should be sent.</param>
internal sealed record BodyField(Type Body, string ContentType);
