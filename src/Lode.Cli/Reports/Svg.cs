using System.Globalization;
using System.Net;
using System.Text;

namespace Lode.Cli;

/// <summary>Writes one picture as SVG that stands in a page or on its own: text in the page's colour, no script, no font, no other file.</summary>
internal sealed class Svg(int width, int height, string title)
{
    /// <summary>Okabe and Ito's colours, which people with any colour vision tell apart.</summary>
    public static readonly string[] Colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#b8a600"];

    private readonly StringBuilder _body = new();

    public int Width => width;

    public int Height => height;

    public void Line(double x1, double y1, double x2, double y2, string colour = "currentColor", double stroke = 1, double opacity = 1, string? dash = null) =>
        _body.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" stroke=\"{colour}\" stroke-width=\"{stroke:0.##}\"{Opacity(opacity)}{Dash(dash)}/>");

    public void Rect(double x, double y, double w, double h, string colour, double opacity = 1, string? hint = null) =>
        _body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{Math.Max(0, w):0.##}\" height=\"{Math.Max(0, h):0.##}\" fill=\"{colour}\"{Opacity(opacity)}{Hint(hint, "rect")}");

    public void Dot(double x, double y, double radius, string colour, double opacity = 1, string? hint = null) =>
        _body.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" fill=\"{colour}\"{Opacity(opacity)}{Hint(hint, "circle")}");

    public void Path(IEnumerable<(double X, double Y)> points, string colour, double stroke = 1.5, string? dash = null)
    {
        _body.Append("<polyline fill=\"none\" points=\"");
        foreach (var (x, y) in points)
            _body.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");
        _body.Append(CultureInfo.InvariantCulture, $"\" stroke=\"{colour}\" stroke-width=\"{stroke:0.##}\"{Dash(dash)}/>");
    }

    /// <param name="x">Where the text's anchor stands.</param>
    /// <param name="y">Its base line.</param>
    /// <param name="text">Any text.</param>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    /// <param name="size">In pixels.</param>
    /// <param name="colour">Of the letters.</param>
    /// <param name="turned">Whether it reads upwards.</param>
    public void Text(double x, double y, string text, string anchor = "start", int size = 12, string colour = "currentColor", bool turned = false) =>
        _body.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{colour}\"{(turned ? string.Create(CultureInfo.InvariantCulture, $" transform=\"rotate(-90 {x:0.##} {y:0.##})\"") : "")}>{Escape(text)}</text>");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{Escape(title)}\" font-family=\"system-ui, sans-serif\"><title>{Escape(title)}</title>{_body}</svg>");

    /// <summary>Text as it may stand in SVG and HTML, in attributes too. What XML forbids is left out.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(new string([.. text.Where(letter => letter is '\t' or '\n' || !char.IsControl(letter))]));

    private static string Opacity(double opacity) => opacity >= 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" opacity=\"{opacity:0.###}\"");

    private static string Dash(string? dash) => dash is null ? "" : $" stroke-dasharray=\"{dash}\"";

    private static string Hint(string? hint, string element) => hint is null ? "/>" : $"><title>{Escape(hint)}</title></{element}>";
}

/// <summary>Numbers to pixels, with ticks at round numbers.</summary>
internal sealed class Axis
{
    private readonly double _from;
    private readonly double _to;

    /// <param name="low">The smallest number shown.</param>
    /// <param name="high">The largest.</param>
    /// <param name="from">The smallest's pixel.</param>
    /// <param name="to">The largest's pixel.</param>
    public Axis(double low, double high, double from, double to)
    {
        if (!(high > low))
            (low, high) = (low - Math.Max(1e-9, Math.Abs(low) * 0.1), low + Math.Max(1e-9, Math.Abs(low) * 0.1));
        (Low, High, _from, _to) = (low, high, from, to);
    }

    public double Low { get; }

    public double High { get; }

    public double At(double value) => _from + ((Math.Clamp(value, Low, High) - Low) / (High - Low) * (_to - _from));

    public IEnumerable<double> Ticks(int about = 5)
    {
        var raw = (High - Low) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = (raw / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 } * power;
        for (var tick = Math.Ceiling(Low / step) * step; tick <= High + (step * 1e-9); tick += step)
            yield return Math.Abs(tick) < step * 1e-9 ? 0 : tick;
    }
}
