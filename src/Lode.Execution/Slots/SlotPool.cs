using System.Globalization;
using Lode.Core;

namespace Lode.Execution;

/// <summary>What one trial was given of a machine.</summary>
/// <param name="Request">What it asked for.</param>
/// <param name="Gpus">The GPUs that it sees.</param>
public sealed record Slot(ResourceRequest Request, IReadOnlyList<string> Gpus);

/// <summary>Shares a machine out among trials: packs fractions together, gives nothing twice. Not for several threads at once.</summary>
/// <remarks>
/// Amounts are counted in millionths, so that ten tenths are one. A fraction of a GPU goes to the fullest GPU that has room (best fit), so that whole ones stay
/// free. Processors are counted and not bound: the system moves programs between them. O(GPUs) per call.
/// </remarks>
public sealed class SlotPool
{
    private const double Unit = 1e6;
    private readonly MachineResources _machine;
    private readonly long[] _gpuUsed;
    private readonly long _cpuLimit;
    private readonly Dictionary<Slot, int[]> _taken = new(ReferenceEqualityComparer.Instance);
    private long _cpuTotal;
    private long _memoryTotal;

    /// <param name="machine">What there is.</param>
    public SlotPool(MachineResources machine)
    {
        _machine = machine;
        _gpuUsed = new long[machine.Gpus.Count];
        _cpuLimit = (long)Math.Floor((machine.CpuLimit * Unit) + 0.5);
    }

    /// <summary>What there is in all.</summary>
    public MachineResources Machine => _machine;

    /// <summary>How many trials have a slot.</summary>
    public int Count => _taken.Count;

    /// <summary>Why the machine can never give this, were it empty; null where it can.</summary>
    public string? WhyNever(ResourceRequest request)
    {
        if (Micro(request.Cpus) > _cpuLimit)
            return Text($"A trial needs {request.Cpus} processors, and there are {_machine.CpuLimit} here.");
        if (request.Gpus > _machine.Gpus.Count)
            return Text($"A trial needs {request.Gpus} GPUs, and there {(_machine.Gpus.Count == 1 ? "is" : "are")} {_machine.Gpus.Count} here.");
        return request.MemoryBytes > _machine.MemoryBytes ? Text($"A trial needs {request.MemoryBytes / 1e9:0.##} GB of memory, and there are {_machine.MemoryBytes / 1e9:0.##} here.") : null;

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Takes a slot; null where there is no room now.</summary>
    /// <exception cref="LodeException">InvalidArgument: the request makes no sense.</exception>
    public Slot? TryTake(ResourceRequest request)
    {
        request.Check();
        var cpu = Micro(request.Cpus);
        if (_cpuTotal + cpu > _cpuLimit || _memoryTotal + request.MemoryBytes > _machine.MemoryBytes)
            return null;
        if (Place(_gpuUsed, Micro(request.Gpus)) is not { } gpus)
            return null;
        Add(gpus, request, 1);
        var slot = new Slot(request, [.. gpus.Select(i => _machine.Gpus[i])]);
        _taken[slot] = gpus;
        return slot;
    }

    /// <summary>Gives a slot back. Once only: a second time it is not known any more.</summary>
    /// <exception cref="LodeException">InvalidArgument: this pool has not given it out.</exception>
    public void Release(Slot slot)
    {
        if (!_taken.Remove(slot, out var gpus))
            throw new LodeException(ErrorCode.InvalidArgument, "The slot is not taken from this pool, or was given back.");
        Add(gpus, slot.Request, -1);
    }

    /// <summary>The variables that make a program keep to its slot.</summary>
    /// <param name="slot">The slot.</param>
    public IReadOnlyDictionary<string, string> EnvironmentOf(Slot slot)
    {
        var threads = Math.Max(1, (int)Math.Floor(slot.Request.Cpus)).ToString(CultureInfo.InvariantCulture);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LODE_CPUS"] = slot.Request.Cpus.ToString(CultureInfo.InvariantCulture),
            ["LODE_GPUS"] = slot.Request.Gpus.ToString(CultureInfo.InvariantCulture),
            // What most numeric libraries ask how many threads to start; whoever has set it knows better, so the caller lets theirs win.
            ["OMP_NUM_THREADS"] = threads,
        };
        if (_machine.Gpus.Count == 0)
            return variables;
        var visible = string.Join(',', slot.Gpus);
        foreach (var name in new[] { "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES" })
            variables[name] = visible;
        variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
        return variables;
    }

    // A fraction on the fullest that has room, whole ones on those that are free; null where there are not enough.
    private static int[]? Place(long[] used, long micro)
    {
        const long One = (long)Unit;
        if (micro == 0)
            return [];
        if (micro < One)
        {
            var best = -1;
            for (var i = 0; i < used.Length; i++)
                if (used[i] + micro <= One && (best < 0 || used[i] > used[best]))
                    best = i;
            return best < 0 ? null : [best];
        }
        // More than one come whole: 1.5 takes two.
        var count = (int)((micro + One - 1) / One);
        var free = new List<int>(count);
        for (var i = 0; i < used.Length && free.Count < count; i++)
            if (used[i] == 0)
                free.Add(i);
        return free.Count == count ? [.. free] : null;
    }

    private void Add(int[] gpus, ResourceRequest request, int sign)
    {
        _cpuTotal += sign * Micro(request.Cpus);
        _memoryTotal += sign * request.MemoryBytes;
        foreach (var i in gpus)
            _gpuUsed[i] += sign * Math.Min((long)Unit, Micro(request.Gpus));
    }

    private static long Micro(double amount) => (long)Math.Floor((amount * Unit) + 0.5);
}
