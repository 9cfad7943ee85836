using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Lode.Core;

namespace Lode.Execution;

/// <summary>
/// Ends the programs of an agent that was killed, with all that they started: a shell that reads from the agent, and when that is gone kills what has its mark. It
/// is in a session of its own, so that what is sent to the agent's group does not reach it. Where there is no shell there is no guard.
/// </summary>
internal sealed class ProgramGuard : IDisposable
{
    /// <summary>The variable that marks an agent's programs and their descendants.</summary>
    public const string MarkName = "LODE_AGENT_MARK";

    // $1 is the mark, $2 the agent's own folder. `grep -z` reads environments; elsewhere than on Linux the process groups alone are known.
    private const string Script = """
        exec >/dev/null 2>&1
        trap '' HUP INT QUIT TERM
        groups=' '
        while read -r sign id; do
          case $sign in
            +) groups="$groups$id " ;;
            -) groups="${groups%%" $id "*} ${groups#*" $id "}" ;;
            .) exit ;;
          esac
        done
        for round in 1 2 3; do
          for id in $groups; do kill -KILL "-$id"; done
          for file in $(grep -lzsxF -- "$1" /proc/[0-9]*/environ); do
            id=${file#/proc/}
            kill -KILL "${id%/environ}"
          done
        done
        rm -rf "$2"
        """;

    private readonly Lock _gate = new();
    private readonly Process? _shell;

    /// <param name="folder">The agent's own folder; removed with it.</param>
    public ProgramGuard(string folder)
    {
        Mark = RunId.New().ToString();
        if (OperatingSystem.IsWindows())
            return;
        string[] command = ["/bin/sh", "-c", Script, "lode-guard", $"{MarkName}={Mark}", folder];
        if (ProgramPath.Find("setsid") is { } setsid)
            command = [setsid, .. command];
        try
        {
            _shell = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, WorkingDirectory = "/" });
        }
        catch (Win32Exception)
        {
            // No shell: programs of a killed agent end when they next print.
        }
    }

    /// <summary>The value of <see cref="MarkName"/>.</summary>
    public string Mark { get; }

    /// <summary>A program was started, in a process group of its own.</summary>
    public void Started(int process) => Say('+', process);

    /// <summary>It has ended, and its group with it.</summary>
    public void Ended(int process) => Say('-', process);

    /// <summary>Lets the guard go; all programs have ended.</summary>
    public void Dispose()
    {
        Say('.', 0);
        _shell?.Dispose();
    }

    private void Say(char sign, int process)
    {
        try
        {
            lock (_gate)
            {
                _shell?.StandardInput.Write(string.Create(CultureInfo.InvariantCulture, $"{sign} {process}\n"));
                _shell?.StandardInput.Flush();
            }
        }
        catch (IOException)
        {
            // Somebody has killed the guard.
        }
    }
}
