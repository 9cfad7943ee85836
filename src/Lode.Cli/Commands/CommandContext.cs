using System.CommandLine;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>What commands share: the options every one has, and how a store is opened for it.</summary>
/// <param name="Terminal">Where to write.</param>
/// <param name="Time">The clock.</param>
/// <param name="Home">What the user said of the data folder; null = the default.</param>
/// <param name="Address">What the user said of the store; null = the data folder's own.</param>
/// <param name="Json">Answer in JSON.</param>
/// <param name="Command">What was typed, for the owner's record.</param>
internal sealed record CommandContext(Terminal Terminal, TimeProvider Time, string? Home, string? Address, bool Json, string Command)
{
    public static readonly Option<string?> HomeOption = new("--home") { Description = "The data folder (default: $LODE_HOME, else the user's data directory).", HelpName = "DIR", Recursive = true };

    public static readonly Option<string?> StoreOption = new("--store") { Description = "A PostgreSQL database to keep runs in (default: $LODE_STORE, else SQLite in the data folder).", HelpName = "URL", Recursive = true };

    public static readonly Option<bool> JsonOption = new("--json") { Description = "Answer in JSON.", Recursive = true };

    public static CommandContext Of(ParseResult parsed, Terminal terminal) =>
        new(terminal, TimeProvider.System, parsed.GetValue(HomeOption), parsed.GetValue(StoreOption), parsed.GetValue(JsonOption), "lode " + parsed.CommandResult.Command.Name);

    /// <summary>The PostgreSQL database that is the store; null = the data folder's own.</summary>
    public PostgresAddress? Postgres => ResolveAddress();

    public Task<StoreAccess> OpenStoreAsync(CancellationToken ct) =>
        StoreAccess.OpenAsync(DataFolder.Resolve(Home), ResolveAddress(), Command, Time, warning => Terminal.Note($"lode: {warning}"), ct);

    private PostgresAddress? ResolveAddress()
    {
        var (named, from) = Address is not null ? (Address, "--store") : (Environment.GetEnvironmentVariable("LODE_STORE"), "LODE_STORE");
        if (string.IsNullOrWhiteSpace(named))
            return null;
        // What was got is not repeated: it may hold a password.
        return PostgresAddress.IsAddress(named)
            ? PostgresAddress.Parse(named)
            : throw new LodeException(ErrorCode.InvalidArgument, $"{from} takes the address of a PostgreSQL database, which begins with postgres://.", "Example: --store postgres://user@host:5432/lode; without it, SQLite in the data folder (--home DIR) is used.");
    }

    /// <summary>The named project's id, or every project's.</summary>
    /// <exception cref="LodeException">NotFound: no project of that name or number.</exception>
    public static Task<IReadOnlyList<Project>> ProjectsAsync(IRunStore store, string? name, CancellationToken ct) => ProjectsAsync(store, name, LifecycleView.Active, ct);

    /// <summary>The same, of those in use, in the trash, or both.</summary>
    public static async Task<IReadOnlyList<Project>> ProjectsAsync(IRunStore store, string? name, LifecycleView view, CancellationToken ct)
    {
        var all = (await store.SearchProjectsAsync(new ProjectQuery { View = view, Limit = 50_000 }, ct)).Projects;
        if (name is null)
            return all;
        var found = all.Where(project => project.Name == name).ToList();
        if (found.Count == 0)
            found = [.. all.Where(project => project.Id.ToString() == name)];
        if (found.Count > 0)
            return found;
        var near = DidYouMean.Nearest(name, all.Select(project => project.Name));
        throw new LodeException(ErrorCode.NotFound, $"project '{name}' not found", near is not null ? $"did you mean '{near}'?" : "`lode ls --projects` lists the projects");
    }
}
