using Lode.Core;

namespace Lode.Learning;

/// <summary>Which family of powers.</summary>
public enum PowerMethod
{
    /// <summary>For any numbers: Yeo and Johnson, "A new family of power transformations" (Biometrika, 2000).</summary>
    YeoJohnson = 1,

    /// <summary>For numbers above 0: Box and Cox, "An analysis of transformations" (JRSS B, 1964).</summary>
    BoxCox = 2,
}

/// <summary>Bends every numeric column by the power that makes the training rows most like a normal distribution, by their weights, then scales it to mean 0
/// and deviation 1.</summary>
/// <remarks>The exponent maximises the likelihood, searched in [-8, 8]. As scikit-learn's PowerTransformer. Missing values stay missing; results are kept within
/// ±1e100; a column that does not vary is only shifted.</remarks>
/// <param name="method">Default: Yeo–Johnson.</param>
/// <param name="standardize">Whether it is scaled afterwards. Default: yes.</param>
public sealed class PowerTransformer(PowerMethod method = PowerMethod.YeoJohnson, bool standardize = true) : ITransform
{
    private const double MostExponent = 8;

    internal static ITransform Create(ParameterReader reader) => new PowerTransformer(
        reader.Choice("method", "yeo_johnson", "yeo_johnson", "box_cox") == "box_cox" ? PowerMethod.BoxCox : PowerMethod.YeoJohnson, reader.Boolean("standardize", true));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedPower(method, ColumnMap.Numeric(rows.Features, column => FitColumn(column, weights)));
    }

    private PowerColumn FitColumn(NumericColumn column, double[] weights)
    {
        FittedPower.RequireDomain(method, column);
        var values = column.Values.ToArray();
        var varies = Moments.Of(values, weights).Variance > 0;
        var (exponent, origin) = varies ? Best(values, weights) : (1, 0);
        // Otherwise the power itself is as exact, and its form the older one.
        if (!standardize || exponent * origin > -4)
            origin = 0;
        foreach (ref var value in values.AsSpan())
            value = FittedPower.Bend(method, value, exponent, origin);
        var (mean, variance) = Moments.Of(values, weights);
        return standardize ? new PowerColumn(exponent, mean, variance > 0 ? Math.Sqrt(variance) : 1, origin) : new PowerColumn(exponent, 0, 1, 0);
    }

    private (double Exponent, double Origin) Best(double[] values, double[] weights)
    {
        var (logs, total, negative) = (0.0, 0.0, false);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
                continue;
            var weight = weights.Length == 0 ? 1 : weights[i];
            logs += weight * (method == PowerMethod.BoxCox ? Math.Log(values[i]) : Math.Sign(values[i]) * Math.Log(1 + Math.Abs(values[i])));
            total += weight;
            negative |= values[i] < 0;
        }
        // A power below 0 of large numbers is next to nothing beside the constants that come with it; about their mean it is not.
        var origin = negative ? 0 : logs / total;
        var bent = new double[values.Length];
        return (Minimise(exponent =>
        {
            for (var i = 0; i < bent.Length; i++)
                bent[i] = FittedPower.Bend(method, values[i], exponent, origin);
            var variance = Moments.Of(bent, weights).Variance;
            return variance > 0 && double.IsFinite(variance) ? (total / 2 * (Math.Log(variance) + (2 * exponent * origin))) - ((exponent - 1) * logs) : double.PositiveInfinity;
        }), origin);
    }

    /// <summary>A grid finds the valley, golden sections its bottom.</summary>
    private static double Minimise(Func<double, double> loss)
    {
        const double step = 1;
        var (best, least) = (1.0, loss(1));
        for (var at = -MostExponent; at <= MostExponent; at += step)
        {
            var value = loss(at);
            if (value < least)
                (best, least) = (at, value);
        }
        var golden = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Max(best - step, -MostExponent), Math.Min(best + step, MostExponent));
        var (a, b) = (high - (golden * (high - low)), low + (golden * (high - low)));
        var (atA, atB) = (loss(a), loss(b));
        while (high - low > 1e-8)
        {
            if (atA <= atB)
            {
                (high, b, atB) = (b, a, atA);
                a = high - (golden * (high - low));
                atA = loss(a);
            }
            else
            {
                (low, a, atA) = (a, b, atB);
                b = low + (golden * (high - low));
                atB = loss(b);
            }
        }
        return (low + high) / 2;
    }

    /// <summary>An exponent, then a shift and scale; the powers are of numbers over e^<paramref name="Origin"/>.</summary>
    internal readonly record struct PowerColumn(double Exponent, double Centre, double Scale, double Origin);

    internal sealed class FittedPower(PowerMethod method, Dictionary<string, PowerColumn> learned) : IFittedTransform
    {
        public const string KindName = "power";
        public const string AboutKindName = "power_about";
        private const double Most = 1e100;

        /// <summary>By column.</summary>
        public IReadOnlyDictionary<string, PowerColumn> Learned => learned;

        public string Kind => HasOrigin ? AboutKindName : KindName;

        private bool HasOrigin { get; } = learned.Values.Any(column => column.Origin != 0);

        public void Write(BundleWriter writer)
        {
            writer.WriteInt32((int)method);
            writer.WriteByName(learned, column =>
            {
                writer.WriteDouble(column.Exponent);
                writer.WriteDouble(column.Centre);
                writer.WriteDouble(column.Scale);
                if (HasOrigin)
                    writer.WriteDouble(column.Origin);
            });
        }

        public static FittedPower Read(BundleReader reader) => new((PowerMethod)reader.ReadInt32(1, 2),
            reader.ReadByName(() => new PowerColumn(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), 0)));

        public static FittedPower ReadAbout(BundleReader reader) => new((PowerMethod)reader.ReadInt32(1, 2),
            reader.ReadByName(() => new PowerColumn(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble())));

        public Table Apply(Table table)
        {
            foreach (var column in table.Columns)
            {
                if (column is NumericColumn numeric)
                    RequireDomain(method, numeric);
            }
            return ColumnMap.ApplyNumeric(table, learned, (column, values) =>
            {
                foreach (ref var value in values.AsSpan())
                    value = Math.Clamp((Bend(method, value, column.Exponent, column.Origin) - column.Centre) / column.Scale, -Most, Most);
            });
        }

        /// <exception cref="LodeException">InvalidArgument: a number is not above 0 and Box–Cox is asked for.</exception>
        public static void RequireDomain(PowerMethod method, NumericColumn column)
        {
            if (method != PowerMethod.BoxCox)
                return;
            for (var row = 0; row < column.Count; row++)
            {
                if (column.Values[row] <= 0)
                {
                    throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant(
                        $"Column '{column.Name}' is {column.Values[row]} in row {row + 1}; the Box–Cox transform takes numbers above 0."), "Use yeo_johnson.");
                }
            }
        }

        /// <summary>The power less that at the origin, over e^(origin · exponent): the same as the power but for a shift and scale.</summary>
        public static double Bend(PowerMethod method, double x, double exponent, double origin)
        {
            if (origin == 0)
                return Bend(method, x, exponent);
            if (x < 0)
                return (Bend(method, x, exponent) - (exponent == 0 ? origin : PowerMinusOne(origin, exponent))) * Math.Exp(-exponent * origin);
            var log = (method == PowerMethod.BoxCox ? Math.Log(x) : Log1P(x)) - origin;
            return exponent == 0 ? log : PowerMinusOne(log, exponent);
        }

        private static double Bend(PowerMethod method, double x, double exponent)
        {
            if (method == PowerMethod.BoxCox)
                return exponent == 0 ? Math.Log(x) : PowerMinusOne(Math.Log(x), exponent);
            if (x >= 0)
                return exponent == 0 ? Log1P(x) : PowerMinusOne(Log1P(x), exponent);
            return exponent == 2 ? -Log1P(-x) : -PowerMinusOne(Log1P(-x), 2 - exponent);
        }

        // (e^(log·p) − 1) / p: small exponents lose nothing this way.
        private static double PowerMinusOne(double log, double exponent) => ExpM1(log * exponent) / exponent;

        private static double Log1P(double x) => Math.Abs(x) < 1e-4 ? x * (1 - (x * (0.5 - (x / 3)))) : Math.Log(1 + x);

        private static double ExpM1(double x) => Math.Abs(x) < 1e-4 ? x * (1 + (x * (0.5 + (x / 6)))) : Math.Exp(x) - 1;
    }
}
