using Lode.Optimization;

namespace Lode.Learning;

/// <summary>A kind of model with its preprocessing, as AutoML searches it. A new family is one file and one line in <see cref="FamilyCatalog"/>.</summary>
/// <remarks><b>Pure.</b> All members depend on their arguments alone. <b>Threads.</b> One instance serves many searches.</remarks>
public interface IModelFamily
{
    /// <summary>Its name, as people include and exclude it.</summary>
    string Name { get; }

    /// <summary>How hard its models are to grasp: 0 for a constant, 10 for linear, 20 for one tree, 50 for hundreds of trees.</summary>
    int Complexity { get; }

    /// <summary>Whether it is worth trying on such data at all.</summary>
    bool Suits(DataTraits traits);

    /// <summary>What is searched; may be empty.</summary>
    SearchSpace Space(DataTraits traits);

    /// <summary>Settings that are good on much data, in the order to try; at least one; the first is the cheapest.</summary>
    IReadOnlyList<Params> Portfolio(DataTraits traits);

    /// <summary>The pipeline of settings.</summary>
    /// <param name="settings">Values of the space.</param>
    /// <param name="traits">The data's.</param>
    /// <param name="iterations">For families of which <see cref="FindsIterations"/> holds: the number to use; null: find it by stopping early.</param>
    PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null);

    /// <summary>Whether it predicts quantiles (<see cref="DataTraits.Quantiles"/>), where they are asked for.</summary>
    bool SaysQuantiles => false;

    /// <summary>Whether the model stops early by itself and says after how many iterations (<see cref="IIterativeModel"/>).</summary>
    bool FindsIterations => false;

    /// <summary>Of families for which <see cref="FindsIterations"/> holds: the iterations that <see cref="Cost"/> reckons with.</summary>
    double UsualIterations(Params settings) => 0;

    /// <summary>About how many elementary steps one fit on all rows takes: what time is shared by where no clock may decide.</summary>
    double Cost(Params settings, DataTraits traits);
}
