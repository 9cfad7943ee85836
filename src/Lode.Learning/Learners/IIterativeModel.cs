namespace Lode.Learning;

/// <summary>A model that was made step by step and may have stopped early.</summary>
public interface IIterativeModel : IModel
{
    /// <summary>Steps whose result is in the model, ≥ 0.</summary>
    int Iterations { get; }
}
