using System.Globalization;

namespace Lode.Execution;

/// <summary>The processes of a run: the <c>lode run</c> that looks after it, and its program, each with the time that it began, so that a number given out again is not taken for it.</summary>
/// <param name="Host">The machine.</param>
/// <param name="Keeper">The process that looks after it.</param>
/// <param name="Program">The program, which leads a process group of its own; null = it was not started, or shares the keeper's.</param>
public sealed record RunProcess(string Host, ProcessMark Keeper, ProcessMark? Program)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(3);

    /// <summary>This process as the keeper of a program.</summary>
    /// <param name="program">Its number; null = none of its own group.</param>
    public static RunProcess Of(int? program) => new(Environment.MachineName, ProcessMark.Of(Environment.ProcessId), program is { } id ? ProcessMark.Of(id) : null);

    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is something else.</summary>
    public static RunProcess? Parse(string text)
    {
        var parts = text.Split(' ');
        return parts.Length is 2 or 3 && ProcessMark.Parse(parts[1]) is { } keeper ? new RunProcess(parts[0], keeper, parts.Length == 3 ? ProcessMark.Parse(parts[2]) : null) : null;
    }

    /// <summary>As <c>HOST NUMBER@START NUMBER@START</c>.</summary>
    public override string ToString() => $"{Host} {Keeper}{(Program is { } program ? $" {program}" : "")}";

    /// <summary>Whether it is on this machine.</summary>
    public bool IsHere => Host == Environment.MachineName;

    /// <summary>Whether the keeper or the program lives; only on this machine is that known.</summary>
    public bool IsAlive => IsHere && (Keeper.IsAlive || Program is { IsAlive: true });

    /// <summary>
    /// Ends it: SIGTERM to the keeper, which passes it on to the program's group and kills what is left after its own grace. A keeper that is gone or does not
    /// move is not needed: the group is told, and killed.
    /// </summary>
    /// <param name="grace">After this it is killed; null = after the keeper's own grace, a minute at most.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Stops waiting; what was told is told.</param>
    /// <returns>Whether it had to be killed from here.</returns>
    public async Task<bool> StopAsync(TimeSpan? grace, TimeProvider time, CancellationToken ct)
    {
        Tell(Libc.Terminate);
        if (await IsGoneAsync(grace ?? TimeSpan.FromMinutes(1), time, ct).ConfigureAwait(false))
            return false;
        // Who asks three times wants it now.
        for (var i = 0; i < 2 && Keeper.IsAlive; i++)
        {
            Libc.Send(Keeper.Id, Libc.Terminate);
            await Task.Delay(2 * s_look, time, ct).ConfigureAwait(false);
        }
        if (Keeper.IsAlive && await IsGoneAsync(s_last, time, ct).ConfigureAwait(false))
            return true;
        if (Program is { } program && ProgramTree.HasGroup(program.Id) && (program.IsAlive || !Keeper.IsAlive))
            Libc.Send(-program.Id, Libc.Kill);
        if (Keeper.IsAlive && !await IsGoneAsync(s_last, time, ct).ConfigureAwait(false) && Keeper.IsAlive)
            Libc.Send(Keeper.Id, Libc.Kill);
        await IsGoneAsync(s_last, time, ct).ConfigureAwait(false);
        return true;
    }

    private void Tell(int signal)
    {
        if (Keeper.IsAlive)
            Libc.Send(Keeper.Id, signal);
        else if (Program is { IsAlive: true } program)
            Libc.Send(-program.Id, signal);
    }

    private async Task<bool> IsGoneAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        for (var began = time.GetTimestamp(); IsAlive; await Task.Delay(s_look, time, ct).ConfigureAwait(false))
        {
            if (time.GetElapsedTime(began) > patience)
                return false;
        }
        return true;
    }
}

/// <summary>A process, told from others that have its number later.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Start">When it began, in the system's own ticks since it was booted; 0 where the system does not say.</param>
public readonly record struct ProcessMark(int Id, long Start)
{
    /// <summary>A living process.</summary>
    public static ProcessMark Of(int id) => new(id, ProgramTree.StartOf(id) ?? 0);

    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is something else.</summary>
    public static ProcessMark? Parse(string text) => text.Split('@') is [var id, var start] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 1
        && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? new ProcessMark(number, ticks) : null;

    /// <summary>As <c>NUMBER@START</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}@{Start}");

    /// <summary>Whether it lives; one that has ended and that nobody has asked how does not.</summary>
    public bool IsAlive => OperatingSystem.IsLinux() ? ProgramTree.StartOf(Id) == Start : !OperatingSystem.IsWindows() && Libc.Send(Id, 0) == 0;
}
