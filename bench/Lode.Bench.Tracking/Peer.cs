namespace Lode.Bench.Tracking;

/// <summary>
/// MLflow 3.11.1.dev0, one worker, SQLite, on a quiet machine of 2 cores, without its job workers, as measured over REST with
/// the same requests by a program of Python's standard library (CPU: server processes, user and system).
/// </summary>
internal static class Peer
{
    public const double ReadySeconds = 6.022;
    public const double IdleMiB = 359.3;
    public const double CreateRunPerSecond = 59.9;
    public const double CreateRunCpuMs = 14.25;
    public const double GetRunPerSecond = 86.7;
    public const double GetRunCpuMs = 11.15;
    public const double LogMetricPerSecond1 = 83.5;
    public const double LogMetricCpuMs = 9.767;
    public const double LogMetricPerSecond8 = 88.0;
    public const double BatchMetricsPerSecond = 6321.7;
    public const double BatchCpuMs = 150.0;
    public const double HistoryMs = 6858.67;
    public const double HistoryCpuMs = 6806.667;
}
