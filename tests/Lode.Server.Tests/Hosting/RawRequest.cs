using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Lode.Server.Tests.Hosting;

/// <summary>Bytes sent to a server as they are, and the status line that comes back.</summary>
internal static class RawRequest
{
    /// <summary>No request of a test takes so long: who waits for longer has found a hang.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends and returns the answer's status; null when the server hung up without a word.</summary>
    /// <exception cref="TimeoutException">Neither an answer nor an end.</exception>
    public static async Task<int?> SendAsync(Uri server, ReadOnlyMemory<byte> bytes, bool end)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(bytes);
            if (end)
                client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (IOException)
        {
            // Refused before it was all sent: the answer may be there still.
        }
        return await ReadStatusAsync(stream).WaitAsync(s_patience);
    }

    private static async Task<int?> ReadStatusAsync(NetworkStream stream)
    {
        var buffer = new byte[64];
        var count = 0;
        try
        {
            while (count < 12)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(count));
                if (read == 0)
                    return null;
                count += read;
            }
        }
        catch (IOException)
        {
            return null;
        }
        return int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), CultureInfo.InvariantCulture);
    }
}
