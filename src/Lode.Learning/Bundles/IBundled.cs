namespace Lode.Learning;

/// <summary>A fitted thing that a model bundle can hold. What <see cref="Write"/> wrote, the reader of its <see cref="Kind"/> in
/// <see cref="BundleKinds"/> makes into an equal thing: data only, never code.</summary>
public interface IBundled
{
    /// <summary>The name of its form in a file. Persisted: once released, what is written under a name can be read for ever; a new
    /// form takes a new name.</summary>
    string Kind { get; }

    /// <summary>Writes all that is needed to make it again. Same thing, same bytes.</summary>
    void Write(BundleWriter writer);
}
