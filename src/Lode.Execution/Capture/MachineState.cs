using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Lode.Execution;

/// <summary>Which machine ran it: operating system, processor, memory, GPUs, container, and the environment that matters.</summary>
internal static class MachineState
{
    private static readonly string[] s_prefixes =
    [
        "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "KMP_", "SLURM_", "PBS_", "LSB_", "PYTHON", "CONDA_", "VIRTUAL_ENV", "HF_", "TRANSFORMERS_", "TORCH", "PYTORCH_",
        "TF_", "XLA_", "JAX_", "NCCL_", "RAY_", "DOTNET_", "LODE_", "MLFLOW_", "MASTER_", "LC_", "KUBERNETES_", "APPTAINER_", "SINGULARITY_",
    ];

    private static readonly string[] s_names = ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "LANG", "TZ", "RANK", "LOCAL_RANK", "WORLD_SIZE", "HOSTNAME", "USER", "SHELL", "CI"];

    /// <summary>Adds tags.</summary>
    public static async Task CaptureAsync(Findings findings, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        findings.Tag("lode.env.os", RuntimeInformation.OSDescription);
        findings.Tag("lode.env.arch", RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant());
        findings.Tag("lode.env.cpus", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));
        findings.Tag("lode.env.host", Environment.MachineName);
        if (Field("/proc/cpuinfo", "model name") is { } cpu)
            findings.Tag("lode.env.cpu", cpu);
        findings.Tag("lode.env.memory_bytes", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString(CultureInfo.InvariantCulture));
        if (Container(environment) is { } container)
            findings.Tag("lode.env.container", container);
                if (ProgramPath.Find("nvidia-smi") is { } smi
            && await Tool.AskAsync(TimeSpan.FromSeconds(10), smi, ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], ct).ConfigureAwait(false) is { Length: > 0 } gpus)
            findings.Tag("lode.env.gpu", string.Join("; ", gpus.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
    }

    /// <summary>The variables that change what programs compute, one a line, sorted; secrets masked.</summary>
    internal static string EnvironmentText(IEnumerable<KeyValuePair<string, string>> environment)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(RunSession.MarkPrefix, StringComparison.Ordinal) || !(s_names.Contains(name) || Array.Exists(s_prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
                continue;
            text.Append(name).Append('=').Append(Secrets.IsSecretName(name) ? Secrets.Mask : Secrets.MaskAddresses(value.ReplaceLineEndings("\\n"))).Append('\n');
        }
        return text.ToString();
    }

    private static string? Container(IReadOnlyDictionary<string, string> environment)
    {
        if ((environment.GetValueOrDefault("APPTAINER_CONTAINER") ?? environment.GetValueOrDefault("SINGULARITY_CONTAINER")) is { Length: > 0 } image)
            return image;
        // Podman says which image; Docker only that it is one.
        if (Field("/run/.containerenv", "image", '=') is { } podman)
            return podman.Trim('"');
        if (environment.ContainsKey("KUBERNETES_SERVICE_HOST"))
            return "kubernetes";
        return File.Exists("/.dockerenv") ? "docker" : null;
    }

    private static string? Field(string file, string name, char sign = ':')
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(sign, StringComparison.Ordinal) + 1)..].Trim() : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
