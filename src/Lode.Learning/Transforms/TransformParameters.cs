using System.Globalization;

namespace Lode.Learning;

/// <summary>Options with ranges, as transforms have them.</summary>
internal static class TransformParameters
{
    /// <exception cref="Core.LodeException">InvalidArgument: the value is none of those allowed.</exception>
    public static string Choice(this ParameterReader reader, string name, string usual, params ReadOnlySpan<string> allowed)
    {
        var value = reader.Find(name);
        if (value is null)
            return usual;
        foreach (var choice in allowed)
        {
            if (value is string text && text == choice)
                return choice;
        }
        throw reader.Bad(name, "one of " + string.Join(", ", allowed.ToArray()), value);
    }

    /// <exception cref="Core.LodeException">InvalidArgument: it is no text.</exception>
    public static string Text(this ParameterReader reader, string name, string usual) => reader.Find(name) switch
    {
        null => usual,
        string text => text,
        var value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? usual,
    };

    /// <exception cref="Core.LodeException">InvalidArgument: the value is out of range.</exception>
    public static int Int32In(this ParameterReader reader, string name, int usual, int least, int most = int.MaxValue)
    {
        var value = reader.Int32(name, usual);
        return value >= least && value <= most ? value
            : throw reader.Bad(name, most == int.MaxValue ? $"at least {least}" : $"in {least} … {most}", value);
    }

    /// <exception cref="Core.LodeException">InvalidArgument: the value is out of range.</exception>
    public static double DoubleIn(this ParameterReader reader, string name, double usual, double least, double most = double.MaxValue)
    {
        var value = reader.Double(name, usual);
        return value >= least && value <= most ? value : throw reader.Bad(name, string.Create(CultureInfo.InvariantCulture,
            $"{(most == double.MaxValue ? $"at least {least}" : $"in {least} … {most}")}"), value);
    }
}
