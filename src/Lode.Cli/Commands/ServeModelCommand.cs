using System.CommandLine;
using Lode.Core;
using Lode.Learning;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode serve-model</c></summary>
internal static class ServeModelCommand
{
    private const int DefaultPort = 5634;

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = ModelSource.Help };
        var port = new Option<int>("--port") { Description = $"The port (default {DefaultPort}; 0 = any free one).", HelpName = "N", DefaultValueFactory = _ => DefaultPort };
        var host = new Option<string>("--host") { Description = "The address to listen on (default 127.0.0.1; 0.0.0.0 = all).", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
        var token = new Option<string?>("--token") { Description = $"What callers must show; @FILE reads it from a file (default ${LodeHttp.TokenVariable}, else nobody is asked).", HelpName = "TOKEN" };
        var anonymous = new Option<bool>("--allow-anonymous") { Description = "Let other machines in without a token." };
        var hosts = new Option<string[]>("--allow-host") { Description = "A name under which the server is reached; may be repeated.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var body = new Option<int>("--max-body") { Description = "The largest request body in MiB (default 16).", HelpName = "MIB", DefaultValueFactory = _ => 16 };
        var project = new Option<string?>("--project", "-p") { Description = "Look for the run only in this project.", HelpName = "NAME" };
        var command = Help.WithExamples(new Command("serve-model", "Predict over HTTP with a model of lode automl, until Ctrl-C.") { model, port, host, token, anonymous, hosts, body, project },
            "lode serve-model model.lode",
            "lode serve-model models:/churn@champion --host 0.0.0.0 --token @token.txt",
            "curl -d '{\"age\": 31, \"city\": \"Oslo\"}' http://127.0.0.1:5634/predict   # in another terminal");
        command.SetAction((parsed, ct) =>
        {
            if (parsed.GetValue(port) is < 0 or > 65535)
                throw new LodeException(ErrorCode.InvalidArgument, $"--port is 0 to 65535; got {parsed.GetValue(port)}.");
            if (parsed.GetValue(body) is < 1 or > 2000)
                throw new LodeException(ErrorCode.InvalidArgument, $"--max-body is 1 to 2000 MiB; got {parsed.GetValue(body)}.");
            var options = new ServerOptions
            {
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port),
                Token = UpCommand.TokenOf(parsed.GetValue(token), parsed.GetValue(anonymous)),
                AllowAnonymous = parsed.GetValue(anonymous),
                AllowedHosts = parsed.GetValue(hosts)!,
                MaxBodyBytes = (long)parsed.GetValue(body) << 20,
                // Predicting takes a processor: more at once only takes memory.
                MaxRequests = Math.Max(4, 2 * Environment.ProcessorCount),
                MaxWaiting = 512,
                DataFolder = "",
                ArtifactFolder = "",
                Version = VersionCommand.Version,
            };
            return ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(model)!, parsed.GetValue(project), options, ct);
        });
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string reference, string? project, ServerOptions options, CancellationToken ct)
    {
        var file = await ModelSource.ReadAsync(context, reference, project, ct);
        var description = ModelDescription.Of(file);
        var endpoints = new ModelEndpoints(ModelBundle.FromBytes(file), description);
        await using var server = await GuardedHost.StartAsync(options, endpoints.Map, ModelEndpoints.MapOpen, context.Time, ct);
        if (context.Json)
            context.Terminal.Json(new ServeModelAnswer(server.Address.ToString(), description.Target, description.Task, Environment.ProcessId), CliJson.Default.ServeModelAnswer);
        else
            context.Terminal.Out.WriteLine($"lode: {description.Target} at {server.Address}predict  (POST a row or an array of rows as JSON; GET /schema says which columns; Ctrl-C stops)");
        await context.Terminal.Out.FlushAsync(ct);
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(ct, server.Stopping);
        await Task.Delay(Timeout.Infinite, stopped.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return ExitCodes.Ok;
    }
}

/// <summary>The answer to <c>lode serve-model --json</c>, when the server listens.</summary>
internal sealed record ServeModelAnswer(string Address, string Target, string Task, int ProcessId);
