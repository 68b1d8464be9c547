"""Codes: the kinds of problem that reading settings finds."""

from penstock.problem import code

UNSET_SECRET = code(
    "unset-secret",
    "The settings name a secret that nobody has set.",
    "Set the variable `PENSTOCK_SECRET_NAME`.",
    example='mail: {url: "smtp://app:{{ secrets.MAIL }}@mail.internal"}',
)
BAD_ENV = code(
    "bad-env",
    "A variable `PENSTOCK_ENV_NAME` does not have the type of the default that it overrides.",
    "Set it to a value of that type, or change the default in `penstock.yaml`.",
    example="env: {WORKERS: 4}    # and PENSTOCK_ENV_WORKERS=many",
)
EVALUATION = code(
    "failed-setting",
    "A binding of the settings failed when it was computed.",
    "Mend the expression; settings are computed once, at the start.",
    example='limits: {queue: "{{ env.WORKERS / 0 }}"}',
)

# These stand in files of every kind; the checks of files document them.
UNKNOWN_KEY = "unknown-key"
WRONG_TYPE = "wrong-type"
BAD_VALUE = "bad-value"
MISSING_FIELD = "missing-field"
UNKNOWN_NAME = "unknown-name"
UNKNOWN_FIELD = "unknown-field"
UNKNOWN_ENV = "unknown-env"
UNREADABLE_FILE = "unreadable-file"
