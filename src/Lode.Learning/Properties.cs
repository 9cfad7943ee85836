using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Learning.Tests")]
