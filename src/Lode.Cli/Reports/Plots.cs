using System.Globalization;

namespace Lode.Cli;

/// <summary>A picture in a report.</summary>
/// <param name="Name">Its file's name, without ending.</param>
/// <param name="Title">In a few words.</param>
/// <param name="Caption">What to see in it.</param>
/// <param name="Picture">The SVG.</param>
internal sealed record Figure(string Name, string Title, string Caption, string Picture);

/// <summary>One line of a plot.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>The pictures of reports, from plain numbers.</summary>
internal static class Plots
{
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 14;
    private const int Bottom = 44;
    private const int MostDots = 1500;

    /// <summary>Scores with their errors, a line each.</summary>
    public static string Scores(string title, string unit, IReadOnlyList<(string Name, double Value, double Error, bool Marked)> rows)
    {
        const int RowHeight = 22;
        var margin = 30 + (7 * Math.Clamp(rows.Max(row => row.Name.Length), 6, 28));
        var svg = new Svg(680, Top + Bottom + (RowHeight * rows.Count), title);
        var low = rows.Min(row => row.Value - Finite(row.Error));
        var high = rows.Max(row => row.Value + Finite(row.Error));
        var pad = Math.Max((high - low) * 0.06, Math.Abs(high) * 1e-6);
        var x = new Axis(low - pad, high + pad, margin, svg.Width - Right);
        XAxis(svg, x, unit);
        for (var i = 0; i < rows.Count; i++)
        {
            var (name, value, error, marked) = rows[i];
            var y = Top + (RowHeight * (i + 0.5));
            var colour = marked ? Svg.Colours[5] : Svg.Colours[0];
            svg.Text(margin - 8, y + 4, Cut(name, 28), "end");
            svg.Line(x.At(value - Finite(error)), y, x.At(value + Finite(error)), y, colour, 2, 0.6);
            svg.Dot(x.At(value), y, 4.5, colour, 1, $"{name}: {Format.Number(value)}{(double.IsFinite(error) ? $" ± {Format.Number(error)}" : "")}");
        }
        return svg.ToString();
    }

    /// <summary>Bars from zero, with deviations.</summary>
    public static string Bars(string title, string unit, IReadOnlyList<(string Name, double Value, double Deviation)> rows)
    {
        const int RowHeight = 20;
        var margin = 30 + (7 * Math.Clamp(rows.Max(row => row.Name.Length), 6, 28));
        var svg = new Svg(680, Top + Bottom + (RowHeight * rows.Count), title);
        var x = new Axis(Math.Min(0, rows.Min(row => row.Value - row.Deviation)), Math.Max(0, rows.Max(row => row.Value + row.Deviation)), margin, svg.Width - Right);
        XAxis(svg, x, unit);
        for (var i = 0; i < rows.Count; i++)
        {
            var (name, value, deviation) = rows[i];
            var y = Top + (RowHeight * i);
            svg.Text(margin - 8, y + 14, Cut(name, 28), "end");
            svg.Rect(Math.Min(x.At(0), x.At(value)), y + 4, Math.Abs(x.At(value) - x.At(0)), RowHeight - 8, Svg.Colours[0], 0.85, $"{name}: {Format.Number(value)} ± {Format.Number(deviation)}");
            svg.Line(x.At(value - deviation), y + (RowHeight / 2.0), x.At(value + deviation), y + (RowHeight / 2.0), "currentColor", 1.2);
        }
        svg.Line(x.At(0), Top, x.At(0), svg.Height - Bottom);
        return svg.ToString();
    }

    /// <summary>Lines over a common pair of axes.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="xName">Below.</param>
    /// <param name="yName">At the left.</param>
    /// <param name="lines">At least one point in all.</param>
    /// <param name="unit">Whether both axes go from 0 to 1.</param>
    /// <param name="diagonal">Whether to draw where both are equal.</param>
    /// <param name="dots">Whether to mark the points.</param>
    public static string Lines(string title, string xName, string yName, IReadOnlyList<PlotLine> lines, bool unit = false, bool diagonal = false, bool dots = false)
    {
        var svg = new Svg(unit ? 440 : 680, unit ? 400 : 320, title);
        var points = lines.SelectMany(line => line.Points).ToList();
        var pad = (points.Max(point => point.Y) - points.Min(point => point.Y)) * 0.05;
        var x = unit ? new Axis(0, 1, Left, svg.Width - Right) : new Axis(points.Min(point => point.X), points.Max(point => point.X), Left, svg.Width - Right);
        var y = unit ? new Axis(0, 1, svg.Height - Bottom, Top) : new Axis(points.Min(point => point.Y) - pad, points.Max(point => point.Y) + pad, svg.Height - Bottom, Top);
        XAxis(svg, x, xName);
        YAxis(svg, y, yName);
        if (diagonal)
            svg.Line(x.At(x.Low), y.At(y.Low), x.At(x.High), y.At(y.High), "currentColor", 1, 0.5, "4 3");
        for (var i = 0; i < lines.Count; i++)
        {
            var colour = Svg.Colours[i % Svg.Colours.Length];
            svg.Path(lines[i].Points.Select(point => (x.At(point.X), y.At(point.Y))), colour, 1.8, i < Svg.Colours.Length ? null : "5 3");
            foreach (var point in dots ? lines[i].Points : [])
                svg.Dot(x.At(point.X), y.At(point.Y), 3, colour, 1, $"{Format.Number(point.X)}: {Format.Number(point.Y)}");
            if (lines.Count > 1)
            {
                svg.Rect(svg.Width - Right - 130, svg.Height - Bottom - 14 - (16 * (lines.Count - 1 - i)), 12, 4, colour);
                svg.Text(svg.Width - Right - 112, svg.Height - Bottom - 8 - (16 * (lines.Count - 1 - i)), Cut(lines[i].Name, 16), size: 11);
            }
        }
        return svg.ToString();
    }

    /// <summary>Points of predicted against true numbers; at most some 1,500 are drawn, evenly chosen.</summary>
    public static string Scatter(string title, string xName, string yName, IReadOnlyList<(double X, double Y)> points)
    {
        var svg = new Svg(440, 400, title);
        var (low, high) = (points.Min(point => Math.Min(point.X, point.Y)), points.Max(point => Math.Max(point.X, point.Y)));
        var (x, y) = (new Axis(low, high, Left, svg.Width - Right), new Axis(low, high, svg.Height - Bottom, Top));
        XAxis(svg, x, xName);
        YAxis(svg, y, yName);
        svg.Line(x.At(low), y.At(low), x.At(high), y.At(high), "currentColor", 1, 0.5, "4 3");
        var step = Math.Max(1, (points.Count + MostDots - 1) / MostDots);
        for (var i = 0; i < points.Count; i += step)
            svg.Dot(x.At(points[i].X), y.At(points[i].Y), 2.4, Svg.Colours[0], 0.5);
        return svg.ToString();
    }

    /// <summary>How many numbers fall where.</summary>
    public static string Histogram(string title, string xName, IReadOnlyList<double> values)
    {
        var bins = Math.Clamp((int)Math.Sqrt(values.Count), 5, 40);
        var svg = new Svg(440, 300, title);
        var x = new Axis(values.Min(), values.Max(), Left, svg.Width - Right);
        var counts = new int[bins];
        foreach (var value in values)
            counts[Math.Clamp((int)((value - x.Low) / (x.High - x.Low) * bins), 0, bins - 1)]++;
        var y = new Axis(0, counts.Max(), svg.Height - Bottom, Top);
        XAxis(svg, x, xName);
        YAxis(svg, y, "rows");
        var wide = (x.High - x.Low) / bins;
        for (var bin = 0; bin < bins; bin++)
        {
            var left = x.At(x.Low + (bin * wide));
            svg.Rect(left, y.At(counts[bin]), x.At(x.Low + ((bin + 1) * wide)) - left - 1, y.At(0) - y.At(counts[bin]), Svg.Colours[0], 0.85, $"{Format.Number(x.Low + (bin * wide))} … {Format.Number(x.Low + ((bin + 1) * wide))}: {counts[bin]}");
        }
        return svg.ToString();
    }

    /// <summary>A table of counts, darker where a row's share is greater.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="names">Of rows and columns.</param>
    /// <param name="counts">By row, then column.</param>
    public static string Matrix(string title, IReadOnlyList<string> names, Func<int, int, double> counts)
    {
        var k = names.Count;
        var cell = Math.Clamp(420 / k, 16, 64);
        var margin = 30 + (7 * Math.Clamp(names.Max(name => name.Length), 3, 16));
        var svg = new Svg(margin + (cell * k) + Right + 10, margin + (cell * k) + 20, title);
        for (var actual = 0; actual < k; actual++)
        {
            var sum = Enumerable.Range(0, k).Sum(predicted => counts(actual, predicted));
            svg.Text(margin - 6, margin + (cell * (actual + 0.5)) + 4, Cut(names[actual], 16), "end", 11);
            svg.Text(margin + (cell * (actual + 0.5)) + 4, margin - 6, Cut(names[actual], 16), "start", 11, turned: true);
            for (var predicted = 0; predicted < k; predicted++)
            {
                var count = counts(actual, predicted);
                var share = sum > 0 ? count / sum : 0;
                svg.Rect(margin + (cell * predicted), margin + (cell * actual), cell - 1, cell - 1, actual == predicted ? Svg.Colours[0] : Svg.Colours[5], 0.06 + (0.9 * share),
                    string.Create(CultureInfo.InvariantCulture, $"{names[actual]} taken for {names[predicted]}: {Format.Number(count)} ({share:P0})"));
                if (cell >= 24 && count > 0)
                    svg.Text(margin + (cell * (predicted + 0.5)), margin + (cell * (actual + 0.5)) + 4, Format.Number(count), "middle", 11, share > 0.55 ? "#ffffff" : "currentColor");
            }
        }
        svg.Text(margin + (cell * k / 2.0), svg.Height - 6, "rows: what it was; columns: what was said", "middle", 11);
        return svg.ToString();
    }

    private static void XAxis(Svg svg, Axis x, string name)
    {
        var bottom = svg.Height - Bottom;
        foreach (var tick in x.Ticks())
        {
            svg.Line(x.At(tick), Top, x.At(tick), bottom, "currentColor", 1, 0.12);
            svg.Text(x.At(tick), bottom + 16, Format.Number(tick), "middle", 11);
        }
        svg.Line(x.At(x.Low), bottom, x.At(x.High), bottom);
        svg.Text((x.At(x.Low) + x.At(x.High)) / 2, svg.Height - 8, name, "middle");
    }

    private static void YAxis(Svg svg, Axis y, string name)
    {
        foreach (var tick in y.Ticks())
        {
            svg.Line(Left, y.At(tick), svg.Width - Right, y.At(tick), "currentColor", 1, 0.12);
            svg.Text(Left - 6, y.At(tick) + 4, Format.Number(tick), "end", 11);
        }
        svg.Line(Left, y.At(y.Low), Left, y.At(y.High));
        svg.Text(14, (y.At(y.Low) + y.At(y.High)) / 2, name, "middle", turned: true);
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
