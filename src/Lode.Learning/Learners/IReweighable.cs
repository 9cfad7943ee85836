namespace Lode.Learning;

/// <summary>A learner that is fitted again and again on the same rows with other weights, and prepares the features only once for that.</summary>
internal interface IReweighable : ILearner
{
    /// <summary>Prepares the features.</summary>
    /// <param name="data">The rows; their weights are not looked at.</param>
    /// <param name="context">Its threads and cancellation are for the preparation.</param>
    /// <returns>What fits the rows with weights, shape [rows]. Several threads may call it at once. The same model as <see cref="ILearner.Fit"/> gives.</returns>
    Func<double[], FitContext, IModel> PrepareFits(TrainingData data, FitContext context);
}

/// <summary>Fits with other weights, by any learner.</summary>
internal static class Reweighing
{
    /// <inheritdoc cref="IReweighable.PrepareFits"/>
    public static Func<double[], FitContext, IModel> FitsOf(this ILearner learner, TrainingData data, FitContext context) => learner is IReweighable prepares
        ? prepares.PrepareFits(data, context)
        : (weights, each) => learner.Fit(new TrainingData(data.Features, data.Target, weights), each);
}
