using System.Text;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>What names and values may look like: MLflow's rules, so that no client finds one refused that another took.</summary>
public static class NameRules
{
    /// <summary>Longest metric, param or tag key, in characters.</summary>
    public const int MaxKeyLength = 250;

    /// <summary>Longest param value; longer ones are cut.</summary>
    public const int MaxParamLength = 6000;

    /// <summary>Longest run tag value; longer ones are cut.</summary>
    public const int MaxTagLength = 8000;

    /// <summary>Longest project tag value; longer ones are refused.</summary>
    public const int MaxProjectTagLength = 5000;

    /// <summary>Longest project name.</summary>
    public const int MaxProjectNameLength = 500;

    /// <summary>Refuses a metric, param or tag key that is empty, too long, has other characters than letters, digits and <c>_ - . space : /</c>, or reads as a path that leaves its place.</summary>
    /// <param name="key">The key.</param>
    /// <param name="what">Names the element in the message, for example <c>metrics[3].name</c>.</param>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckKey(string? key, string what)
    {
        if (string.IsNullOrEmpty(key))
            throw new LodeException(ErrorCode.InvalidArgument, $"Missing value for required parameter '{what}'.");
        foreach (var letter in key.EnumerateRunes())
        {
            if (!(IsWordLetter(letter) || letter.Value is '-' or '.' or ' ' or ':' or '/'))
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"Invalid value \"{key}\" for parameter '{what}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
            }
        }
        if (!IsNormalisedPath(key))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Invalid value \"{key}\" for parameter '{what}' supplied: Names may be treated as files in certain cases, so they must not be absolute, end in a slash, or hold '//', './' or '..'.");
        }
        CheckLength(key, what);
    }

    /// <summary>Refuses a key that is empty, too long or holds NUL: the rule where MLflow looks at nothing else, for the tags that a run is made with and all of a logged model's.</summary>
    /// <param name="key">The key.</param>
    /// <param name="what">Names the element in the message.</param>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckLooseKey(string? key, string what)
    {
        if (string.IsNullOrEmpty(key))
            throw new LodeException(ErrorCode.InvalidArgument, $"Missing value for required parameter '{what}'.");
        if (key.Contains('\0', StringComparison.Ordinal))
            throw new LodeException(ErrorCode.InvalidArgument, $"'{what}' must not hold the character NUL (U+0000).");
        CheckLength(key, what);
    }

    private static void CheckLength(string key, string what)
    {
        if (key.Length > MaxKeyLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{what}' exceeds the maximum length of {MaxKeyLength} characters: '{key[..40]}…' has {key.Length}.");
    }

    /// <summary>Refuses a project name that is blank or too long.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckProjectName(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new LodeException(ErrorCode.InvalidArgument, "A project's name must not be blank.");
        if (name.Length > MaxProjectNameLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'name' exceeds the maximum length of {MaxProjectNameLength} characters: got {name.Length}.");
    }

    /// <summary>Refuses a project tag whose key breaks the rules of keys or whose value is too long; null, which removes a tag, is not.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckProjectTag(string key, string? value)
    {
        CheckKey(key, "key");
        if (value?.Length > MaxProjectTagLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'value' exceeds the maximum length of {MaxProjectTagLength} characters: that of tag '{key}' has {value.Length}.");
    }

    /// <summary>Cuts a value that is longer than it may be; never through a surrogate pair.</summary>
    public static string Truncate(string value, int length) => value.Length <= length ? value : value[..(char.IsHighSurrogate(value[length - 1]) ? length - 1 : length)];

    /// <summary>Whether <c>\w</c> of a regular expression of Python's takes it: letters, numbers of every kind and the underscore, but no marks and no pictures.</summary>
    internal static bool IsWordLetter(Rune letter) => letter.Value == '_' || Rune.IsLetter(letter) || Rune.IsNumber(letter);

    // Python's rule: a path that normalises to another, or begins with two dots, is none.
    private static bool IsNormalisedPath(string path) => !path.StartsWith("..", StringComparison.Ordinal)
        && (path.Contains('/', StringComparison.Ordinal) ? Array.TrueForAll(path.Split('/'), part => part is not ("" or "." or "..")) : path != ".");
}
