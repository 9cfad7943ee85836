using System.CommandLine;
using Lode.Core;
using Lode.Server;

namespace Lode.Cli;

/// <summary><c>lode up</c></summary>
internal static class UpCommand
{
    public static readonly Option<int> PortOption = new("--port") { Description = $"The port (default {ServerOptions.DefaultPort}; 0 = any free one).", HelpName = "N", DefaultValueFactory = _ => ServerOptions.DefaultPort };

    public static Command Create(Terminal terminal)
    {
        var host = new Option<string>("--host") { Description = "The address to listen on (default 127.0.0.1).", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
        var privateWebhooks = new Option<bool>("--private-webhooks") { Description = "Let webhooks call this machine and private networks even where other machines are let in." };
        var command = Help.WithExamples(new Command("up", "Start the server and dashboard on the data folder or a PostgreSQL database, until Ctrl-C.") { PortOption, host, privateWebhooks },
            "lode up", "lode up --port 0", "lode up --store postgres://lode@db.example.com/lode", "MLFLOW_TRACKING_URI=http://127.0.0.1:5633 python train.py   # in another terminal");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(host)!, parsed.GetValue(PortOption), parsed.GetValue(privateWebhooks), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, string host, int port, bool privateWebhooks, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        if (access.Local is not { } store)
            throw new LodeException(ErrorCode.Conflict, $"The data folder '{access.Folder.Path}' is served already by process {access.Owner!.ProcessId} at {access.Owner.Address}.", $"Open {access.Owner.Address}, or use another folder with --home DIR.");
        await using var server = await LodeServer.StartAsync(Options(context, access, host, port) with { Webhooks = new WebhookOptions { AllowPrivate = privateWebhooks ? true : null } }, store, context.Time, ct);
        access.Announce(context.Command, server.Address);
        if (context.Json)
            context.Terminal.Json(new UpAnswer(server.Address.ToString(), access.Folder.Path, access.Place, Environment.ProcessId), CliJson.Default.UpAnswer);
        else
            context.Terminal.Out.WriteLine($"lode: {server.Address}  (data in {access.Place}; Ctrl-C stops)");
        context.Terminal.Out.Flush();
        await UntilStoppedAsync(ct);
        return ExitCodes.Ok;
    }

    internal static ServerOptions Options(CommandContext context, StoreAccess access, string host, int port) => port is >= 0 and <= 65535
        ? new ServerOptions { Host = host, Port = port, DataFolder = access.Place, JournalFolder = access.Folder.JournalFolder, ArtifactFolder = access.Folder.ArtifactFolder, Version = VersionCommand.Version }
        : throw new LodeException(ErrorCode.InvalidArgument, $"--port is 0 to 65535; got {port}.");

    /// <summary>Ctrl-C and SIGTERM are how a server is meant to end, so they are no failure.</summary>
    internal static async Task UntilStoppedAsync(CancellationToken ct) => await Task.Delay(Timeout.Infinite, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}

/// <summary>The answer to <c>lode up --json</c>, when the server listens.</summary>
internal sealed record UpAnswer(string Address, string DataFolder, string Store, int ProcessId);
