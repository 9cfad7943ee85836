using System.CommandLine;
using Lode.Core;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode up</c></summary>
internal static class UpCommand
{
    public static readonly Option<int> PortOption = new("--port") { Description = $"The port (default {ServerOptions.DefaultPort}; 0 = any free one).", HelpName = "N", DefaultValueFactory = _ => ServerOptions.DefaultPort };

    private static readonly Option<string> s_host = new("--host") { Description = "The address to listen on (default 127.0.0.1; 0.0.0.0 = all).", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
    private static readonly Option<string?> s_token = new("--token") { Description = $"What callers must show; @FILE reads it from a file (default ${LodeHttp.TokenVariable}, else nobody is asked).", HelpName = "TOKEN" };
    private static readonly Option<bool> s_allowAnonymous = new("--allow-anonymous") { Description = "Let other machines in without a token." };
    private static readonly Option<string[]> s_allowHost = new("--allow-host") { Description = "A name under which the server is reached, for example lode.example.org; may be repeated.", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<int> s_maxBody = new("--max-body") { Description = "The largest request body in MiB (default 64).", HelpName = "MIB", DefaultValueFactory = _ => 64 };
    private static readonly Option<int?> s_maxUpload = new("--max-upload") { Description = "The largest uploaded file in MiB (default: as much as the disk takes).", HelpName = "MIB" };
    private static readonly Option<bool> s_privateWebhooks = new("--private-webhooks") { Description = "Let webhooks call this machine and private networks even where other machines are let in." };

    public static Command Create(Terminal terminal)
    {
        var command = Help.WithExamples(new Command("up", "Start the server and dashboard on the data folder or a PostgreSQL database, until Ctrl-C.") { PortOption, s_host, s_token, s_allowAnonymous, s_allowHost, s_maxBody, s_maxUpload, s_privateWebhooks },
            "lode up", "lode up --port 0", "lode up --store postgres://lode@db.example.com/lode", "lode up --host 0.0.0.0 --token @token.txt", "MLFLOW_TRACKING_URI=http://127.0.0.1:5633 python train.py   # in another terminal");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed, ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, ParseResult parsed, CancellationToken ct)
    {
        // What makes no sense is refused before anything is opened.
        var settings = Settings(parsed);
        await using var access = await context.OpenStoreAsync(ct);
        if (access.Local is not { } store)
            throw new LodeException(ErrorCode.Conflict, $"The data folder '{access.Folder.Path}' is served already by process {access.Owner!.ProcessId} at {access.Owner.Address}.", $"Open {access.Owner.Address}, or use another folder with --home DIR.");
        await using var server = await LodeServer.StartAsync(settings(Options(context, access, parsed.GetValue(s_host)!, parsed.GetValue(PortOption))), store, context.Time, ct);
        access.Announce(context.Command, server.Address);
        if (context.Json)
            context.Terminal.Json(new UpAnswer(server.Address.ToString(), access.Folder.Path, access.Place, Environment.ProcessId), CliJson.Default.UpAnswer);
        else
            context.Terminal.Out.WriteLine($"lode: {server.Address}  (data in {access.Place}; Ctrl-C stops)");
        context.Terminal.Out.Flush();
        await UntilStoppedAsync(server, ct);
        return ExitCodes.Ok;
    }

    /// <summary>This program, as others can start it.</summary>
    internal static IReadOnlyList<string> Self => Environment.ProcessPath is { } path
        ? Path.GetFileNameWithoutExtension(path) == "dotnet" ? [path, typeof(UpCommand).Assembly.Location] : [path]
        : ["lode"];

    internal static ServerOptions Options(CommandContext context, StoreAccess access, string host, int port) => port is >= 0 and <= 65535
        ? new ServerOptions { Host = host, Port = port, DataFolder = access.Place, JournalFolder = access.Folder.JournalFolder, ArtifactFolder = access.Folder.ArtifactFolder, Version = VersionCommand.Version, AgentProgram = Self }
        : throw new LodeException(ErrorCode.InvalidArgument, $"--port is 0 to 65535; got {port}.");

    private static Func<ServerOptions, ServerOptions> Settings(ParseResult parsed)
    {
        var anonymous = parsed.GetValue(s_allowAnonymous);
        var token = parsed.GetValue(s_token);
        var text = TokenText(token, anonymous);
        var secret = text is null ? null : AccessToken.Parse(text);
        var body = parsed.GetValue(s_maxBody);
        if (body is < 1 or > 100_000)
            throw new LodeException(ErrorCode.InvalidArgument, $"--max-body is 1 to 100000 MiB; got {body}.");
        var upload = parsed.GetValue(s_maxUpload);
        if (upload < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"--max-upload is at least 1 MiB; got {upload}.");
        return options => options with
        {
            Token = secret,
            AgentToken = text?.Trim(),
            AllowAnonymous = anonymous,
            AllowedHosts = parsed.GetValue(s_allowHost)!,
            MaxBodyBytes = (long)body << 20,
            MaxUploadBytes = (long?)upload << 20,
            Webhooks = new WebhookOptions { AllowPrivate = parsed.GetValue(s_privateWebhooks) ? true : null },
        };
    }

    /// <summary>What callers must show; null = nobody is asked.</summary>
    internal static AccessToken? TokenOf(string? token, bool anonymous) => TokenText(token, anonymous) is { } text ? AccessToken.Parse(text) : null;

    private static string? TokenText(string? token, bool anonymous)
    {
        if (anonymous && token is not null)
            throw new LodeException(ErrorCode.InvalidArgument, "--token asks callers for a token and --allow-anonymous does not.", "Choose one.");
        token ??= anonymous ? null : Environment.GetEnvironmentVariable(LodeHttp.TokenVariable) is { Length: > 0 } set ? set : null;
        return token is ['@', .. var file] ? ReadFile(file) : token;
    }

    private static string ReadFile(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new LodeException(error is FileNotFoundException or DirectoryNotFoundException ? ErrorCode.NotFound : ErrorCode.PermissionDenied, $"The token's file '{file}' cannot be read: {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    /// <summary>Ctrl-C and SIGTERM are how a server is meant to end, so they are no failure.</summary>
    internal static async Task UntilStoppedAsync(LodeServer? server, CancellationToken ct)
    {
        // A signal may come before the command line listens for it; the server listens as soon as it runs.
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(ct, server?.Stopping ?? ct);
        await Task.Delay(Timeout.Infinite, stopped.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}

/// <summary>The answer to <c>lode up --json</c>, when the server listens.</summary>
internal sealed record UpAnswer(string Address, string DataFolder, string Store, int ProcessId);
