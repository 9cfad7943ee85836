using Lode.Core;

namespace Lode.Execution;

/// <summary>Where programs are found, and what to say where one is not.</summary>
internal static class ProgramPath
{
    /// <summary>The file that a name means, looked for as shells do; null where there is none.</summary>
    public static string? Find(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal) || (OperatingSystem.IsWindows() && name.Contains('\\', StringComparison.Ordinal)))
            return File.Exists(name) ? name : null;
        return Folders().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? (OperatingSystem.IsWindows() ? Folders().Select(folder => Path.Combine(folder, name + ".exe")).FirstOrDefault(File.Exists) : null);
    }

    /// <summary>Why a program could not be started, with the nearest name that there is.</summary>
    public static LodeException CannotRun(string name, bool isDenied, string reason)
    {
        if (isDenied)
            return new LodeException(ErrorCode.PermissionDenied, $"cannot run '{name}': {reason}", Directory.Exists(name) ? "It is a folder; name a program." : $"`chmod +x {name}` makes a script a program, or name what runs it: lode run -- sh {name}");
        var near = name.Contains('/', StringComparison.Ordinal)
            ? DidYouMean.Nearest(Path.GetFileName(name), Files(Path.GetDirectoryName(Path.GetFullPath(name))!)) is { } file ? Path.Combine(Path.GetDirectoryName(name)!, file) : null
            : DidYouMean.Nearest(name, Folders().SelectMany(Files).Distinct());
        return new LodeException(ErrorCode.NotFound, $"command '{name}' not found", near is not null ? $"did you mean '{near}'?"
            : File.Exists(name) ? $"a program in this folder is named with ./: lode run -- ./{name}" : "is it installed, and on the PATH?");
    }

    private static string[] Folders() => (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Files(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
