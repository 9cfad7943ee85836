using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution.Tests;

public sealed class CommandTemplateTests
{
    private static readonly SearchSpace s_space = new(
    [
        new FloatParameter("lr", 1e-6, 1, log: true),
        new IntParameter("units", 1, 512),
        new CategoricalParameter("act", "relu", "ge lu"),
        new CategoricalParameter("bias", true, false),
        new FloatParameter("wd", 0, 1) { When = new("act", ["relu"]) },
    ]);

    private static readonly TrialFacts s_facts = new()
    {
        Params = new Params([new("lr", 1e-5), new("units", 64), new("act", "ge lu"), new("bias", true)]),
        Number = 7,
        Study = "s",
        Run = "r1",
        ParameterFile = "work/p.json",
    };

    [Theory]
    [InlineData("python train.py --lr 0.1", "python", "train.py", "--lr", "0.1")]
    [InlineData("  a  'b c'  \"d \\\" e\" f\\ g ''", "a", "b c", "d \" e", "f g", "")]
    [InlineData("sh -c 'a | b > c'", "sh", "-c", "a | b > c")]
    [InlineData("a\"b\"'c'", "abc")]
    [InlineData("win C:\\\\x \"C:\\x\"", "win", "C:\\x", "C:\\x")]
    [InlineData("")]
    public void Split_Text_GivesWords(string text, params string[] words) => Assert.Equal(words, CommandWords.Split(text));

    [Theory]
    [InlineData("a 'b", "sign 3")]
    [InlineData("a | b", "'|' at sign 3")]
    [InlineData("a $(b)", "'$'")]
    [InlineData("a > b", "'>'")]
    public void Split_WhatOnlyAShellReads_IsNamed(string text, string said) =>
        Assert.Contains(said, Assert.Throws<LodeException>(() => CommandWords.Split(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Split_OfJoin_GivesTheWordsBack() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll<NonNull<string>[]>(words =>
        Assert.Equal(words.Select(word => word.Get), CommandWords.Split(CommandWords.Join(words.Select(word => word.Get))))));

    [Theory]
    [InlineData("x {args}", "x", "--lr", "1e-05", "--units", "64", "--act", "ge lu", "--bias", "true")]
    [InlineData("x {args=}", "x", "--lr=1e-05", "--units=64", "--act=ge lu", "--bias=true")]
    [InlineData("x {flags}", "x", "--lr", "1e-05", "--units", "64", "--act", "ge lu", "--bias")]
    [InlineData("x {pairs}", "x", "lr=1e-05", "units=64", "act=ge lu", "bias=true")]
    [InlineData("x --lr {lr} -n={units} out/{study}-{trial}", "x", "--lr", "1e-05", "-n=64", "out/s-7")]
    [InlineData("x --wd {wd} --lr {lr}", "x", "--lr", "1e-05")]
    [InlineData("x --wd={wd} a{{b}} {1} {}", "x", "a{b}", "{1}", "{}")]
    [InlineData("x {json}", "x", """{"lr":1e-05,"units":64,"act":"ge lu","bias":true}""")]
    [InlineData("x {json_file} {run} --resume {checkpoint}", "x", "work/p.json", "r1")]
    public void Fill_LodesPlaceholders_GivesArguments(string command, params string[] expected)
    {
        var program = new SweepProgram { Command = CommandWords.Split(command) };
        CommandTemplate.Check(program, s_space);
        Assert.Equal(expected, CommandTemplate.Fill(program, s_space, s_facts).Command);
    }

    [Fact]
    public void Fill_FileAndEnvironment_AreThere()
    {
        var program = new SweepProgram { Command = ["x", "{json_file}"], Checkpoint = ["runs/{trial}/*.pt"], Artifacts = ["out-{units}/**"], Environment = new Dictionary<string, string> { ["LR"] = "lr is {lr}" } };
        var filled = CommandTemplate.Fill(program, s_space, s_facts with { Checkpoint = "ck" });
        Assert.Equal("lr is 1e-05", filled.Environment["LR"]);
        Assert.Equal("runs/7/*.pt", filled.Checkpoint.Single());
        Assert.Equal("out-64/**", filled.Artifacts.Single());
        Assert.Equal(1e-5, JsonDocument.Parse(filled.ParameterFileText!).RootElement.GetProperty("lr").GetDouble());
        Assert.Equal(64, JsonDocument.Parse(filled.Environment["LODE_PARAMS"]).RootElement.GetProperty("units").GetInt32());
        Assert.Null(CommandTemplate.Fill(program with { Command = ["x", "{lr}"] }, s_space, s_facts).ParameterFileText);
    }

    [Theory]
    [InlineData("x {lrr}", "'{lrr}'")]
    [InlineData("x --a={args}", "word of its own")]
    public void Check_PlaceholderThatMeansNothing_IsNamedWithTheNearest(string command, string said) =>
        Assert.Contains(said, Assert.Throws<LodeException>(() => CommandTemplate.Check(new SweepProgram { Command = CommandWords.Split(command) }, s_space)).Message, StringComparison.Ordinal);

    [Fact]
    public void Check_Misspelled_HasTheNearestAsHint() =>
        Assert.Contains("'units'", Assert.Throws<LodeException>(() => CommandTemplate.Check(new SweepProgram { Command = ["x", "{unitz}"] }, s_space)).Hint, StringComparison.Ordinal);

    // Python's str() of 1e-05, 1.0, True, [1, 'a'] and {'b': 0.9}, written down from an interpreter.
    [Theory]
    [InlineData("${args}", "--lr=1e-05", "--wide=1.0", "--bias=True", "--layers=[1, 'a', None]", "--opt={'b': 0.9, 'deep': {'c': 3}}")]
    [InlineData("${args_no_hyphens}", "lr=1e-05", "wide=1.0", "bias=True", "layers=[1, 'a', None]", "opt={'b': 0.9, 'deep': {'c': 3}}")]
    [InlineData("${args_no_boolean_flags}", "--lr=1e-05", "--wide=1.0", "--bias", "--layers=[1, 'a', None]", "--opt={'b': 0.9, 'deep': {'c': 3}}")]
    [InlineData("${args_json}", """{"lr":1e-05,"wide":1.0,"bias":true,"layers":[1,"a",null],"opt":{"b":0.9,"deep":{"c":3}}}""")]
    [InlineData("${args_json_file}", "work/p.json")]
    [InlineData("dir/${program}", "dir/t.py")]
    [InlineData("${env}", "/usr/bin/env")]
    [InlineData("a-${envvar:LODE_TEMPLATE_TEST}-b", "a-v-b")]
    public void Fill_WandbsMacros_GiveWhatPythonWrites(string word, params string[] expected)
    {
        Environment.SetEnvironmentVariable("LODE_TEMPLATE_TEST", "v");
        var space = new SearchSpace([new FloatParameter("lr", 0, 1), new FloatParameter("wide", 0, 2), new CategoricalParameter("bias", true), new CategoricalParameter("layers", "[1,\"a\",null]"), new FloatParameter("opt.b", 0, 1), new IntParameter("opt.deep.c", 0, 9)]);
        var program = new SweepProgram
        {
            Command = [word],
            Style = CommandStyle.Wandb,
            Script = "t.py",
            JsonParameters = ["layers"],
            Paths = new Dictionary<string, IReadOnlyList<string>> { ["opt.b"] = ["opt", "b"], ["opt.deep.c"] = ["opt", "deep", "c"] },
        };
        CommandTemplate.Check(program, space);
        var values = new Params([new("lr", 1e-5), new("wide", 1.0), new("bias", true), new("layers", "[1,\"a\",null]"), new("opt.b", 0.9), new("opt.deep.c", 3)]);
        Assert.Equal(expected, CommandTemplate.Fill(program, space, s_facts with { Params = values }).Command);
    }

    [Theory]
    [InlineData("${arg}", "${arg}")]
    [InlineData("x${args}", "word of its own")]
    [InlineData("${program}", "no `program:`")]
    public void Check_WandbsMacros_AreChecked(string word, string said) =>
        Assert.Contains(said, Assert.Throws<LodeException>(() => CommandTemplate.Check(new SweepProgram { Command = [word], Style = CommandStyle.Wandb }, s_space)).Message, StringComparison.Ordinal);

    [Fact]
    public void Fill_VariableThatIsNotSet_IsAnError() =>
        Assert.Contains("LODE_NOT_SET", Assert.Throws<LodeException>(() => CommandTemplate.Fill(new SweepProgram { Command = ["${envvar:LODE_NOT_SET}"], Style = CommandStyle.Wandb }, s_space, s_facts)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1e-5, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(1, "1.0")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789.125, "123456789.125")]
    [InlineData(-2.5e300, "-2.5e+300")]
    public void Plain_Float_IsWrittenAsPythonWritesIt(double value, string expected) => Assert.Equal(expected, ValueText.Plain(value));
}
