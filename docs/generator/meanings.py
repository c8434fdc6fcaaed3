"""What each key of the documents means. The keys themselves are those of the documents: `documents` compares them."""

from __future__ import annotations

NAMED = frozenset(
    {
        "measurements",
        "inputs",
        "outputs",
        "facts",
        "datasets",
        "datasets.NAME.metrics",
        "datasets.NAME.undefined",
        "datasets.NAME.slices",
        "datasets.NAME.slices.NAME",
        "files",
        "data",
    }
)
"""Objects whose keys are free names."""

OPAQUE = frozenset(
    {
        "facts",
        "measurements",
        "inputs",
        "datasets.NAME.metrics",
        "datasets.NAME.undefined",
        "datasets.NAME.confusion.labels",
        "datasets.NAME.confusion.matrix",
        "datasets.NAME.curves",
        "datasets.NAME.slices.NAME.NAME",
        "rules[].rule",
        "predict.parameters",
        "environment.packages",
        "parameters",
        "plugins",
        "metrics",
        "verdict",
        "data",
    }
)
"""Values that a meaning describes as a whole."""

NULLABLE = {
    "result.json": {
        "category": "text",
        "cause": "text",
        "commit": "text",
        "environment_digest": "text",
    },
    "verdict.json": {
        "decision": "text",
        "rules[].dataset": "text",
        "rules[].slice_value": "text",
        "rules[].candidate": "number",
        "rules[].baseline": "number",
        "baseline": "object",
        "baseline.commit": "text",
    },
    "manifest.json": {
        "predict.seed": "number",
        "seed": "number",
        "commit": "text",
    },
}
"""Values that may be null, and what they are where they are not."""

RESULT = {
    "version": "The version of this format.",
    "job": "The job's name in the plan.",
    "stage": "The stage that it used.",
    "outcome": "`passed`, `failed`, `undecided`, `skipped` or `waiting`.",
    "reason": "One sentence: what came out, or why not.",
    "category": "Whose failure it was; null where it did not fail.",
    "cause": "The line that names a failure's cause, where one was found.",
    "seconds": "How long the job took.",
    "cached": "Whether the result came from the local cache.",
    "key": "The digest of everything that decides the result: stage, settings, environment, inputs.",
    "commit": "The commit that was built; null outside a repository.",
    "environment_digest": "The digest of the locked environment: lock file, Python, platform.",
    "measurements": "Figures by name: finite numbers, texts, booleans.",
    "inputs": "The digest of the full content of each input: files by path, `data.NAME`, `JOB.OUTPUT`.",
    "outputs": "What the job left, by name.",
    "outputs.NAME": "One of them.",
    "outputs.NAME.path": "Its path in the job's folder.",
    "outputs.NAME.kind": "What a job that consumes it asks for: model, metrics, predictions, package, and so on.",
    "outputs.NAME.digest": "The digest of its content; a job that is given other bytes refuses them.",
    "outputs.NAME.size": "Its bytes.",
    "facts": "Further facts of the stage.",
    "origin": "Where it counts: the pipeline of a CI server, or the seal of the machine that made it.",
}

METRICS_FILE = {
    "version": "The version of this format.",
    "model": "The digest of the model that was scored.",
    "task": "`binary`, `multiclass` or `regression`.",
    "positive": "The positive class of two.",
    "bins": "The bins that the calibration error was counted over.",
    "datasets": "What was measured, by dataset.",
    "datasets.NAME": "One of them.",
    "datasets.NAME.digest": "The digest of the dataset's file.",
    "datasets.NAME.rows": "How many rows were scored.",
    "datasets.NAME.metrics": "The metrics that have a value.",
    "datasets.NAME.undefined": "The metrics that have none, and why.",
    "datasets.NAME.confusion": "How often each class was predicted as each; not for regression.",
    "datasets.NAME.confusion.labels": "The classes, in the order of rows and columns.",
    "datasets.NAME.confusion.matrix": "A row for each true class, a column for each predicted one.",
    "datasets.NAME.slices": "By column, then by its values: rows, metrics, undefined and confusion again.",
    "datasets.NAME.slices.NAME": "The values of one column.",
    "datasets.NAME.slices.NAME.NAME": "One value's rows, metrics, undefined and confusion.",
    "datasets.NAME.curves": "The points of the curves that the report draws.",
    "datasets.NAME.row_results": "The digest of the file with each row's result; absent without such a file.",
    "plugins": "The packages that may have computed metrics, and their versions; absent without packages.",
}

VERDICT = {
    "version": "The version of this format.",
    "status": "`PASS`, `FAIL` or `UNDECIDED`. A failure outweighs an undecided rule, that outweighs a pass.",
    "passes": "Whether the model may be packaged: it passed, or a person decided.",
    "sentence": "The verdict in one sentence.",
    "evidence": "The digest of rules, metrics of both models and datasets. Decisions are kept by it.",
    "model": "The digest of the model that was judged; `package` takes no other.",
    "first_release": "Whether rules against a baseline were waived because no baseline existed yet.",
    "decision": "A person's reason, where one was recorded for this evidence.",
    "rules": "Every rule on every dataset and slice that it was judged on.",
    "rules[].rule": "The rule as the descriptor says it.",
    "rules[].status": "How this one was decided.",
    "rules[].text": "The same as a sentence.",
    "rules[].dataset": "The dataset.",
    "rules[].slice_value": "The value of the rule's slice column; null for all rows.",
    "rules[].candidate": "The model's figure, where it could be judged.",
    "rules[].baseline": "The baseline's figure on the same rows, where the rule needs one.",
    "rules[].waived": "Whether the rule was waived for a first release.",
    "metrics": "The digest of the `metrics.json` that was judged.",
    "baseline": "The baseline, or why it could not be scored; null without a baseline.",
    "baseline.package": "The digest of its package.",
    "baseline.model": "The digest of its model.",
    "baseline.commit": "The commit that it was made from.",
}

MANIFEST = {
    "version": "The version of this format.",
    "project": "The project's name.",
    "model": "The model's file or folder in the package.",
    "model_digest": "Its digest: the one that the verdict names.",
    "code": "The folder of the code that it predicts with.",
    "lock": "The lock file of its environment.",
    "python": "The Python that the lock file is for.",
    "predict": "How it predicts.",
    "predict.run": "What is called: `module:function`, or a list of words.",
    "predict.parameters": "What it is called with.",
    "predict.seed": "The seed.",
    "predict.format": "The form of the predictions: csv, npz or parquet.",
    "environment": "The environment that it was trained and evaluated in.",
    "environment.digest": "Its digest: lock file, Python, platform.",
    "environment.python": "Its Python.",
    "environment.platform": "Its platform.",
    "environment.packages": "Every distribution in it, with its version.",
    "files": "Every file of the package but this one.",
    "files.NAME": "One of them.",
    "files.NAME.digest": "The digest of its content.",
    "files.NAME.size": "Its bytes.",
    "parameters": "What the model was trained with.",
    "seed": "The seed that it was trained with.",
    "metrics": "Its metrics by dataset.",
    "verdict": "Status, sentence, evidence and decision of its gate.",
    "data": "The digest of every dataset that was read on the way.",
    "commit": "The commit that it was made from.",
    "dirty": "Whether files differed from that commit.",
    "kit": "The version of pipeline-kit that made it.",
}
