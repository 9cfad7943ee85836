using Microsoft.Extensions.Logging;

namespace Lode.Server;

/// <summary>Writes the server's own troubles to standard error, a line each; what a client did wrong is the client's to hear.</summary>
internal sealed class ServerLog : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Lines(categoryName);

    public void Dispose()
    {
    }

    private sealed class Lines(string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        // The host repeats what StartAsync throws, and that is explained better there.
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && !category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal))
                Console.Error.WriteLine($"lode: server {logLevel.ToString().ToLowerInvariant()}: {formatter(state, exception)}{(exception is null ? "" : Environment.NewLine + exception)}");
        }
    }
}
