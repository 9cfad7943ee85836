using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Search;

public sealed class FilterParserTests
{
    [Theory]
    [InlineData("status:running", "status=\"running\"")]
    [InlineData("config.lr<1e-3", "params.lr<0.001")]
    [InlineData("metrics.val/loss.min<=0.31", "metrics.val/loss.min<=0.31")]
    [InlineData("metrics.`a.min` > 2", "metrics.`a.min`>2")]
    [InlineData("forest", "name~\"forest\"")]
    [InlineData("\"two words\"", "name~\"two words\"")]
    [InlineData("-tags.junk is null", "-tags.junk is null")]
    [InlineData("a AND b", "name~\"a\" name~\"b\"")]
    [InlineData("tags.v:1.0", "tags.v=\"1.0\"")]
    [InlineData("params.v:1.0", "params.v=1")]
    [InlineData("name not in ('a', \"b\")", "name not in (\"a\", \"b\")")]
    [InlineData("android", "name~\"android\"")]
    [InlineData("island", "name~\"island\"")]
    [InlineData("name", "name~\"name\"")]
    public void Parse_IsWrittenBackInFull(string text, string canonical) => Assert.Equal(canonical, FilterParser.Parse(text).ToString());

    [Theory]
    [InlineData("status:odd", "status 'odd'")]
    [InlineData("metrics.loss<high", "a comparison with a number")]
    [InlineData("metrics.loss", "an operator")]
    [InlineData("colour:red", "a field")]
    [InlineData("name:", "a value")]
    [InlineData("name:\"open", "a closing \"")]
    [InlineData("name in (a", "',' or ')'")]
    [InlineData("tags.a is maybe", "'null' or 'not null'")]
    [InlineData("name<b", "text has no order")]
    [InlineData("params.", "a key")]
    [InlineData("a and", "a clause after 'and'")]
    [InlineData("(a)", "a field or a word")]
    public void Parse_Senseless_SaysWhereAndWhatWasExpected(string text, string expected)
    {
        var error = Assert.Throws<LodeException>(() => FilterParser.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Matches("at [0-9]+", error.Message);
    }

    [Theory]
    [InlineData("name", "name asc")]
    [InlineData("metrics.loss.max DESC", "metrics.loss.max desc")]
    [InlineData(" params.a asc text ", "params.a asc text")]
    public void ParseOrder_IsWrittenBackInFull(string text, string canonical) => Assert.Equal(canonical, RunOrder.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("size")]
    [InlineData("name up")]
    [InlineData("name asc desc")]
    public void ParseOrder_Senseless_IsRefused(string text) => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => RunOrder.Parse(text)).Code);

    [Fact]
    public void AnyFilter_SurvivesItsText() =>
        Check.One(FixedSeed.Cases(500), Prop.ForAll(Filters().ToArbitrary(), filter =>
        {
            Assert.Equal(filter, FilterParser.Parse(filter.ToString()));
        }));

    [Fact]
    public void AnyText_IsParsedOrRefused_NeverMore() =>
        Check.One(FixedSeed.Cases(1000), Prop.ForAll(Texts().ToArbitrary(), text =>
        {
            try
            {
                var filter = FilterParser.Parse(text);
                Assert.Equal(filter, FilterParser.Parse(filter.ToString()));
            }
            catch (LodeException error)
            {
                Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            }
        }));

    private static Gen<string> Texts() => Gen.ArrayOf(Gen.Elements("a", "name", "metrics.", "params.x", "tags.", "`", "\"", "'", ":", "<", "=", "!=", "~", "(", ")", ",", " ", "in", "is", "null", "not", "and", "like", "-", "1", "1e", ".min", "\\", "é"))
        .Select(string.Concat);

    private static Gen<string> Words() => Gen.NonEmptyListOf(Gen.Elements("a", "b", "Z", "0", "9", ".", "/", "-", "_", " ", ":", "min", "é")).Select(string.Concat);

    private static Gen<RunFilter> Filters()
    {
        var text = Gen.ArrayOf(Gen.Elements("a", "\"", "\\", "'", " ", "1", "%", "ü")).Select(string.Concat).Select(FilterValue.Of);
        var number = Gen.Elements(0.0, -1.5, 1e-7, 12345.678, double.MaxValue).Select(FilterValue.Of);
        var textField = Gen.OneOf(
            Gen.Elements("name", "user", "id").Select(key => new RunField(FieldKind.Attribute, key)),
            Words().Select(key => new RunField(FieldKind.Tag, key)));
        var metric = from key in Words() from aggregate in Gen.Elements(Enum.GetValues<MetricAggregate>()) select new RunField(FieldKind.Metric, key, aggregate);
        var numberField = Gen.OneOf(metric, Gen.Elements("started", "ended", "duration").Select(key => new RunField(FieldKind.Attribute, key)));
        var param = Words().Select(key => new RunField(FieldKind.Param, key));
        var clause = Gen.OneOf(
            from field in textField from op in Gen.Elements(FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.Contains, FilterOperator.Like, FilterOperator.ILike) from value in text from negated in Gen.Elements(true, false) select new FilterClause(field, op, value, negated),
            from field in Gen.OneOf(numberField, param) from op in Gen.Elements(FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.Less, FilterOperator.LessOrEqual, FilterOperator.Greater, FilterOperator.GreaterOrEqual) from value in number select new FilterClause(field, op, value),
            from field in Gen.OneOf(textField, param) from op in Gen.Elements(FilterOperator.In, FilterOperator.NotIn) from values in Gen.NonEmptyListOf(text) select new FilterClause(field, op, [.. values]),
            from field in Gen.OneOf(textField, param, metric) from op in Gen.Elements(FilterOperator.IsNull, FilterOperator.IsNotNull) select new FilterClause(field, op, Array.Empty<FilterValue>()));
        return Gen.ListOf(clause).Select(clauses => new RunFilter([.. clauses]));
    }
}
