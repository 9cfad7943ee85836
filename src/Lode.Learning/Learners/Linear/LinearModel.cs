using Lode.Core;

namespace Lode.Learning;

/// <summary>How a linear score becomes a prediction. Persisted; append only.</summary>
public enum LinearLink
{
    /// <summary>As it is.</summary>
    Identity = 1,

    /// <summary>Its exponential.</summary>
    Log = 2,
}

/// <summary>A fitted linear model of numbers: prediction = link⁻¹(intercept + Σ coefficientⱼ·featureⱼ).</summary>
public sealed class LinearModel : IModel
{
    internal const string KindName = "linear";
    private readonly double[] _coefficients;

    internal LinearModel(double[] coefficients, double intercept, IReadOnlyDictionary<string, double>? figures = null, LinearLink link = LinearLink.Identity)
    {
        (_coefficients, Intercept, Figures, Link) = (coefficients, intercept, figures ?? new Dictionary<string, double>(), link);
    }

    /// <summary>Shape [columns].</summary>
    public ReadOnlySpan<double> Coefficients => _coefficients;

    /// <summary>The score where all features are 0.</summary>
    public double Intercept { get; }

    /// <summary>How a score becomes a prediction.</summary>
    public LinearLink Link { get; }

    /// <summary>What else the learner found, by name: <c>iterations</c>, <c>converged</c> (1 or 0), <c>alpha</c> and the like.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32((int)Link);
        writer.WriteDoubles(_coefficients);
        writer.WriteDouble(Intercept);
        writer.WriteByName(Figures, writer.WriteDouble);
    }

    internal static LinearModel Read(BundleReader reader)
    {
        var link = (LinearLink)reader.ReadInt32((int)LinearLink.Identity, (int)LinearLink.Log);
        return new LinearModel(reader.ReadDoubles(), reader.ReadDouble(), reader.ReadByName(reader.ReadDouble), link);
    }

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        ModelShape.Require(features, _coefficients.Length, output, 1);
        for (var row = 0; row < features.Rows; row++)
        {
            var score = Intercept + Vectors.Dot(_coefficients, features.Row(row));
            output[row] = Link == LinearLink.Log ? Math.Exp(score) : score;
        }
    }
}
