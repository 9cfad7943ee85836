using System.Globalization;
using System.Runtime.InteropServices;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Tests.Runs;

/// <summary>A program that logs through the SDK, as a process of its own: this assembly's entry point.</summary>
internal static class SdkProgram
{
    /// <param name="args">Server, journal folder, what to do, and for attempts the run's id and first step.</param>
    public static async Task<int> Main(string[] args)
    {
        using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
        await using var tracker = new Tracker(new HttpRunStore(http), args[1], TimeProvider.System, Console.Error.WriteLine);
        if (args[2] == "attempt")
        {
            var first = long.Parse(args[4], CultureInfo.InvariantCulture);
            var attempt = await tracker.ResumeRunAsync(RunId.Parse(args[3]), ResumeMode.Allow, "p", "tries", CancellationToken.None);
            attempt.Rewind(first - 1);
            return await LoopAsync(attempt, first, CancellationToken.None);
        }
        var run = tracker.Start("p", args[2]);
        switch (args[2])
        {
            case "throws":
                Console.WriteLine(run.Id);
                run.Log(0, ("m", 1));
                throw new InvalidOperationException("it broke");
            case "throws-on-a-thread":
                run.Log(0, ("m", 1));
                Console.WriteLine(run.Id);
                var thread = new Thread(() => throw new InvalidOperationException("it broke"));
                thread.Start();
                thread.Join();
                return 0;
            case "heeds-signals":
                using (var stop = new CancellationTokenSource())
                using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
                {
                    context.Cancel = true;
                    stop.Cancel();
                }))
                {
                    await LoopAsync(run, 0, stop.Token);
                }
                // Long enough after the signal to be no last word of a dying program.
                await Task.Delay(1500);
                run.Log(1_000_000, ("m", -1));
                await tracker.FlushAsync(CancellationToken.None);
                Console.WriteLine((await new HttpRunStore(http).GetRunAsync(run.Id, CancellationToken.None)).Status);
                run.Finish();
                return 0;
            default:
                return await LoopAsync(run, 0, CancellationToken.None);
        }
    }

    private static async Task<int> LoopAsync(ActiveRun run, long step, CancellationToken ct)
    {
        Console.WriteLine(run.Id);
        for (; !ct.IsCancellationRequested; step++)
        {
            run.Log(step, ("m", step));
            Console.WriteLine(step);
            await Task.Delay(10, CancellationToken.None);
        }
        return 0;
    }
}
