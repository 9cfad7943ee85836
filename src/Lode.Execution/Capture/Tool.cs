using System.Diagnostics;
using System.Text;

namespace Lode.Execution;

/// <summary>Asks other programs, for a bounded time.</summary>
internal static class Tool
{
    private const int MostBytes = 16 << 20;

    /// <summary>What a program prints; null where it is missing, fails, or takes too long.</summary>
    public static async Task<string?> AskAsync(TimeSpan patience, string file, string[] arguments, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        Process? process = null;
        try
        {
            process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true });
            if (process is null)
                return null;
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var output = new MemoryStream();
            var buffer = new byte[32 << 10];
            int count;
            while ((count = await process.StandardOutput.BaseStream.ReadAsync(buffer, limit.Token).ConfigureAwait(false)) > 0)
            {
                if (output.Length + count > MostBytes)
                    throw new OperationCanceledException();
                output.Write(buffer, 0, count);
            }
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length) : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException or IOException or OperationCanceledException)
        {
            return null;
        }
        finally
        {
            if (process is { HasExited: false })
                process.Kill();
            process?.Dispose();
        }
    }
}
