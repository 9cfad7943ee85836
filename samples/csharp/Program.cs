using System.Globalization;

// One hidden layer that learns y = sin(3 x1) · x2 from 400 points, by stochastic gradient descent with or without momentum.
// All that makes it a trial is that it prints its loss.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var options = args.Select(arg => arg.TrimStart('-').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
double Number(string name, double otherwise) => options.TryGetValue(name, out var text) ? double.Parse(text) : otherwise;

var (lr, units, epochs) = (Number("lr", 0.05), (int)Number("units", 16), (int)Number("epochs", 15));
var momentum = options.GetValueOrDefault("optimizer") == "momentum" ? Number("momentum", 0.9) : 0;

var random = new Random(1);
double Uniform() => (2 * random.NextDouble()) - 1;
var points = Enumerable.Range(0, 500).Select(_ => (X1: Uniform(), X2: Uniform())).Select(p => (p.X1, p.X2, Y: Math.Sin(3 * p.X1) * p.X2)).ToArray();
var (train, validation) = (points[..400], points[400..]);

var weights = Enumerable.Range(0, units * 4).Select(_ => Uniform()).ToArray();
var speed = new double[weights.Length];
var hidden = new double[units];

double Predict((double X1, double X2, double Y) p)
{
    var sum = 0.0;
    for (var i = 0; i < units; i++)
    {
        hidden[i] = Math.Tanh((weights[4 * i] * p.X1) + (weights[(4 * i) + 1] * p.X2) + weights[(4 * i) + 2]);
        sum += weights[(4 * i) + 3] * hidden[i];
    }
    return sum;
}

for (var epoch = 0; epoch < epochs; epoch++)
{
    random.Shuffle(train);
    foreach (var p in train)
    {
        var error = Predict(p) - p.Y;
        for (var i = 0; i < units; i++)
        {
            var inner = error * weights[(4 * i) + 3] * (1 - (hidden[i] * hidden[i]));
            ReadOnlySpan<double> gradient = [inner * p.X1, inner * p.X2, inner, error * hidden[i]];
            for (var k = 0; k < 4; k++)
            {
                ref var v = ref speed[(4 * i) + k];
                v = (momentum * v) - (lr * gradient[k]);
                weights[(4 * i) + k] += v;
            }
        }
    }
    var loss = validation.Average(p => Math.Pow(Predict(p) - p.Y, 2));
    Console.WriteLine($"epoch={epoch} loss={loss:G6}");
    if (!double.IsFinite(loss))
        return 1;
}
return 0;
