using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Storage.Tests")]
