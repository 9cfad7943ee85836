using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Lode.Cli;

/// <summary><c>lode version</c></summary>
internal static class VersionCommand
{
    public static string Version { get; } = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static Command Create(Terminal terminal)
    {
        var command = Help.WithExamples(new Command("version", "Print the version."), "lode version", "lode version --json");
        command.SetAction(parsed => Execute(CommandContext.Of(parsed, terminal)));
        return command;
    }

    internal static int Execute(CommandContext context)
    {
        if (context.Json)
            context.Terminal.Json(new VersionAnswer(Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier), CliJson.Default.VersionAnswer);
        else
            context.Terminal.Out.WriteLine($"lode {Version}");
        return ExitCodes.Ok;
    }
}

/// <summary>The answer to <c>lode version --json</c>.</summary>
internal sealed record VersionAnswer(string Version, string Runtime, string Platform);
