using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Optimization.Tests")]
