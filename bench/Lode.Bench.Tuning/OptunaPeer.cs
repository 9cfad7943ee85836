using System.Diagnostics;
using System.Globalization;

namespace Lode.Bench.Tuning;

/// <summary>What Optuna's sampler of the same kind costs on this machine now, where a python3 with it is there.</summary>
/// <param name="Version">Optuna's version.</param>
/// <param name="CpuMilliseconds">CPU time of one ask, ten suggestions and tell; the median of some.</param>
internal sealed record OptunaPeer(string Version, double CpuMilliseconds)
{
    private static readonly string[] s_pythons = ["python3", "/usr/bin/python3"];

    /// <summary>Null without Optuna, or without a sampler of that kind in it.</summary>
    public static OptunaPeer? Measure(string sampler, int trials)
    {
        if (sampler is not ("random" or "tpe" or "cma" or "gp"))
            return null;
        foreach (var python in s_pythons)
        {
            try
            {
                var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "optuna_overhead.py"), sampler, trials.ToString(CultureInfo.InvariantCulture)])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                };
                using var process = Process.Start(start)!;
                process.ErrorDataReceived += (_, _) => { };
                process.BeginErrorReadLine();
                var words = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.TrimEntries);
                process.WaitForExit();
                if (process.ExitCode == 0 && words.Length == 2)
                    return new OptunaPeer(words[0], double.Parse(words[1], CultureInfo.InvariantCulture));
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // No such python.
            }
        }
        return null;
    }
}
