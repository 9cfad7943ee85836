using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Core.Tests")]
