using System.Net;

namespace Lode.Server.Tests.Hosting;

/// <summary>What bounds uploaded files, and what does not.</summary>
public sealed class UploadLimitTests
{
    [Fact]
    public async Task LargerFile_IsRefused_AndNothingIsThere()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxUploadBytes = 100_000 });
        const string file = "/api/2.0/mlflow-artifacts/artifacts/file";
        using (var refused = await server.Http.PutAsync(file, new ByteArrayContent(new byte[100_001])))
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync(file)).StatusCode);
        using (var taken = await server.Http.PutAsync(file, new ByteArrayContent(new byte[100_000])))
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(100_000, (await server.Http.GetByteArrayAsync(file)).Length);
    }

    [Theory]
    [InlineData("/api/2.0/mlflow-artifacts/artifacts/file")]
    [InlineData("/api/v1/artifacts/files/file")]
    public async Task LargeFile_WithoutItsLength_IsTaken(string file)
    {
        await using var server = await RunningServer.StartAsync();
        using var put = new HttpRequestMessage(HttpMethod.Put, file) { Content = new StreamContent(new MemoryStream(new byte[9 << 20])) };
        put.Headers.TransferEncodingChunked = true;
        using var taken = await server.Http.SendAsync(put);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(9 << 20, (await server.Http.GetByteArrayAsync(file)).Length);
    }
}
