using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Lode.Server.Tests")]
