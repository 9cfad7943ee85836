using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Lode.Cli;

/// <summary>Help with the examples first: what it does, how it is typed, then every argument and option.</summary>
internal sealed class Help : SynchronousCommandLineAction
{
    private static readonly Dictionary<Command, string[]> s_examples = [];

    /// <summary>Gives a command its examples, each a line that can be typed.</summary>
    public static T WithExamples<T>(T command, params string[] examples)
        where T : Command
    {
        s_examples[command] = examples;
        return command;
    }

    /// <summary>Makes <c>--help</c> of every command print this.</summary>
    public static void Install(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
            option.Action = new Help();
    }

    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);
        return ExitCodes.Ok;
    }

    public static void Write(Command command, TextWriter output)
    {
        var path = Path(command);
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine($"usage: {path}{(command.Subcommands.Count > 0 ? " COMMAND" : "")}{string.Concat(command.Arguments.Select(argument => $" [{argument.Name}]"))} [options]");
        if (s_examples.TryGetValue(command, out var examples))
            Section(output, "examples", examples.Select(example => (example, "")));
        Section(output, "commands", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description ?? "")));
        Section(output, "arguments", command.Arguments.Select(argument => (argument.Name, argument.Description ?? "")));
        Section(output, "options", Options(command).Select(option => (Names(option), option.Description ?? "")));
    }

    private static IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(Ancestors(command).SelectMany(parent => parent.Options.Where(option => option.Recursive))).Where(option => !option.Hidden)
        // A command may have its own --json in place of everybody's.
        .DistinctBy(option => option.Name);

    private static IEnumerable<Command> Ancestors(Command command) => command.Parents.OfType<Command>().SelectMany(parent => Ancestors(parent).Prepend(parent));

    /// <summary>How a command is typed, for example <c>lode model show</c>.</summary>
    public static string Path(Command command) => command is RootCommand ? "lode" : $"{Path(command.Parents.OfType<Command>().First())} {command.Name}";

    private static string Names(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(alias => alias is not ("/?" or "/h" or "-?")).Append(option.Name).Order(StringComparer.Ordinal).OrderBy(name => name.Length));
        return option.HelpName is { } value ? $"{names} {value}" : names;
    }

    private static void Section(TextWriter output, string title, IEnumerable<(string Name, string Text)> lines)
    {
        var rows = lines.ToList();
        if (rows.Count == 0)
            return;
        var width = rows.Max(row => row.Text.Length == 0 ? 0 : row.Name.Length);
        output.WriteLine();
        output.WriteLine($"{title}:");
        foreach (var (name, text) in rows)
            output.WriteLine($"  {name.PadRight(width)}  {text}".TrimEnd());
    }
}
