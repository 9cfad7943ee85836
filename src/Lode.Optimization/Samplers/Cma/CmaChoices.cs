using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Independent chances of each choice, moved along the natural gradient with CMA-ES's positive weights and a trust region, and kept
/// above a floor so that no choice dies out: the categorical half of CatCMA (Hamano, Saito, Nomura, Uchida, Shirakawa, GECCO 2024,
/// arXiv 2405.09962), with the adaptation of ASNG (Akimoto et al., ICML 2019). Trials in which a choice is inactive leave it alone.
/// </summary>
internal sealed class CmaChoices
{
    private const double Alpha = 1.5;
    private readonly CmaLayout _layout;
    private readonly double[][] _chances;
    private readonly double[] _path;
    private double _radius = 1;
    private double _pathMass;

    public CmaChoices(CmaLayout layout)
    {
        _layout = layout;
        _chances = new double[layout.Choices.Length][];
        var free = 0;
        for (var c = 0; c < _chances.Length; c++)
        {
            var levels = (int)layout.Space.Dimensions[layout.Choices[c]].Levels;
            _chances[c] = new double[levels];
            Array.Fill(_chances[c], 1.0 / levels);
            free += levels - 1;
        }
        _path = new double[free];
    }

    private CmaChoices(CmaChoices other)
    {
        (_layout, _radius, _pathMass) = (other._layout, other._radius, other._pathMass);
        _chances = Array.ConvertAll(other._chances, chances => (double[])chances.Clone());
        _path = (double[])other._path.Clone();
    }

    public CmaChoices Clone() => new(this);

    /// <summary>The chances of one choice, shape [levels].</summary>
    public ReadOnlySpan<double> Chances(int choice) => _chances[choice];

    public void Sample(Rng rng, Span<double> unit)
    {
        for (var c = 0; c < _chances.Length; c++)
        {
            var chances = _chances[c];
            var left = rng.NextDouble();
            var level = 0;
            while (level < chances.Length - 1 && (left -= chances[level]) >= 0)
                level++;
            unit[_layout.Choices[c]] = (level + 0.5) / chances.Length;
        }
    }

    /// <summary>Learns from a generation, best first.</summary>
    /// <param name="points">Coordinates, NaN where inactive.</param>
    /// <param name="constants">The weights; those of the better half count.</param>
    public void Learn(ReadOnlySpan<double[]> points, CmaConstants constants)
    {
        if (_path.Length == 0)
            return;
        var gradients = new double[_chances.Length][];
        var whitened = new double[_path.Length];
        var at = 0;
        for (var c = 0; c < _chances.Length; c++)
        {
            var (chances, gradient) = (_chances[c], new double[_chances[c].Length]);
            for (var i = 0; i < Math.Min(points.Length, constants.Parents); i++)
            {
                var u = points[i][_layout.Choices[c]];
                if (double.IsNaN(u))
                    continue;
                for (var level = 0; level < chances.Length; level++)
                    gradient[level] -= constants.Weights[i] * chances[level];
                gradient[Math.Clamp((int)(u * chances.Length), 0, chances.Length - 1)] += constants.Weights[i];
            }
            // The gradient times the root of Fisher's information matrix (Akimoto et al. 2019, appendix B).
            var sum = 0.0;
            for (var level = 0; level < chances.Length - 1; level++)
                sum += gradient[level];
            var last = chances[^1] + Math.Sqrt(chances[^1]);
            for (var level = 0; level < chances.Length - 1; level++)
                whitened[at++] = (gradient[level] / Math.Sqrt(chances[level])) + (Math.Sqrt(chances[level]) * sum / last);
            gradients[c] = gradient;
        }
        var length = Math.Sqrt(Vectors.Dot(whitened, whitened));
        if (length > 1e-30)
            Move(gradients, whitened, length);
    }

    private void Move(double[][] gradients, double[] whitened, double length)
    {
        var rate = _radius / length;
        for (var c = 0; c < _chances.Length; c++)
        {
            for (var level = 0; level < _chances[c].Length; level++)
                _chances[c][level] += rate * gradients[c][level];
            KeepFloor(_chances[c]);
        }
        // ASNG: the radius grows while steps point the same way and shrinks while they cancel.
        var beta = _radius / Math.Sqrt(_path.Length);
        for (var k = 0; k < _path.Length; k++)
            _path[k] = ((1 - beta) * _path[k]) + (Math.Sqrt(beta * (2 - beta)) * whitened[k] / length);
        _pathMass = ((1 - beta) * (1 - beta) * _pathMass) + (beta * (2 - beta));
        _radius = Math.Min(1, _radius / Math.Exp(beta * (_pathMass - (Vectors.Dot(_path, _path) / Alpha))));
    }

    // Margin: at least one choice leaves its floor with a chance of 0.27 in a trial (Hamano et al. 2024, section 4).
    private void KeepFloor(double[] chances)
    {
        if (chances.Length == 1)
            return;
        var floor = (1 - Math.Pow(0.73, 1.0 / _chances.Length)) / (chances.Length - 1);
        var sum = 0.0;
        for (var level = 0; level < chances.Length; level++)
            sum += chances[level] = Math.Max(chances[level], floor);
        var excess = sum - (floor * chances.Length);
        var total = 0.0;
        for (var level = 0; level < chances.Length; level++)
            total += chances[level] -= (sum - 1) * (chances[level] - floor) / excess;
        for (var level = 0; level < chances.Length; level++)
            chances[level] /= total;
    }
}
