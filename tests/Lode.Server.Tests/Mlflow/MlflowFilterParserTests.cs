using Lode.Core;
using Lode.Server.Mlflow;

namespace Lode.Server.Tests.Mlflow;

public sealed class MlflowFilterParserTests
{
    // Left MLflow's language, right what that is in Lode's.
    [Theory]
    [InlineData("metrics.acc > 0.2", "metrics.acc>0.2")]
    [InlineData("metric.acc>=-1e-3", "metrics.acc>=-0.001")]
    [InlineData("metrics.acc < .5", "metrics.acc<0.5")]
    [InlineData("metrics.acc <= 5", "metrics.acc<=5")]
    [InlineData("metrics.acc = 5", "metrics.acc=5")]
    [InlineData("metrics.acc != 5", "metrics.acc!=5")]
    [InlineData("metrics.`val loss` > 3", "metrics.`val loss`>3")]
    [InlineData("metrics.\"val loss\" > 3", "metrics.`val loss`>3")]
    [InlineData("metrics.loss.min > 3", "metrics.`loss.min`>3")]
    [InlineData("params.lr = '0.1'", "params.lr=\"0.1\"")]
    [InlineData("param.lr = \"it's\"", "params.lr=\"it's\"")]
    [InlineData("parameter.lr = 'it''s'", "params.lr=\"it's\"")]
    [InlineData("parameters.lr = ''", "params.lr=\"\"")]
    [InlineData("params.opt LIKE 'A%'", "params.opt like \"A%\"")]
    [InlineData("params.opt ilike 'a%'", "params.opt ilike \"a%\"")]
    [InlineData("params.rare IS NULL", "params.rare is null")]
    [InlineData("tags.rare is  not  null", "tags.rare is not null")]
    [InlineData("tag.mlflow.user != 'ada'", "tags.mlflow.user!=\"ada\"")]
    [InlineData("tags.mlflow.runName LIKE 'x%'", "name like \"x%\"")]
    [InlineData("tags.`mlflow.runName` IS NOT NULL", "name is not null")]
    [InlineData("run_name = 'x'", "name=\"x\"")]
    [InlineData("attributes.`Run name` = 'x'", "name=\"x\"")]
    [InlineData("attr.user_id = 'x'", "user=\"x\"")]
    [InlineData("run.artifact_uri LIKE 's3:%'", "artifact_uri like \"s3:%\"")]
    [InlineData("run_id IN ('a', \"b\")", "id in (\"a\", \"b\")")]
    [InlineData("run_id not in ('a')", "id not in (\"a\")")]
    [InlineData("attribute.created = 7", "started=7")]
    [InlineData("start_time > 7 and end_time <= 9", "started>7 ended<=9")]
    [InlineData("params.a = 'x'AND params.a = 'y' AND metrics.b > 1", "params.a=\"x\" params.a=\"y\" metrics.b>1")]
    [InlineData("status = 'RUNNING'", "status in (\"running\", \"stale\")")]
    [InlineData("status != 'RUNNING'", "status in (\"scheduled\", \"finished\", \"failed\", \"killed\")")]
    [InlineData("status LIKE 'F%'", "status in (\"finished\", \"failed\")")]
    [InlineData("status LIKE 'f%'", "status in (\"none\")")]
    [InlineData("status ILIKE '%i_g'", "status in (\"running\", \"stale\")")]
    [InlineData("status LIKE '%%L%'", "status in (\"scheduled\", \"failed\", \"killed\")")]
    [InlineData("status = 'running'", "status in (\"none\")")]
    [InlineData("", "")]
    [InlineData("  ", "")]
    [InlineData(null, "")]
    public void Parse_Runs_IsTheSameInLodesLanguage(string? mlflow, string lode) => Assert.Equal(lode, MlflowFilterParser.Parse(mlflow, MlflowVocabulary.Runs).ToString());

    [Theory]
    [InlineData("name = 'a'", "name=\"a\"")]
    [InlineData("attribute.name ILIKE 'a%'", "name ilike \"a%\"")]
    [InlineData("creation_time > 5 AND last_update_time != 6", "created>5 updated!=6")]
    [InlineData("tags.team IS NULL", "tags.team is null")]
    [InlineData("tags.mlflow.runName = 'x'", "tags.mlflow.runName=\"x\"")]
    public void Parse_Experiments_IsTheSameInLodesLanguage(string mlflow, string lode) => Assert.Equal(lode, MlflowFilterParser.Parse(mlflow, MlflowVocabulary.Experiments).ToString());

    [Theory]
    [InlineData("foo.bar = 'x'", "Invalid entity type 'foo'")]
    [InlineData("trace.name = 'x'", "Invalid entity type 'trace'")]
    [InlineData("0.1 < metrics.acc", "Invalid entity type '0'")]
    [InlineData("acc > 0.5", "Invalid attribute key 'acc'")]
    [InlineData("attributes.experiment_id = '1'", "Invalid attribute key 'experiment_id'")]
    [InlineData("params.lr = 0.1", "Expected a quoted string value for parameter 'lr'")]
    [InlineData("tags.a = abc", "Expected a quoted string value for tag 'a'")]
    [InlineData("run_name =", "Got value nothing")]
    [InlineData("metrics.acc > '1'", "Expected numeric value type for metric 'acc'")]
    [InlineData("metrics.acc > NaN", "Found 'NaN'")]
    [InlineData("metrics.acc > -Infinity", "Found '-Infinity'")]
    [InlineData("metrics.acc > 1e999", "Found '1e999'")]
    [InlineData("metrics.acc > 0x10", "Found '0x10'")]
    [InlineData("start_time > 'a'", "Expected numeric value type for attribute 'start_time'")]
    [InlineData("start_time LIKE '1%'", "Invalid comparator 'LIKE'")]
    [InlineData("metrics.acc IS NULL", "Invalid comparator 'IS NULL'")]
    [InlineData("run_name IS NULL", "Invalid comparator 'IS NULL'")]
    [InlineData("params.lr IN ('a')", "Invalid comparator 'IN'")]
    [InlineData("run_name NOT IN ('a')", "Invalid comparator 'NOT IN'")]
    [InlineData("params.lr > 'a'", "Invalid comparator '>'")]
    [InlineData("status > 'RUNNING'", "Invalid comparator '>'")]
    [InlineData("metrics.acc == 1", "Invalid comparator '=='")]
    [InlineData("metrics.acc <> 1", "Invalid comparator '<>'")]
    [InlineData("run_id IN ()", "expected a non-empty list of string values")]
    [InlineData("run_id IN (1)", "expected a non-empty list of string values")]
    [InlineData("run_id IN ('a',)", "expected a non-empty list of string values")]
    [InlineData("run_id IN 'a'", "Invalid clause(s)")]
    [InlineData("run_id IN ('a'", "Invalid clause(s)")]
    [InlineData("metrics.acc > 0.1, metrics.acc < 1", "Invalid clause(s) in filter string: 'metrics.acc > 0.1, metrics")]
    [InlineData("metrics.acc > 0.1; metrics.acc < 1", "multiple expression")]
    [InlineData("metrics.acc > 1 OR metrics.acc < 0", "Invalid clause(s)")]
    [InlineData("NOT metrics.acc > 1", "Invalid attribute key 'NOT'")]
    [InlineData("(metrics.acc > 1)", "Invalid clause(s)")]
    [InlineData("metrics.acc > 1 AND", "Invalid clause(s)")]
    [InlineData("AND metrics.acc > 1", "Invalid attribute key 'AND'")]
    [InlineData("metrics.acc", "Invalid clause(s)")]
    [InlineData("metrics.acc IS", "Invalid clause(s)")]
    [InlineData("metrics. > 1", "Invalid clause(s)")]
    [InlineData("metrics.`` > 1", "Invalid clause(s)")]
    [InlineData("metrics.`acc > 1", "A closing ` is missing")]
    [InlineData("params.a = 'x", "A closing ' is missing")]
    public void Parse_NoClause_SaysWhy(string filter, string says)
    {
        var error = Assert.Throws<LodeException>(() => MlflowFilterParser.Parse(filter, MlflowVocabulary.Runs));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("experiment_id = '1'")]
    [InlineData("params.a = '1'")]
    [InlineData("metrics.a = 1")]
    [InlineData("run_name = 'a'")]
    public void Parse_Experiments_KnowNoRunFields(string filter) => Assert.Throws<LodeException>(() => MlflowFilterParser.Parse(filter, MlflowVocabulary.Experiments));

    [Fact]
    public void Parse_MoreThanADatabaseTakes_IsRefused()
    {
        Assert.Throws<LodeException>(() => MlflowFilterParser.Parse(string.Join(" AND ", Enumerable.Repeat("metrics.a > 1", 201)), MlflowVocabulary.Runs));
        Assert.Throws<LodeException>(() => MlflowFilterParser.Parse($"run_id IN ({string.Join(',', Enumerable.Repeat("'a'", 10_001))})", MlflowVocabulary.Runs));
        var list = string.Join(',', Enumerable.Repeat("'a'", 5001));
        Assert.Throws<LodeException>(() => MlflowFilterParser.Parse($"run_id IN ({list}) AND run_id NOT IN ({list})", MlflowVocabulary.Runs));
        Assert.Throws<LodeException>(() => MlflowFilterParser.Parse($"params.a LIKE '{new string('%', 10_001)}'", MlflowVocabulary.Runs));
        Assert.Throws<LodeException>(() => MlflowFilterParser.ParseOrder([.. Enumerable.Range(0, 31).Select(i => $"metrics.m{i}")], MlflowVocabulary.Runs));
    }

    [Theory]
    [InlineData("metrics.acc", "metrics.acc asc")]
    [InlineData("metrics.`val loss` DESC", "metrics.`val loss` desc")]
    [InlineData("params.lr asc", "params.lr asc text")]
    [InlineData("tags.grp desc", "tags.grp desc")]
    [InlineData("attributes.start_time DESC", "started desc")]
    [InlineData("Created", "started asc")]
    [InlineData("status", "status asc text")]
    [InlineData("run_id", "id asc")]
    [InlineData("tags.mlflow.runName", "name asc")]
    public void ParseOrder_IsTheSameInLodesLanguage(string mlflow, string lode) => Assert.Equal(lode, Assert.Single(MlflowFilterParser.ParseOrder([mlflow], MlflowVocabulary.Runs)).ToString());

    [Theory]
    [InlineData("metrics.acc SIDEWAYS")]
    [InlineData("metrics.acc DESC EXTRA")]
    [InlineData("foo.bar")]
    [InlineData("acc")]
    [InlineData("attributes.nope")]
    [InlineData("")]
    [InlineData("DESC")]
    public void ParseOrder_NoKey_IsRefused(string order) => Assert.Throws<LodeException>(() => MlflowFilterParser.ParseOrder([order], MlflowVocabulary.Runs));

    [Fact]
    public void ParseOrder_TheSameKeyTwice_IsRefused() =>
        Assert.Contains("duplicate fields", Assert.Throws<LodeException>(() => MlflowFilterParser.ParseOrder(["run_name", "attributes.`Run Name` DESC"], MlflowVocabulary.Runs)).Message, StringComparison.Ordinal);

    [Fact]
    public void ParseOrder_TheSameKeyTwice_OfExperiments_TheFirstCounts() =>
        Assert.False(Assert.Single(MlflowFilterParser.ParseOrder(["name ASC", "name DESC"], MlflowVocabulary.Experiments)).Descending);

    [Fact]
    public void ParseOrder_Experiments_SortById() =>
        Assert.Equal("id desc", Assert.Single(MlflowFilterParser.ParseOrder(["experiment_id DESC"], MlflowVocabulary.Experiments)).ToString());
}
