using Lode.Core;

namespace Lode.Learning;

/// <summary>Turns the numeric columns into their principal components <c>pca0</c>, <c>pca1</c>, …, after the other columns.</summary>
/// <remarks>As scikit-learn's PCA: columns are centred (by weights), not scaled; each component points where its largest weight is positive, so that its sign is
/// defined. Columns must be complete. Through the covariance, O(rows · columns² + columns³), or through the rows' products where there are fewer rows than columns.</remarks>
public sealed class Pca : ITransform
{
    private readonly double _components;
    private readonly bool _whiten;

    /// <param name="components">1 or more: so many, at most as many as there are; in (0, 1): as many as have that share of the variance; 0: all. Default: 0.</param>
    /// <param name="whiten">Whether each component is scaled to variance 1. Default: no.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Pca(double components = 0, bool whiten = false)
    {
        if (!(components >= 0) || (components > 1 && components != Math.Floor(components)) || components > int.MaxValue)
            throw new LodeException(ErrorCode.InvalidArgument, $"PCA components are a whole number, or a share of the variance in (0, 1); got {components}.");
        (_components, _whiten) = (components, whiten);
    }

    internal static ITransform Create(ParameterReader reader) => new Pca(reader.DoubleIn("n_components", 0, 0), reader.Boolean("whiten", false));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        ColumnMap.RequireComplete(rows.Features, "pca");
        var columns = rows.Features.Columns.OfType<NumericColumn>().ToArray();
        var means = Array.ConvertAll(columns, column => Moments.Of(column.Values, rows.Weights).Mean);
        var (total, roots) = (0.0, new double[rows.Features.Rows]);
        for (var row = 0; row < roots.Length; row++)
        {
            var weight = rows.Weights.IsEmpty ? 1 : rows.Weights[row];
            (total, roots[row]) = (total + weight, Math.Sqrt(weight));
        }
        // Shape [columns, rows]: centred, times the root of the row's weight.
        var centred = new double[columns.Length][];
        for (var j = 0; j < columns.Length; j++)
        {
            centred[j] = columns[j].Values.ToArray();
            for (var row = 0; row < roots.Length; row++)
                centred[j][row] = (centred[j][row] - means[j]) * roots[row];
        }
        var (vectors, variances) = roots.Length < columns.Length ? ThroughRows(centred, roots.Length) : ThroughColumns(centred);
        var freedom = Math.Max(total - 1, double.Epsilon);
        for (var i = 0; i < variances.Length; i++)
            variances[i] = total > 1 ? Math.Max(0, variances[i] / freedom) : 0;
        var kept = Kept(variances);
        var weights = new double[kept * columns.Length];
        for (var component = 0; component < kept; component++)
            Orient(vectors[component], _whiten ? variances[component] : 1).CopyTo(weights.AsSpan(component * columns.Length));
        return new FittedPca([.. columns.Select(column => column.Name)], means, weights, variances[..kept]);
    }

    private int Kept(double[] variances)
    {
        if (_components is 0 or >= 1)
            return _components == 0 ? variances.Length : (int)Math.Min(_components, variances.Length);
        var (wanted, sum, count) = (_components * variances.Sum(), 0.0, 0);
        // As scikit-learn: the fewest whose share is above the one asked for.
        while (count < variances.Length && (count == 0 || sum <= wanted))
            sum += variances[count++];
        return count;
    }

    private static double[] Orient(double[] vector, double variance)
    {
        var largest = 0;
        for (var j = 1; j < vector.Length; j++)
            largest = Math.Abs(vector[j]) > Math.Abs(vector[largest]) + 1e-12 ? j : largest;
        var scale = (vector.Length > 0 && vector[largest] < 0 ? -1 : 1) / Math.Sqrt(variance > 1e-300 ? variance : 1);
        return Array.ConvertAll(vector, weight => weight * scale);
    }

    private static (double[][] Vectors, double[] Values) ThroughColumns(double[][] centred)
    {
        var n = centred.Length;
        var products = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                products[(i * n) + j] = products[(j * n) + i] = Vectors.Dot(centred[i], centred[j]);
        var values = new double[n];
        SymmetricEigen.Decompose(products, n, values);
        return ([.. Enumerable.Range(0, n).Select(i => products.AsSpan(i * n, n).ToArray())], values);
    }

    /// <summary>Fewer rows than columns: the rows' products have the same eigenvalues; a component is the rows' weights applied to the columns.</summary>
    private static (double[][] Vectors, double[] Values) ThroughRows(double[][] centred, int rows)
    {
        var products = new double[rows * rows];
        foreach (var column in centred)
            for (var i = 0; i < rows; i++)
                Vectors.AddScaled(column[i], column, products.AsSpan(i * rows, rows));
        var values = new double[rows];
        SymmetricEigen.Decompose(products, rows, values);
        var vectors = new List<double[]>();
        for (var i = 0; i < rows && values[i] > 1e-12 * Math.Max(values[0], 1e-300); i++)
        {
            var ofRows = products.AsSpan(i * rows, rows);
            var vector = new double[centred.Length];
            for (var j = 0; j < vector.Length; j++)
                vector[j] = Vectors.Dot(ofRows, centred[j]) / Math.Sqrt(values[i]);
            vectors.Add(vector);
        }
        return ([.. vectors], values[..vectors.Count]);
    }

    internal sealed class FittedPca(string[] names, double[] means, double[] weights, double[] variances) : IFittedTransform
    {
        public const string KindName = "pca";

        /// <summary>The variance of each component on the training rows, descending.</summary>
        public ReadOnlySpan<double> Variances => variances;

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteStrings(names);
            writer.WriteDoubles(means);
            writer.WriteDoubles(variances);
            writer.WriteDoubles(weights);
        }

        public static FittedPca Read(BundleReader reader)
        {
            var names = reader.ReadStrings();
            var (means, variances) = (reader.ReadDoubles(names.Length), reader.ReadDoubles());
            var weights = reader.ReadDoubles();
            return weights.Length == (long)names.Length * variances.Length ? new(names, means, weights, variances)
                : throw BundleReader.Broken($"{weights.Length} weights do not fit {variances.Length} components of {names.Length} columns");
        }

        public Table Apply(Table table)
        {
            ColumnMap.RequireComplete(table, KindName);
            var numeric = names.Select(name => table.Find(name) as NumericColumn
                ?? throw new LodeException(ErrorCode.InvalidArgument, $"The transform was fitted on a numeric column '{name}', which the table lacks.")).ToArray();
            var columns = table.Columns.Where(column => column is not NumericColumn).ToList();
            var centred = new double[table.Rows];
            var components = variances.Select(_ => new double[table.Rows]).ToArray();
            for (var j = 0; j < numeric.Length; j++)
            {
                for (var row = 0; row < centred.Length; row++)
                    centred[row] = numeric[j].Values[row] - means[j];
                for (var i = 0; i < components.Length; i++)
                    Vectors.AddScaled(weights[(i * numeric.Length) + j], centred, components[i]);
            }
            for (var i = 0; i < components.Length; i++)
                columns.Add(new NumericColumn(FormattableString.Invariant($"pca{i}"), components[i]));
            return new Table(columns, table.Rows);
        }
    }
}
