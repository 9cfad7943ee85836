using System.CommandLine;
using Lode.Cli;
using Lode.Core;

return await Cli.RunAsync(args, Terminal.Real(), CancellationToken.None);

namespace Lode.Cli
{
    /// <summary>Parses a command line, runs the command, and turns whatever goes wrong into one line and an exit code.</summary>
    internal static class Cli
    {
        private const string Description = "Lode tracks runs, tunes hyperparameters and finds models: on this machine, with nothing to set up.";

        // In the order of the help.
        private static readonly (string Name, Func<Terminal, Command> Create)[] s_commands =
        [
            ("demo", DemoCommand.Create),
            ("automl", AutoMlCommand.Create),
            ("predict", PredictCommand.Create),
            ("serve-model", ServeModelCommand.Create),
            ("up", UpCommand.Create),
            ("ls", LsCommand.Create),
            ("show", ShowCommand.Create),
            ("compare", CompareCommand.Create),
            ("diff", DiffCommand.Create),
            ("plot", PlotCommand.Create),
            ("tail", TailCommand.Create),
            ("log", LogCommand.Create),
            ("model", ModelCommand.Create),
            ("stop", StopCommand.Create),
            ("run", terminal => RunCommand.Create(terminal, null)),
            ("sweep", SweepCommand.Create),
            ("agent", AgentCommand.Create),
            ("project", TrashCommands.CreateProject),
            ("export", ExportCommand.Create),
            ("import", ImportCommand.Create),
            ("du", DuCommand.Create),
            ("gc", GcCommand.Create),
            ("doctor", DoctorCommand.Create),
            ("artifact", ArtifactCommand.Create),
            ("version", VersionCommand.Create),
        ];

        public static RootCommand Root(Terminal terminal) => Complete(
            Help.WithExamples(WithCommands(terminal, s_commands), "lode demo", "lode run -- python train.py", "lode up", "lode compare -p demo --top 5"), terminal);

        /// <summary>With the one command that is asked for, where one is: making all takes longer than most take to run.</summary>
        private static RootCommand Root(Terminal terminal, string[] args) => args.Length > 0 && Array.FindIndex(s_commands, command => command.Name == args[0]) is var at and >= 0
            ? Complete(WithCommands(terminal, s_commands.AsSpan(at, 1)), terminal)
            : Root(terminal);

        private static RootCommand WithCommands(Terminal terminal, ReadOnlySpan<(string Name, Func<Terminal, Command> Create)> commands)
        {
            var root = new RootCommand(Description);
            foreach (var (_, create) in commands)
                root.Subcommands.Add(create(terminal));
            return root;
        }

        // A program that waits to be run does not wait for the other commands to be made.
        private static RootCommand RunRoot(Terminal terminal, string[] program) => Complete(new RootCommand(Description) { RunCommand.Create(terminal, program) }, terminal);

        private static RootCommand Complete(RootCommand root, Terminal terminal)
        {
            root.Options.Add(CommandContext.HomeOption);
            root.Options.Add(CommandContext.StoreOption);
            root.Options.Add(CommandContext.JsonOption);
            foreach (var option in root.Options.OfType<VersionOption>())
                option.Hidden = true;
            root.SetAction(_ => Help.Write(root, terminal.Out));
            Help.Install(root);
            return root;
        }

        public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken ct)
        {
            // What stands behind -- is another program's.
            var program = args is ["run", ..] && Array.IndexOf(args, "--") is var sign and >= 0 ? args[(sign + 1)..] : null;
            if (program is not null)
                args = args[..^(program.Length + 1)];
            var json = args.Any(arg => arg is "--json" || arg.StartsWith("--json=", StringComparison.Ordinal));
            try
            {
                var root = program is null ? Root(terminal, args) : RunRoot(terminal, program);
                // @ begins a run (@last), not a response file.
                var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
                if (parsed.Action is not Help && (parsed.Errors.Count > 0 || UnknownOption(parsed) is not null))
                    throw Misused(parsed);
                var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = terminal.Out, Error = terminal.Error, ProcessTerminationTimeout = program is null && !TakesSignals(parsed) ? TimeSpan.FromSeconds(30) : null };
                return await parsed.InvokeAsync(configuration, ct);
            }
            catch (LodeException error)
            {
                terminal.Refuse(error, json);
                return ExitCodes.Of(error.Code);
            }
            catch (OperationCanceledException)
            {
                terminal.Note("lode: interrupted");
                return ExitCodes.Interrupted;
            }
            catch (Exception error) when (Environment.GetEnvironmentVariable("LODE_DEBUG") is not "1")
            {
                terminal.Refuse(new LodeException(ErrorCode.Internal, $"A bug in lode: {error.GetType().Name}: {error.Message}", "LODE_DEBUG=1 shows where; please report it."), json);
                return ExitCodes.Failed;
            }
        }

        // They end their programs first, however long these take.
        private static bool TakesSignals(ParseResult parsed) => parsed.CommandResult.Command.Name == AgentCommand.Name || SweepCommand.IsStart(parsed.CommandResult.Command);

        // A list of words (a filter) would swallow a mistyped option.
        private static string? UnknownOption(ParseResult parsed) => parsed.CommandResult.Command.Arguments
            .SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? [])
            .Select(token => token.Value)
            .FirstOrDefault(word => word.StartsWith("--", StringComparison.Ordinal));

        private static LodeException Misused(ParseResult parsed)
        {
            var command = parsed.CommandResult.Command;
            var word = UnknownOption(parsed) ?? (parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null);
            var message = parsed.Errors.Count > 0 ? parsed.Errors[0].Message : "";
            if (word is not null)
                message = word.StartsWith('-') ? $"unknown option '{word}'" : command.Subcommands.Count > 0 ? $"unknown command '{word}'" : $"unexpected argument '{word}'";
            var known = command.Subcommands.Select(sub => sub.Name).Concat(command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(option => option.Name));
            var near = word is null ? null : DidYouMean.Nearest(word, known);
            if (near is null && command.Name == RunCommand.Name && word is not null && !word.StartsWith('-'))
                return new LodeException(ErrorCode.InvalidArgument, message, $"a program stands behind --: lode run -- {word} …");
            return new LodeException(ErrorCode.InvalidArgument, message.TrimEnd('.'), near is not null ? $"did you mean '{near}'?" : $"`{Help.Path(command)} --help` lists what there is");
        }
    }
}
