namespace Lode.TestKit;

/// <summary>The folder that the sources lie in.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Lode.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
