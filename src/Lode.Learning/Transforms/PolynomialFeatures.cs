using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Adds all products of numeric columns up to a degree, called <c>a^2</c>, <c>a*b</c>, after the columns there are.</summary>
/// <remarks>In the order of scikit-learn's PolynomialFeatures, without the constant. A missing factor makes the product missing.</remarks>
public sealed class PolynomialFeatures : ITransform
{
    /// <summary>More products than this are refused.</summary>
    public const int MostProducts = 100_000;

    private readonly int _degree;
    private readonly bool _interactionOnly;

    /// <param name="degree">2 … 10. Default: 2.</param>
    /// <param name="interactionOnly">Whether a column comes at most once in a product. Default: no.</param>
    /// <exception cref="LodeException">InvalidArgument: the degree is out of range.</exception>
    public PolynomialFeatures(int degree = 2, bool interactionOnly = false)
    {
        if (degree is < 2 or > 10)
            throw new LodeException(ErrorCode.InvalidArgument, $"The degree of polynomial features is 2 … 10; got {degree}.");
        (_degree, _interactionOnly) = (degree, interactionOnly);
    }

    internal static ITransform Create(ParameterReader reader) => new PolynomialFeatures(reader.Int32In("degree", 2, 2, 10), reader.Boolean("interaction_only", false));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        string[] names = [.. rows.Features.Columns.Where(column => column is NumericColumn).Select(column => column.Name)];
        var products = new List<int[]>();
        for (var degree = 2; degree <= _degree; degree++)
            Add(products, new int[degree], 0, 0, names.Length);
        return new FittedProducts(names, [.. products]);
    }

    private void Add(List<int[]> products, int[] factors, int at, int first, int columns)
    {
        if (at == factors.Length)
        {
            if (products.Count == MostProducts)
                throw new LodeException(ErrorCode.InvalidArgument, $"Polynomial features of {columns} columns are more than {MostProducts}.", "Lower the degree or choose columns.");
            products.Add([.. factors]);
            return;
        }
        for (var column = first; column < columns; column++)
        {
            factors[at] = column;
            Add(products, factors, at + 1, _interactionOnly ? column + 1 : column, columns);
        }
    }

    internal sealed class FittedProducts(string[] names, int[][] products) : IFittedTransform
    {
        public const string KindName = "polynomial";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteStrings(names);
            writer.WriteInt32(products.Length);
            foreach (var factors in products)
                writer.WriteInt32s(factors);
        }

        public static FittedProducts Read(BundleReader reader)
        {
            var names = reader.ReadStrings();
            var products = new int[reader.ReadInt32(0, Math.Min(MostProducts, reader.Left))][];
            for (var i = 0; i < products.Length; i++)
            {
                products[i] = reader.ReadInt32s();
                if (products[i].Length == 0 || products[i].Any(factor => factor < 0 || factor >= names.Length))
                    throw BundleReader.Broken("a product has factors that do not exist");
            }
            return new(names, products);
        }

        public Table Apply(Table table)
        {
            var factors = names.Select(name => table.Find(name) as NumericColumn
                ?? throw new LodeException(ErrorCode.InvalidArgument, $"The transform was fitted on a numeric column '{name}', which the table lacks.")).ToArray();
            return new Table([.. table.Columns, .. products.Select(product => Multiply(product, factors))], table.Rows);
        }

        private NumericColumn Multiply(int[] product, NumericColumn[] factors)
        {
            var values = factors[product[0]].Values.ToArray();
            foreach (var factor in product.AsSpan(1))
            {
                var others = factors[factor].Values;
                for (var row = 0; row < values.Length; row++)
                    values[row] *= others[row];
            }
            var name = string.Join('*', product.GroupBy(factor => factor).Select(group => group.Count() == 1 ? names[group.Key]
                : string.Create(CultureInfo.InvariantCulture, $"{names[group.Key]}^{group.Count()}")));
            return new NumericColumn(name, values);
        }
    }
}
