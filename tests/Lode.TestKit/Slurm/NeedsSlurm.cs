namespace Lode.TestKit;

/// <summary>Marks a class of tests that need Slurm and root: they are reported as skipped, with the reason, where these are missing.</summary>
/// <remarks>Works in assemblies that say <c>[assembly: TestFramework("Lode.TestKit.LodeTestFramework", "Lode.TestKit")]</c>.</remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsSlurmAttribute : Attribute;
