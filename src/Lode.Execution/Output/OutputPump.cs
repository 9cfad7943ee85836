using System.Runtime.InteropServices;

namespace Lode.Execution;

/// <summary>Passes a stream of the program on to Lode's own, unchanged and at once, and lets others see it after.</summary>
internal sealed class OutputPump
{
    private const int Size = 64 << 10;

    private readonly Stream _from;
    private readonly int _to;
    private readonly bool _passes;
    private readonly ConsoleLog.Channel _log;
    private readonly MetricScanner? _scanner;
    private readonly Stream? _console;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="from">What the program writes.</param>
    /// <param name="to">1 for standard output, 2 for standard error.</param>
    /// <param name="log">Keeps a copy.</param>
    /// <param name="scanner">Reads metrics; null where none are wanted.</param>
    /// <param name="passes">Whether it is passed on at all.</param>
    public OutputPump(Stream from, int to, ConsoleLog.Channel log, MetricScanner? scanner, bool passes = true)
    {
        (_from, _to, _log, _scanner, _passes) = (from, to, log, scanner, passes);
        if (OperatingSystem.IsWindows())
            _console = to == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
        new Thread(Run) { IsBackground = true, Name = to == 1 ? "lode stdout" : "lode stderr" }.Start();
    }

    /// <summary>Ends when the last process that holds the stream has closed it, or nobody reads Lode's.</summary>
    public Task Ended => _ended.Task;

    private void Run()
    {
        var buffer = new byte[Size];
        var sees = true;
        try
        {
            int count;
            while ((count = _from.Read(buffer)) > 0)
            {
                var bytes = buffer.AsSpan(0, count);
                if (_passes && !Write(bytes))
                {
                    // Nobody reads on: the program must learn it as it would without Lode, by SIGPIPE.
                    _from.Dispose();
                    break;
                }
                if (sees)
                    sees = See(bytes);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The stream was closed after the program's end.
        }
        if (sees)
        {
            _log.End();
            _scanner?.End();
        }
        _ended.SetResult();
    }

    private bool See(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _log.Write(bytes);
            _scanner?.Write(bytes);
            return true;
        }
        catch (Exception)
        {
            // Whatever is wrong with Lode, the program's output goes on.
            return false;
        }
    }

    private unsafe bool Write(ReadOnlySpan<byte> bytes)
    {
        if (_console is not null)
        {
            _console.Write(bytes);
            _console.Flush();
            return true;
        }
        fixed (byte* first = bytes)
        {
            nint done = 0;
            while (done < bytes.Length)
            {
                var count = Libc.Write(_to, first + done, bytes.Length - done);
                if (count >= 0)
                {
                    done += count;
                    continue;
                }
                var error = Marshal.GetLastPInvokeError();
                if (error == Libc.TryAgain)
                    Thread.Yield();
                else if (error != Libc.Interrupted)
                    return false;
            }
        }
        return true;
    }
}
