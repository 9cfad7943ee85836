using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Lode.Bench.Tracking;

/// <summary>HTTP on one kept connection with as little work as can be, so that the load leaves the machine to the server.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly string _host;
    private byte[] _buffer = new byte[64 * 1024];

    public RawClient(Uri address)
    {
        _host = address.Authority;
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(address.Host, address.Port);
    }

    /// <summary>Posts JSON; the answer's body.</summary>
    public ReadOnlySpan<byte> Post(string path, string body) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {_host}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    public ReadOnlySpan<byte> Get(string path) => Send($"GET {path} HTTP/1.1\r\nHost: {_host}\r\n\r\n");

    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> Send(string request)
    {
        _socket.Send(Encoding.UTF8.GetBytes(request));
        var filled = 0;
        while (true)
        {
            if (filled == _buffer.Length)
                Array.Resize(ref _buffer, filled * 2);
            var read = _socket.Receive(_buffer.AsSpan(filled));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
            var text = _buffer.AsSpan(0, filled);
            var end = text.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;
            if (!text.StartsWith("HTTP/1.1 200"u8))
                throw new IOException(Encoding.UTF8.GetString(text));
            var head = text[..end];
            var at = head.IndexOf("Content-Length: "u8);
            if (at >= 0)
            {
                var digits = head[(at + 16)..];
                var line = digits.IndexOf((byte)'\r');
                var length = int.Parse(line < 0 ? digits : digits[..line], CultureInfo.InvariantCulture);
                if (filled >= end + 4 + length)
                    return text.Slice(end + 4, length);
            }
            else if (text.EndsWith("\r\n0\r\n\r\n"u8))
            {
                return text[(end + 4)..];
            }
        }
    }
}
