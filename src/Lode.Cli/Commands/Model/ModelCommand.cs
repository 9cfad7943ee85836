using System.CommandLine;

namespace Lode.Cli;

/// <summary><c>lode model</c></summary>
internal static class ModelCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = Help.WithExamples(
            new Command("model", "Name models, number their versions, and say which one is in use.")
            {
                ModelListCommand.Create(terminal),
                ModelShowCommand.Create(terminal),
                ModelRegisterCommand.Create(terminal),
                ModelChangeCommands.Alias(terminal),
                ModelChangeCommands.Stage(terminal),
                ModelChangeCommands.Tag(terminal),
                ModelChangeCommands.Rename(terminal),
                ModelChangeCommands.Remove(terminal),
            },
            "lode model register fraud --run @best:cv_log_loss", "lode model alias fraud/1 champion", "lode model show fraud@champion");
        command.SetAction(_ => Help.Write(command, terminal.Out));
        return command;
    }
}
