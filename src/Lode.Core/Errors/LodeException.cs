namespace Lode.Core;

/// <summary>
/// The one foreseeable failure: a user, a peer or a disk did something that we can name.
/// Anything else that is thrown is a bug. The message says what was wrong, what is allowed and what was got;
/// <see cref="Hint"/> says what to do.
/// </summary>
public sealed class LodeException : Exception
{
    /// <param name="code">What kind of refusal; decides exit code and HTTP status.</param>
    /// <param name="message">One line, for the user, without a full stop where a list follows.</param>
    /// <param name="hint">One line saying what to do; null where the message says it.</param>
    /// <param name="cause">The exception behind it, for logs only.</param>
    public LodeException(ErrorCode code, string message, string? hint = null, Exception? cause = null)
        : base(message, cause)
    {
        Code = code;
        Hint = hint;
    }

    /// <summary>What kind of refusal this is.</summary>
    public ErrorCode Code { get; }

    /// <summary>What to do about it, one line; null where the message says it already.</summary>
    public string? Hint { get; }
}
