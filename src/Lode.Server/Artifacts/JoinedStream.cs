namespace Lode.Server;

/// <summary>Streams one after the other, each opened when its turn comes. To be read once.</summary>
/// <param name="open">Opens one each.</param>
internal sealed class JoinedStream(IEnumerable<Func<Task<Stream>>> open) : Stream
{
    private readonly IEnumerator<Func<Task<Stream>>> _rest = open.GetEnumerator();
    private Stream? _current;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_current is null)
            {
                if (!_rest.MoveNext())
                    return 0;
                _current = await _rest.Current();
            }
            if (await _current.ReadAsync(buffer, cancellationToken) is var length and > 0)
                return length;
            await _current.DisposeAsync();
            _current = null;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current?.Dispose();
            _rest.Dispose();
        }
        base.Dispose(disposing);
    }
}
