using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The map between an interval (linear or logarithmic, continuous or a grid) and [0, 1]; what floats and integers share.
/// A grid of m values divides [0, 1] into m cells whose borders lie half-way between neighbours; below the first
/// and above the last value there is half a step more, so a uniform coordinate gives every value of a linear grid the same chance.
/// </summary>
internal sealed record Scale
{
    private readonly double _low;
    private readonly double _high;
    private readonly bool _log;
    private readonly double _step;
    private readonly long _levels;
    private readonly bool _isDecimal;
    private readonly double _start;
    private readonly double _width;

    public Scale(string name, double low, double high, bool log, double step, bool stepped)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high))
            throw Invalid(name, $"needs finite bounds; got {low} to {high}.");
        if (low > high)
            throw Invalid(name, $"needs low ≤ high; got low {low} and high {high}.");
        if (!double.IsFinite(high - low))
            throw Invalid(name, $"spans more than a double can hold; got {low} to {high}.");
        if (log && low <= 0)
            throw Invalid(name, $"has a log scale, which needs low > 0; got low {low}.");
        if (stepped && !(step > 0 && double.IsFinite(step)))
            throw Invalid(name, $"needs a step > 0; got {step}.");

        (_low, _high, _log, _step) = (low, high, log, stepped ? step : 0);
        if (!stepped)
        {
            _start = Forward(low);
            _width = Forward(high) - _start;
            return;
        }
        var steps = Math.Round((high - low) / step);
        if (steps > 1L << 53)
            throw Invalid(name, $"has more than 2^53 values; got {low} to {high} by {step}.");
        var fit = low + (steps * step);
        if (Math.Abs(fit - high) > 1e-9 * Math.Max(step, Math.Max(Math.Abs(low), Math.Abs(high)) * 1e-3))
        {
            var below = low + (Math.Floor((high - low) / step) * step);
            throw Invalid(name, $"has a step that misses the bound: {low} to {high} by {step}.", Text($"The nearest bounds that fit are high {below} and {below + step}."));
        }
        _levels = (long)steps + 1;
        _isDecimal = (step % 1 != 0 || low % 1 != 0) && IsShortFraction(low) && IsShortFraction(step);
        _start = Forward(Border(0));
        _width = Forward(Border(_levels)) - _start;
    }

    public UnitDimension Dimension => new(_levels == 0 ? DimensionKind.Continuous : DimensionKind.Ordinal, _levels);

    public double FromUnit(double unit)
    {
        if (_levels != 0)
            return Level(LevelAt(unit));
        // Rounding of the two maps must not leave the interval.
        return _width == 0 ? _low : Math.Clamp(Back(_start + (unit * _width)), _low, _high);
    }

    public double ToUnit(double value)
    {
        if (!(value >= _low && value <= _high))
            return double.NaN;
        if (_levels != 0)
        {
            // 0.1 + 2 * 0.1 is not 0.3: a value that somebody typed is on the grid all the same.
            var level = Math.Round((value - _low) / _step);
            if (Math.Abs(_low + (level * _step) - value) > 1e-9 * _step)
                return double.NaN;
            value = Level((long)level);
        }
        return Place(value);
    }

    public UnitCell Cell(double unit)
    {
        if (_levels == 0)
            return new(unit, unit, unit);
        var level = LevelAt(unit);
        return new(Place(Border(level)), Place(Level(level)), Place(Border(level + 1)));
    }

    public double AtLevel(long level) => Place(Level(level));

    public string Describe(string kind) =>
        Text($"{kind} {_low} to {_high}") + (_levels != 0 && (kind == "float" || _step != 1) ? Text($" by {_step}") : "") + (_log ? ", log" : "");

    private long LevelAt(double unit) =>
        Math.Clamp((long)Math.Round((Back(_start + (unit * _width)) - _low) / _step), 0, _levels - 1);

    // In decimals where the bounds are short ones, so that 0.05 by 0.05 gives 0.15 and not 0.15000000000000002.
    private double Level(long level) => level == _levels - 1 ? _high
        : _isDecimal ? (double)((decimal)_low + (level * (decimal)_step)) + 0.0 // a decimal zero may be negative
        : _low + (level * _step);

    private static bool IsShortFraction(double value) => Math.Abs(value) < 1e12 && (double)(decimal)value == value;

    // The border below a level, as a raw value. On a log scale the first may reach 0: then it is mirrored at the first value.
    private double Border(long level)
    {
        var border = _low + ((level - 0.5) * _step);
        return _log && border <= 0 ? _low * _low / (_low + (0.5 * _step)) : border;
    }

    private double Place(double value) => _width == 0 ? 0.5 : Math.Clamp((Forward(value) - _start) / _width, 0, 1);

    private double Forward(double value) => _log ? Math.Log(value) : value;

    private double Back(double value) => _log ? Math.Exp(value) : value;

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static LodeException Invalid(string name, FormattableString text, string? hint = null) =>
        new(ErrorCode.InvalidArgument, $"Parameter '{name}' {Text(text)}", hint);
}
