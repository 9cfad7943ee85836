namespace Lode.Learning;

/// <summary>Whether <c>3/4/2024</c> is in April or in March.</summary>
public enum DateOrder
{
    /// <summary>Seen from the column: some cell has a number above 12. A column that does not tell stays text.</summary>
    Infer = 1,

    /// <summary>The day.</summary>
    DayFirst = 2,

    /// <summary>The month.</summary>
    MonthFirst = 3,
}

internal enum DateForm
{
    /// <summary>Year, month, day.</summary>
    Iso,

    /// <summary>Day and month in numbers, then the year.</summary>
    Numbers,

    /// <summary>The month by its English name.</summary>
    Named,
}

/// <summary>A cell read as a point in time.</summary>
/// <param name="Form">How it was written.</param>
/// <param name="Ticks">When; of two numbers up to 12 the first is taken for the day.</param>
/// <param name="First">The first number, for <see cref="DateForm.Numbers"/>.</param>
/// <param name="Second">The second number.</param>
internal readonly record struct CsvDate(DateForm Form, long Ticks, int First, int Second)
{
    private static readonly string[] s_months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    /// <summary>Dates alone or with a time: <c>2024-03-04</c>, <c>2024/03/04</c>, <c>4.3.2024</c>, <c>4 Mar 2024</c>, <c>Mar 4, 2024</c>; then T or a space, hours and
    /// minutes, seconds, a fraction, <c>Z</c> or an offset, which is taken off.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out CsvDate date)
    {
        date = default;
        if (text.Length is < 8 or > 40)
            return false;
        var reader = new Cursor(text);
        int year, month, day;
        DateForm form;
        var (first, second) = (0, 0);
        if (!reader.Number(1, 4, out var lead, out var digits))
        {
            form = DateForm.Named;
            if (!reader.Month(out month) || !reader.Skip(' ') || !reader.Number(1, 2, out day, out _) || !(reader.Skip(',') | reader.Skip(' ')) || !reader.Number(4, 4, out year, out _))
                return false;
        }
        else if (digits == 4)
        {
            form = DateForm.Iso;
            year = lead;
            var separator = reader.Next;
            if (separator is not ('-' or '/') || !reader.Skip(separator) || !reader.Number(2, 2, out month, out _) || !reader.Skip(separator) || !reader.Number(2, 2, out day, out _))
                return false;
        }
        else if (digits <= 2 && reader.Next is '/' or '-' or '.' && !reader.IsLetter(1))
        {
            form = DateForm.Numbers;
            var separator = reader.Next;
            if (digits > 2 || !reader.Skip(separator) || !reader.Number(1, 2, out var other, out _) || !reader.Skip(separator) || !reader.Number(4, 4, out year, out _))
                return false;
            (first, second) = (lead, other);
            (day, month) = other > 12 ? (other, lead) : (lead, other);
        }
        else
        {
            form = DateForm.Named;
            day = lead;
            if (digits > 2 || !(reader.Skip(' ') || reader.Skip('-')) || !reader.Month(out month) || !(reader.Skip(' ') || reader.Skip('-')) || !reader.Number(4, 4, out year, out _))
                return false;
        }
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || !reader.Time(out var time))
            return false;
        var ticks = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks + time;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
            return false;
        date = new CsvDate(form, ticks, first, second);
        return true;
    }

    /// <summary>The same with day and month changed places; both are up to 12.</summary>
    public static long Swap(long ticks)
    {
        var date = new DateTime(ticks, DateTimeKind.Utc);
        return new DateTime(date.Year, date.Day, date.Month, 0, 0, 0, DateTimeKind.Utc).Ticks + date.TimeOfDay.Ticks;
    }

    private ref struct Cursor(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;

        public readonly char Next => _at < _text.Length ? (char)_text[_at] : '\0';

        public readonly bool IsLetter(int ahead) => _at + ahead < _text.Length && (_text[_at + ahead] | 0x20) is >= 'a' and <= 'z';

        public bool Skip(char letter)
        {
            if (_at >= _text.Length || _text[_at] != letter)
                return false;
            _at++;
            // After a comma a space is usual.
            if (letter == ',' && _at < _text.Length && _text[_at] == (byte)' ')
                _at++;
            return true;
        }

        public bool Number(int least, int most, out int value, out int digits)
        {
            (value, digits) = (0, 0);
            for (; digits < most && _at < _text.Length && (uint)_text[_at] - '0' <= 9; digits++)
                value = (10 * value) + _text[_at++] - '0';
            return digits >= least;
        }

        public bool Month(out int month)
        {
            var length = 0;
            while (IsLetter(length))
                length++;
            Span<char> word = stackalloc char[12];
            month = 0;
            if (length is < 3 or > 9)
                return false;
            for (var i = 0; i < length; i++)
                word[i] = (char)(_text[_at + i] | 0x20);
            for (var i = 0; i < s_months.Length; i++)
            {
                if (word[..length].SequenceEqual(s_months[i]) || (length == 3 && s_months[i].AsSpan().StartsWith(word[..3])))
                    month = i + 1;
            }
            _at += length;
            return month > 0;
        }

        /// <summary>The rest: nothing, or a time of day less its offset.</summary>
        public bool Time(out long ticks)
        {
            ticks = 0;
            if (_at == _text.Length)
                return true;
            if (!(Skip('T') || Skip(' ')) || !Number(1, 2, out var hour, out _) || !Skip(':') || !Number(2, 2, out var minute, out _))
                return false;
            var (second, fraction, digits) = (0, 0, 0);
            if (Skip(':') && !Number(2, 2, out second, out _))
                return false;
            if (Skip('.') && !Number(1, 7, out fraction, out digits))
                return false;
            while (Number(1, 1, out _, out _))
            {
                // Digits below 100 ns are dropped.
            }
            if (hour > 23 || minute > 59 || second > 59)
                return false;
            for (; digits < 7; digits++)
                fraction *= 10;
            ticks = (((((hour * 60L) + minute) * 60) + second) * TimeSpan.TicksPerSecond) + fraction;
            if (Skip('Z'))
                return _at == _text.Length;
            var sign = Skip('+') ? -1 : Skip('-') ? 1 : 0;
            if (sign == 0)
                return _at == _text.Length;
            if (!Number(2, 2, out var hours, out _))
                return false;
            Skip(':');
            var minutes = 0;
            if (_at < _text.Length && !Number(2, 2, out minutes, out _))
                return false;
            ticks += sign * ((hours * 60L) + minutes) * TimeSpan.TicksPerMinute;
            return _at == _text.Length && hours <= 14 && minutes <= 59;
        }
    }
}
