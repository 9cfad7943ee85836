using System.Globalization;
using Lode.Core;
using Npgsql;

namespace Lode.Storage;

/// <summary>Where a PostgreSQL database is: <c>postgres://user:password@host:port/database?sslmode=require</c>.</summary>
/// <remarks>
/// User, password, port and database may be left out; then <c>PGUSER</c>, <c>PGPASSWORD</c> or <c>~/.pgpass</c>, 5432 and the
/// user's name stand in, as for PostgreSQL's own tools. <see cref="ToString"/> never says the password.
/// </remarks>
public sealed class PostgresAddress
{
    private static readonly Dictionary<string, string> s_options = new(StringComparer.Ordinal)
    {
        ["host"] = "Host", ["port"] = "Port", ["user"] = "Username", ["password"] = "Password", ["dbname"] = "Database",
        ["sslmode"] = "SSL Mode", ["sslrootcert"] = "Root Certificate", ["sslcert"] = "SSL Certificate", ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout", ["application_name"] = "Application Name", ["options"] = "Options", ["passfile"] = "Passfile",
    };

    private PostgresAddress(NpgsqlConnectionStringBuilder settings) => Settings = settings;

    /// <summary>True for text that begins as such an address does.</summary>
    public static bool IsAddress(string text) => text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads an address.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is not one, or has options that are not known. The message does not repeat it: it may hold a password.</exception>
    public static PostgresAddress Parse(string text)
    {
        if (!IsAddress(text) || !Uri.TryCreate(WithHost(text), UriKind.Absolute, out var uri))
            throw new LodeException(ErrorCode.InvalidArgument, "The store's address is not understood.", "Example: postgres://user@host:5432/database; odd characters in a password are written as %40.");
        var settings = new NpgsqlConnectionStringBuilder { Host = uri.Host == NoHost ? "localhost" : uri.IdnHost.Trim('[', ']'), Port = uri.Port > 0 ? uri.Port : 5432, ApplicationName = "lode", Timeout = 5 };
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
            settings.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2)
            settings.Password = Uri.UnescapeDataString(user[1]);
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
            settings.Database = Uri.UnescapeDataString(database);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            SetOption(settings, pair.Split('=', 2));
        return new PostgresAddress(settings);
    }

    internal NpgsqlConnectionStringBuilder Settings { get; }

    /// <summary>Host and port, for messages.</summary>
    internal string Server => string.Create(CultureInfo.InvariantCulture, $"{Settings.Host}:{Settings.Port}");

    /// <summary>The database, as it will be asked for.</summary>
    internal string Database => Settings.Database ?? User;

    /// <summary>The user, as it will be given.</summary>
    internal string User => Settings.Username ?? Environment.GetEnvironmentVariable("PGUSER") ?? Environment.UserName;

    /// <summary>The address without the password.</summary>
    public override string ToString() => $"postgres://{(Settings.Username is { } user ? Uri.EscapeDataString(user) + "@" : "")}{Server}/{Uri.EscapeDataString(Database)}";

    // Uri wants a host where PostgreSQL's own tools do not (postgres:///db).
    private const string NoHost = "no-host.invalid";

    private static string WithHost(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = text.AsSpan(start).IndexOfAny('/', '?') is var at and >= 0 ? start + at : text.Length;
        return end == start || text[end - 1] == '@' ? text.Insert(end, NoHost) : text;
    }

    private static void SetOption(NpgsqlConnectionStringBuilder settings, string[] pair)
    {
        if (!s_options.TryGetValue(pair[0], out var name))
            throw new LodeException(ErrorCode.InvalidArgument, $"The store's address has an unknown option '{pair[0]}'.", DidYouMean.Hint(pair[0], s_options.Keys));
        var value = pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "";
        try
        {
            settings[name] = name == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidCastException or KeyNotFoundException)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The store's address has a value for '{pair[0]}' that makes no sense.", "Example: ?sslmode=require", error);
        }
    }
}
