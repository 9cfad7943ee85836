using System.Globalization;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>What the names, aliases, tags and stages of registered models may be: MLflow's rules.</summary>
public static class ModelRules
{
    /// <summary>Longest name of a model.</summary>
    public const int MaxNameLength = 500;

    /// <summary>Longest alias.</summary>
    public const int MaxAliasLength = 255;

    /// <summary>Longest value of a tag; longer ones are refused.</summary>
    public const int MaxTagLength = 100_000;

    /// <summary>Marks, with the value <c>true</c>, a model as a prompt: a text under version control.</summary>
    public const string PromptTag = "mlflow.prompt.is_prompt";

    /// <summary>Holds, on the version of a prompt, its text.</summary>
    public const string PromptTextTag = "mlflow.prompt.text";

    /// <summary>Holds, on the version of a prompt, what kind its text is.</summary>
    public const string PromptTypeTag = "_mlflow_prompt_type";

    /// <summary>The alias that every model has: its highest version.</summary>
    public const string Latest = "latest";

    /// <summary>Refuses a model name that is blank, too long, a dot or two, or has <c>/</c> or <c>:</c>, which URIs of models need.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckName(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new LodeException(ErrorCode.InvalidArgument, "A registered model's name must not be blank.");
        if (name.AsSpan().ContainsAny('/', ':') || name is "." or "..")
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid model name: '{name}'. It must not hold '/' or ':', nor be '.' or '..'.");
        if (name.Length > MaxNameLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'name' exceeds the maximum length of {MaxNameLength} characters: got {name.Length}.");
    }

    /// <summary>Refuses a tag whose key breaks the rules of keys or whose value is too long; null, which removes a tag, is not.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckTag(string key, string? value)
    {
        NameRules.CheckKey(key, "key");
        if (value?.Length > MaxTagLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'value' exceeds the maximum length of {MaxTagLength} characters: that of tag '{key}' has {value.Length}.");
    }

    /// <summary>Refuses an alias that has other characters than letters, digits, <c>_</c> and <c>-</c>, or is too long.</summary>
    /// <param name="alias">The alias.</param>
    /// <param name="toSet">True also refuses what is taken for other uses: <c>latest</c>, and <c>v</c> with a number.</param>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public static void CheckAlias(string? alias, bool toSet)
    {
        if (string.IsNullOrEmpty(alias))
            throw new LodeException(ErrorCode.InvalidArgument, "A model's alias must not be empty.");
        if (alias.Length > MaxAliasLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"'alias' exceeds the maximum length of {MaxAliasLength} characters: got {alias.Length}.");
        foreach (var letter in alias.EnumerateRunes())
        {
            if (!NameRules.IsWordLetter(letter) && letter.Value != '-')
                throw new LodeException(ErrorCode.InvalidArgument, $"Invalid alias name: '{alias}'. Alias name may only contain alphanumerics, underscores (_), and dashes (-).");
        }
        if (!toSet)
            return;
        if (alias.Equals(Latest, StringComparison.OrdinalIgnoreCase))
            throw new LodeException(ErrorCode.InvalidArgument, "'latest' alias name (case insensitive) is reserved.");
        if (alias.Length > 1 && alias[0] is 'v' or 'V' && alias.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Version alias name '{alias}' is reserved.");
    }

    /// <summary>The stage of that name, in any case.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is none.</exception>
    public static ModelStage ParseStage(string text)
    {
        foreach (var stage in Enum.GetValues<ModelStage>())
        {
            if (stage.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
                return stage;
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"Invalid Model Version stage: {text}. Value must be one of {string.Join(", ", Enum.GetNames<ModelStage>())}.");
    }

    /// <summary>A version's number as it is written.</summary>
    /// <exception cref="LodeException">InvalidArgument: not a whole number.</exception>
    public static long ParseVersion(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version)
        ? version
        : throw new LodeException(ErrorCode.InvalidArgument, $"Parameter 'version' must be an integer, got '{text}'.");
}
