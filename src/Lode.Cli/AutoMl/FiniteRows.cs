using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>Refuses infinite numbers before anything is fitted or predicted, by the row of the file.</summary>
internal static class FiniteRows
{
    /// <param name="name">The file's.</param>
    /// <param name="table">The columns that matter.</param>
    /// <param name="before">Rows of the file before the table's first.</param>
    /// <exception cref="LodeException">InvalidArgument: a number is infinite; the message names column and row.</exception>
    public static void Require(string name, Table table, long before = 0)
    {
        foreach (var column in table.Columns)
        {
            if (column is NumericColumn numeric && numeric.Values.IndexOfAny(double.PositiveInfinity, double.NegativeInfinity) is >= 0 and var row)
                throw new LodeException(ErrorCode.InvalidArgument, $"{name}: column '{column.Name}' is infinite in row {before + row + 1}.", "Write a finite number, or leave the cell empty: then it is missing.");
        }
    }
}
