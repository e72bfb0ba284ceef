"""The model step: scikit-learn on the complete rows of a table."""

from shared.analysis.codegen.sql import Tables, as_double, keep, kind, py, query, table
from shared.analysis.expression import quote
from shared.analysis.plan import FitModel

_ESTIMATORS = {  # kind → task → (module, class)
    "linear": {"regression": ("linear_model", "LinearRegression")},
    "ridge": {"regression": ("linear_model", "Ridge")},
    "lasso": {"regression": ("linear_model", "Lasso")},
    "logistic": {"classification": ("linear_model", "LogisticRegression")},
    "decision_tree": {"regression": ("tree", "DecisionTreeRegressor"), "classification": ("tree", "DecisionTreeClassifier")},
    "random_forest": {"regression": ("ensemble", "RandomForestRegressor"), "classification": ("ensemble", "RandomForestClassifier")},
    "knn": {"regression": ("neighbors", "KNeighborsRegressor"), "classification": ("neighbors", "KNeighborsClassifier")},
    "svm": {"regression": ("svm", "SVR"), "classification": ("svm", "SVC")},
    "naive_bayes": {"classification": ("naive_bayes", "GaussianNB")},
}  # fmt: skip
_SEEDED = frozenset(["ridge", "lasso", "logistic", "decision_tree", "random_forest"])
_METRICS = {
    "regression": {
        "mse": "mean_squared_error(y_test, predicted)",
        "rmse": "math.sqrt(mean_squared_error(y_test, predicted))",
        "mae": "mean_absolute_error(y_test, predicted)",
        "r2": "r2_score(y_test, predicted)",
    },
    "classification": {
        "accuracy": "accuracy_score(y_test, predicted)",
        "precision": "precision_score(y_test, predicted, zero_division=0, **average)",
        "recall": "recall_score(y_test, predicted, zero_division=0, **average)",
        "f1": "f1_score(y_test, predicted, zero_division=0, **average)",
        "auc": 'roc_auc_score(y_test, scores, multi_class="ovr")',
    },
}


def tasks(kind: str) -> list[str]:
    return list(_ESTIMATORS[kind])


def metrics_of(task: str) -> list[str]:
    return list(_METRICS[task])


def model(step: FitModel, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    module, estimator = _ESTIMATORS[step.kind][step.task]
    names = [f"x{i}" for i in range(1, len(step.features) + 1)]
    words = [name for name in step.features if kind(columns, name) == "text"]
    selected = [quote(name) + "::VARCHAR" if name in words else as_double(columns, name) for name in step.features]
    target = as_double(columns, step.target) if step.task == "regression" else quote(step.target)
    metrics = {name: _METRICS[step.task][name] for name in dict.fromkeys(step.metrics)}
    imported = sorted({call.replace("math.sqrt(", "").split("(")[0] for call in metrics.values()})
    tested = step.kind == "linear" and not step.split
    code = "import statsmodels.api as sm\n" if tested else ""
    code += f"from sklearn.{module} import {estimator}\nfrom sklearn.metrics import {', '.join(imported)}\n"
    if step.split:
        code += "from sklearn.model_selection import train_test_split\n"
    if step.scale:
        code += "from sklearn.preprocessing import StandardScaler\n"
    present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in [step.target, *step.features])
    listed = ", ".join(f"{code_} AS {name}" for code_, name in zip(selected, names, strict=True))
    code += "\ndf = " + query(f"SELECT {listed},", f"       {target} AS y", f"FROM {source}", f"WHERE {present}") + ".df()\n"
    code += f'X, y = df.drop(columns="y"), df["y"]\nX.columns = {py(step.features)}\n'
    if words:
        code += f"X = pd.get_dummies(X, columns={py(words)}, drop_first=True, dtype=float)\n"
    code += "features = list(X.columns)\nX, y = X.to_numpy(dtype=float), y.to_numpy()\n"
    if step.split:
        s = step.split
        options = f"test_size={s.test_size}, random_state={s.seed}" if s.shuffle else f"test_size={s.test_size}, shuffle=False"
        options += ", stratify=y" if s.stratify else ""
        code += f"X_train, X_test, y_train, y_test = train_test_split(X, y, {options})\n"
    else:
        code += "X_train = X_test = X\ny_train = y_test = y\n"
    if step.scale:
        code += "scaler = StandardScaler().fit(X_train)\nX_train, X_test = scaler.transform(X_train), scaler.transform(X_test)\n"
    params = ({"random_state": step.seed} if step.kind in _SEEDED else {}) | step.params
    arguments = ", ".join(f"{name}={py(value)}" for name, value in params.items())
    code += f"model = {estimator}({arguments}).fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
    if {"precision", "recall", "f1"} & set(metrics):
        code += "classes = sorted(set(y.tolist()))  # of two, the larger one counts as the positive one\n"
        code += 'average = {"pos_label": classes[1]} if len(classes) == 2 else {"average": "macro"}\n'
    if "auc" in metrics:
        code += "scores = model.decision_function(X_test)\n" if step.kind == "svm" else "scores = model.predict_proba(X_test)\n"
        code += "scores = scores[:, 1] if scores.ndim == 2 and scores.shape[1] == 2 else scores\n"
    code += "metrics = {\n" + "".join(f"    {py(name)}: {call},\n" for name, call in metrics.items()) + "}\n"
    items = {"metrics": "metrics", "n": "len(y)", "n_train": "len(y_train)", "n_test": "len(y_test)", "features": "features"}
    if step.kind in ("linear", "ridge", "lasso"):
        items |= {"coefficients": "dict(zip(features, model.coef_))", "intercept": "model.intercept_"}
    elif step.kind == "logistic":
        code += "coefficients = [dict(zip(features, row)) for row in model.coef_]\n"
        items |= {"coefficients": "coefficients[0] if len(coefficients) == 1 else dict(zip(map(key, model.classes_), coefficients))",
                  "intercept": "model.intercept_[0] if len(coefficients) == 1 else dict(zip(map(key, model.classes_), model.intercept_))"}  # fmt: skip
    elif step.kind in ("decision_tree", "random_forest"):
        items["importances"] = "dict(zip(features, model.feature_importances_))"
    if tested:
        code += 'ols = sm.OLS(y_train, sm.add_constant(X_train, has_constant="add")).fit()\n'
        items["p_values"] = "dict(zip(features, ols.pvalues[1:]))"
    return code + keep(step.id, **items, predictions="{}")
