using Xunit.Abstractions;
using Xunit.Sdk;

namespace Lode.TestKit;

/// <summary>Marks a class of tests that need PostgreSQL's server: they are reported as skipped, with the reason, where it is not installed.</summary>
/// <remarks>Works in assemblies that say <c>[assembly: TestFramework("Lode.TestKit.LodeTestFramework", "Lode.TestKit")]</c>.</remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPostgresAttribute : Attribute;

/// <summary>xUnit's own framework, which also heeds <see cref="NeedsPostgresAttribute"/> and <see cref="NeedsSlurmAttribute"/>: xUnit 2 cannot skip tests that a class inherits.</summary>
public sealed class LodeTestFramework(IMessageSink messages) : XunitTestFramework(messages)
{
    protected override ITestFrameworkDiscoverer CreateDiscoverer(IAssemblyInfo assemblyInfo) => new Discoverer(assemblyInfo, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Discoverer(IAssemblyInfo assembly, ISourceInformationProvider sources, IMessageSink diagnostics) : XunitTestFrameworkDiscoverer(assembly, sources, diagnostics)
    {
        protected override bool FindTestsForMethod(ITestMethod testMethod, bool includeSourceInformation, IMessageBus messageBus, ITestFrameworkDiscoveryOptions discoveryOptions)
        {
            if (ReasonOf(testMethod) is not { } reason)
                return base.FindTestsForMethod(testMethod, includeSourceInformation, messageBus, discoveryOptions);
            if (!testMethod.Method.GetCustomAttributes(typeof(FactAttribute)).Any())
                return true;
            return ReportDiscoveredTestCase(new SkippedTestCase(reason, DiagnosticMessageSink, testMethod), includeSourceInformation, messageBus);
        }
    }

    private static string? ReasonOf(ITestMethod method) =>
        (Has(method, typeof(NeedsPostgresAttribute)) ? PostgresCluster.Missing : null) ?? (Has(method, typeof(NeedsSlurmAttribute)) ? SlurmCluster.Missing : null);

    private static bool Has(ITestMethod method, Type attribute) => method.TestClass.Class.GetCustomAttributes(attribute).Any();

    private sealed class SkippedTestCase : XunitTestCase
    {
#pragma warning disable CS0618 // For xUnit, which makes it anew from its serialised form.
        public SkippedTestCase()
        {
        }
#pragma warning restore CS0618

        public SkippedTestCase(string reason, IMessageSink diagnostics, ITestMethod method)
            : base(diagnostics, TestMethodDisplay.ClassAndMethod, TestMethodDisplayOptions.None, method) => SkipReason = reason;

        public override void Deserialize(IXunitSerializationInfo data)
        {
            base.Deserialize(data);
            SkipReason = data.GetValue<string>(nameof(SkipReason));
        }

        public override void Serialize(IXunitSerializationInfo data)
        {
            base.Serialize(data);
            data.AddValue(nameof(SkipReason), SkipReason);
        }

        protected override string GetSkipReason(IAttributeInfo factAttribute) => ReasonOf(TestMethod)!;
    }
}
