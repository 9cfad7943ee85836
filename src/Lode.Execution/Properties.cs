using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Execution.Tests")]
