using Lode.Core;

namespace Lode.Storage;

/// <summary>Says what went wrong with the files of a folder of blobs.</summary>
internal static class BlobErrors
{
    private const int DiskFull = 28;

    public static T Guard<T>(string folder, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(folder, error);
        }
    }

    public static void Guard(string folder, Action work) => Guard(folder, () =>
    {
        work();
        return true;
    });

    public static async ValueTask GuardAsync(string folder, Func<ValueTask> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(folder, error);
        }
    }

    private static LodeException CannotWrite(string folder, Exception error) => error switch
    {
        IOException { HResult: DiskFull or unchecked((int)0x80070070) } => new(ErrorCode.Unavailable, $"The disk that holds '{folder}' is full.", "Free some space; nothing was half-written.", error),
        UnauthorizedAccessException => new(ErrorCode.PermissionDenied, $"Cannot write to '{folder}': {error.Message.TrimEnd('.')}.", "Mend the rights of the folder.", error),
        _ => new(ErrorCode.Unavailable, $"Cannot write to '{folder}': {error.Message.TrimEnd('.')}.", null, error),
    };
}
