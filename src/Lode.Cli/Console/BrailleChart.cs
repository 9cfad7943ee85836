using System.Text;

namespace Lode.Cli;

/// <summary>Lines drawn with Braille signs: two dots wide and four high a character. ASCII where these cannot be shown.</summary>
/// <param name="width">Characters across the plot.</param>
/// <param name="height">Lines.</param>
internal sealed class BrailleChart(int width, int height)
{
    private static readonly byte[] s_dots = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80];

    private readonly List<(IReadOnlyList<double> X, IReadOnlyList<double> Y)> _lines = [];

    /// <summary>Adds a line; points that are not finite part it.</summary>
    public void Add(IReadOnlyList<double> x, IReadOnlyList<double> y) => _lines.Add((x, y));

    /// <summary>The chart with its axes, a line of text each; empty where no point is finite.</summary>
    /// <param name="logY">Whether equal ratios are equally high; values that are not above 0 are left out.</param>
    /// <param name="ascii">Whether to draw with letters, one a line.</param>
    public IReadOnlyList<string> Draw(bool logY, bool ascii)
    {
        double Scale(double y) => logY ? y > 0 ? Math.Log(y) : double.NaN : y;
        var points = _lines.SelectMany(line => line.X.Zip(line.Y, (x, y) => (X: x, Y: Scale(y)))).Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)).ToList();
        if (points.Count == 0)
            return [];
        var (left, right) = (points.Min(point => point.X), points.Max(point => point.X));
        var (low, high) = (points.Min(point => point.Y), points.Max(point => point.Y));
        var (across, up) = (right > left ? right - left : 1, high > low ? high - low : 1);
        var (columns, rows) = ascii ? (width, height) : (2 * width, 4 * height);
        var cells = new int[height, width];
        for (var line = 0; line < _lines.Count; line++)
        {
            (int X, int Y)? last = null;
            for (var i = 0; i < _lines[line].X.Count; i++)
            {
                var (x, y) = (_lines[line].X[i], Scale(_lines[line].Y[i]));
                if (!double.IsFinite(x) || !double.IsFinite(y))
                {
                    last = null;
                    continue;
                }
                var at = (X: (int)Math.Round((x - left) / across * (columns - 1)), Y: (int)Math.Round((high - y) / up * (rows - 1)));
                var from = last ?? at;
                var steps = Math.Max(Math.Abs(at.X - from.X), Math.Abs(at.Y - from.Y));
                for (var step = 0; step <= steps; step++)
                {
                    var share = steps == 0 ? 0 : (double)step / steps;
                    Set(from.X + (int)Math.Round(share * (at.X - from.X)), from.Y + (int)Math.Round(share * (at.Y - from.Y)), line);
                }
                last = at;
            }
        }
        var labels = Enumerable.Range(0, height).Select(row => row % 4 == 0 || row == height - 1 ? Format.Number(Value(row)) : "").ToList();
        var margin = labels.Max(label => label.Length);
        var text = new List<string>();
        for (var row = 0; row < height; row++)
        {
            var builder = new StringBuilder(labels[row].PadLeft(margin)).Append(labels[row].Length > 0 ? ascii ? " +" : " ┤" : ascii ? " |" : " │");
            for (var column = 0; column < width; column++)
                builder.Append(cells[row, column] == 0 ? ' ' : ascii ? (char)cells[row, column] : (char)(0x2800 + cells[row, column]));
            text.Add(builder.ToString().TrimEnd());
        }
        var (first, end) = (Format.Number(left), Format.Number(right));
        text.Add($"{new string(' ', margin + 2)}{first}{end.PadLeft(Math.Max(end.Length + 1, width - first.Length))}");
        return text;

        double Value(int row)
        {
            var y = height == 1 ? high : high - ((double)row / (height - 1) * (high - low));
            return logY ? Math.Exp(y) : y;
        }

        void Set(int x, int y, int line)
        {
            if (ascii)
                cells[y, x] = 'a' + (line % 26);
            else
                cells[y / 4, x / 2] |= s_dots[(x % 2 * 4) + (y % 4)];
        }
    }
}
