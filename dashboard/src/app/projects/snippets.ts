export interface Snippet {
  id: string;
  label: string;
  why: string;
  code: string;
}

/** Ways to a first run, to be pasted as they are. */
export function snippets(origin: string, project: string): Snippet[] {
  return [
    {
      id: 'demo',
      label: 'Demo',
      why: 'Tunes a random forest on a small table, live. In the folder where Lode was unpacked:',
      code: './lode demo',
    },
    {
      id: 'mlflow',
      label: 'Python (MLflow)',
      why: 'Lode speaks the MLflow protocol: point any MLflow client here.',
      code: [
        'import mlflow',
        '',
        `mlflow.set_tracking_uri("${origin}")`,
        `mlflow.set_experiment(${JSON.stringify(project)})`,
        'with mlflow.start_run(run_name="first"):',
        '    mlflow.log_param("lr", 0.01)',
        '    for step in range(100):',
        '        mlflow.log_metric("loss", 1 / (1 + step), step=step)',
      ].join('\n'),
    },
    {
      id: 'environment',
      label: 'Existing training code',
      why: 'Code that already logs to MLflow needs no change, only an address:',
      code: `export MLFLOW_TRACKING_URI=${origin}\nexport MLFLOW_EXPERIMENT_NAME=${shellQuote(project)}\npython train.py`,
    },
  ];
}

function shellQuote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
