using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Lode.Core;

namespace Lode.Execution;

/// <summary>A program on Linux or macOS: its own standard input, pipes for its output, a process group of its own.</summary>
/// <remarks>
/// It is started with posix_spawn, since .NET starts no process groups. Where standard input is a terminal it stays in Lode's group: only then may
/// it read from there, and Ctrl-C reaches it from the terminal itself.
/// </remarks>
internal sealed unsafe class PosixProgram : IProgram
{
    private const short SetGroupFlag = 0x02;
    private const short SetDefaultsFlag = 0x04;
    private const short SetMaskFlag = 0x08;

    // Larger than any C library's own structures.
    private const int StructureSize = 1024;

    private readonly AnonymousPipeServerStream _out = new(PipeDirection.In, HandleInheritability.None);
    private readonly AnonymousPipeServerStream _error = new(PipeDirection.In, HandleInheritability.None);
    private readonly TaskCompletionSource<ProgramEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly bool _ownGroup;
    private readonly string _marker;
    private readonly bool _hasInput;
    private bool _reaped;

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">All its environment.</param>
    /// <param name="ownGroup">Whether it gets a process group of its own.</param>
    /// <param name="marker">An entry of the environment (<c>NAME=VALUE</c>) that only it and its descendants have.</param>
    /// <param name="hasInput">Whether it reads Lode's standard input; otherwise it reads nothing.</param>
    /// <exception cref="LodeException">NotFound: there is no such program. PermissionDenied: it may not be run.</exception>
    public PosixProgram(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, bool ownGroup, string marker, bool hasInput = true)
    {
        (_ownGroup, _marker, _hasInput) = (ownGroup, marker, hasInput);
        var error = Spawn(command, environment, out var pid);
        // A script without a first line that names its shell: shells run it themselves.
        if (error == Libc.NotExecutable && ProgramPath.Find(command[0]) is { } script)
            error = Spawn(["/bin/sh", script, .. command.Skip(1)], environment, out pid);
        _out.DisposeLocalCopyOfClientHandle();
        _error.DisposeLocalCopyOfClientHandle();
        if (error != 0)
        {
            _out.Dispose();
            _error.Dispose();
            throw ProgramPath.CannotRun(command[0], isDenied: error is not (Libc.NoEntry or Libc.NotAFolder), Marshal.GetPInvokeErrorMessage(error));
        }
        Id = pid;
        new Thread(Reap) { IsBackground = true, Name = "lode program" }.Start();
    }

    public int Id { get; }

    public Stream Out => _out;

    public Stream Error => _error;

    public Task<ProgramEnd> Ended => _ended.Task;

    public void Signal(int signal)
    {
        lock (_gate)
        {
            // The number of a process that was waited for may be another's; that of a group lives as long as one of its members.
            if (_ownGroup)
            {
                if (!_reaped || ProgramTree.HasGroup(Id))
                    Libc.Send(-Id, signal);
                return;
            }
            if (!_reaped)
                Libc.Send(Id, signal);
            foreach (var process in ProgramTree.Marked(_marker))
            {
                if (process.Id != Id)
                    Libc.Send(process.Id, signal);
            }
        }
    }

    public bool HasOthers(bool all) => _ownGroup && (ProgramTree.HasGroup(Id) || !all) ? ProgramTree.HasGroup(Id) : ProgramTree.Marked(_marker).Count > 0;

    public void Kill()
    {
        Signal(Libc.Kill);
        // Those that left the group, in their order; a few rounds, since a process may start others while it is looked for.
        for (var round = 0; round < 5; round++)
        {
            var left = ProgramTree.Marked(_marker);
            if (left.Count == 0)
                return;
            foreach (var process in left)
                Libc.Send(process.Id, Libc.Kill);
        }
    }

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }

    private int Spawn(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, out int pid)
    {
        var actions = stackalloc byte[StructureSize];
        var attributes = stackalloc byte[StructureSize];
        var signals = stackalloc byte[StructureSize];
        pid = 0;
        if (Libc.InitActions(actions) is not 0 and var full || (full = Libc.InitAttributes(attributes)) != 0)
            return full;
        var arguments = Strings(command);
        var variables = Strings([.. environment.Select(pair => $"{pair.Key}={pair.Value}")]);
        using var nothing = _hasInput ? null : File.OpenHandle("/dev/null");
        try
        {
            var failed = nothing is null ? 0 : Libc.AddDuplicate(actions, (int)nothing.DangerousGetHandle(), 0);
            failed |= Libc.AddDuplicate(actions, (int)_out.ClientSafePipeHandle.DangerousGetHandle(), 1);
            failed |= Libc.AddDuplicate(actions, (int)_error.ClientSafePipeHandle.DangerousGetHandle(), 2);
            failed |= Libc.SetFlags(attributes, (short)(SetDefaultsFlag | SetMaskFlag | (_ownGroup ? SetGroupFlag : 0)));
            failed |= Libc.SetGroup(attributes, 0);
            Libc.EmptySignals(signals);
            failed |= Libc.SetSignalMask(attributes, signals);
            // .NET ignores SIGPIPE, and what is ignored is inherited. What the user had ignored (nohup) stays ignored.
            var ignored = ProgramTree.IgnoredSignals();
            for (var signal = 1; signal < 32; signal++)
            {
                if (signal is not (Libc.Kill or 17 or 19) && (signal == Libc.BrokenPipe || (ignored >> (signal - 1) & 1) == 0))
                    Libc.AddSignal(signals, signal);
            }
            failed |= Libc.SetDefaultSignals(attributes, signals);
            return failed != 0 ? failed : Libc.SpawnByName(out pid, arguments[0], actions, attributes, arguments, variables);
        }
        finally
        {
            Free(arguments);
            Free(variables);
            Libc.DestroyActions(actions);
            Libc.DestroyAttributes(attributes);
        }
    }

    private void Reap()
    {
        while (true)
        {
            var got = Libc.Wait(Id, out var status, 0);
            if (got < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted)
                continue;
            lock (_gate)
                _reaped = true;
            var signal = status & 0x7f;
            _ended.SetResult(got < 0 ? new ProgramEnd(1, null) : signal == 0 ? new ProgramEnd(status >> 8 & 0xff, null) : new ProgramEnd(128 + signal, signal));
            return;
        }
    }

    private static byte** Strings(IReadOnlyList<string> texts)
    {
        var list = (byte**)NativeMemory.Alloc((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
        {
            var count = Encoding.UTF8.GetByteCount(texts[i]);
            list[i] = (byte*)NativeMemory.Alloc((nuint)count + 1);
            Encoding.UTF8.GetBytes(texts[i], new Span<byte>(list[i], count));
            list[i][count] = 0;
        }
        list[texts.Count] = null;
        return list;
    }

    private static void Free(byte** list)
    {
        for (var i = 0; list[i] is not null; i++)
            NativeMemory.Free(list[i]);
        NativeMemory.Free(list);
    }
}
