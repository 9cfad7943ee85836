using System.Globalization;
using System.Net;
using System.Text;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Server.Studies;

/// <summary>Looks after the agents of all studies that Slurm runs, as long as the server lives. Several servers may do so for the same studies.</summary>
internal sealed class SlurmLaunches(IStudies studies, IRunStore runs, IArtifactStore artifacts, ServerOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    // Studies at rest whose tasks are gone: nothing is left to do until they run again. Looked at once more after a restart.
    private readonly HashSet<StudyId> _settled = [];
    private Task _loop = Task.CompletedTask;
    private SlurmSweep? _sweep;

    /// <summary>Begins.</summary>
    /// <param name="address">Where this server listens.</param>
    public void Start(Uri address)
    {
        // Nodes cannot reach an address that means "all of mine".
        var host = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)) ? Dns.GetHostName() : address.Host;
        _sweep = new SlurmSweep(studies, new SlurmHost(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{address.Port}"), options.AgentToken, options.AgentProgram), KeepEndAsync);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Looks after all of them once.</summary>
    public async Task KeepAllAsync(CancellationToken ct)
    {
        foreach (var listed in await studies.ListAsync(null, ct).ConfigureAwait(false))
        {
            if (!SlurmSweep.Wants(listed.Spec) || (listed.State != StudyState.Running && _settled.Contains(listed.Id)))
                continue;
            try
            {
                var study = await studies.GetAsync(listed.Id, ct).ConfigureAwait(false);
                var standing = await _sweep!.KeepAsync(study, ct).ConfigureAwait(false);
                if (study.State != StudyState.Running && standing.Waiting + standing.Running == 0)
                    _settled.Add(study.Id);
                else
                    _settled.Remove(study.Id);
            }
            catch (LodeException error) when (error.Code is ErrorCode.InvalidArgument or ErrorCode.NotFound && listed.State == StudyState.Running)
            {
                // It would be refused again: somebody has to mend it first.
                await studies.UpdateAsync(listed.Id, new StudyPatch { State = StudyState.Paused, Reason = error.Message }, ct).ConfigureAwait(false);
            }
            catch (LodeException)
            {
                // The controller or the database is away; the next look may find it.
            }
        }
    }

    /// <summary>Stops looking. What Slurm runs goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(options.LaunchInterval, time);
        try
        {
            do
            {
                try
                {
                    await KeepAllAsync(_stop.Token).ConfigureAwait(false);
                }
                catch (LodeException)
                {
                    // The store is away.
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task KeepEndAsync(RunId run, SlurmEnd end, CancellationToken ct)
    {
        var tags = new List<KeyValuePair<string, string?>> { new("lode.slurm.task", end.Task.Id), new("lode.slurm.state", end.Task.State), new("lode.slurm.node", end.Task.Node) };
        if (end.ExitCode is { } code)
            tags.Add(new("lode.exit.code", code.ToString(CultureInfo.InvariantCulture)));
        await runs.LogAsync(run, new RunBatch { Tags = tags }, ct).ConfigureAwait(false);
        if (end.Log.Length == 0 || ArtifactPath.OfUri((await runs.GetRunAsync(run, ct).ConfigureAwait(false)).ArtifactUri) is not { } root)
            return;
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(end.Log));
        await artifacts.PutAsync(ArtifactPath.Join(root, $"slurm/{end.Task.Id}.log"), text, ct).ConfigureAwait(false);
    }
}
