"""Codes: every kind of problem that checking finds in the files of `workflows.d`."""

from penstock.problem import code

# A file as a whole

UNKNOWN_KIND = code(
    "unknown-kind",
    "The file has none of the keys endpoint, workflow, middleware, table, defaults, test, so nothing says what it is.",
    "Begin the file with one of the six, as `endpoint: GET /orders`.",
    example="handler: GET /orders",
)
SEVERAL_KINDS = code(
    "several-kinds",
    "The file has two of the keys endpoint, workflow, middleware, table, defaults, test. A file holds one thing.",
    "Move one of them into a file of its own.",
    example="endpoint: GET /orders\nworkflow: send_orders",
)
UNREADABLE_FILE = code(
    "unreadable-file",
    "The file is there and cannot be read: its permissions, a link to nowhere, a link out of the project, or not a regular file.",
    "Mend the permissions, or put the file itself where the link stands.",
)
IGNORED_FILE = code(
    "ignored-file",
    "A file of `workflows.d` ends in `.yml` and is not read.",
    "Rename it to `.yaml`.",
    severity="warning",
)
BAD_DATA = code(
    "bad-data",
    "A file of `data/` is not well-formed, is too large, or has the name of another.",
    "Mend the file; `data/plans.yaml` and `data/plans.json` would both be `data.plans`.",
)
MISPLACED_TEST = code(
    "misplaced-test",
    "A file whose name ends in `.test.yaml` holds something else than tests.",
    "Begin it with `test: NAME`, or rename the file.",
)
UNKNOWN_CODE = code(
    "unknown-code",
    "A comment `# penstock: ignore CODE` names no kind of problem.",
    "Write the code as it stands in the report.",
    severity="warning",
    example="timeout: 5s  # penstock: ignore unknown-keys",
)

# Keys and plain values

UNKNOWN_KEY = code(
    "unknown-key",
    "A key that does not exist at this place.",
    "Correct its spelling or its indentation, or leave it out.",
    example="- respond: ok\n  statuss: 201",
)
MISSING_FIELD = code(
    "missing-field",
    "A key that is needed at this place is not there.",
    "Add it.",
    example="- while: vars.n > 0",
)
WRONG_TYPE = code(
    "wrong-type",
    "A value of another type than this place takes: text where a mapping is wanted, a mapping where a list is.",
    "Write it as the message says.",
    example="steps: none",
)
BAD_VALUE = code(
    "bad-value",
    "A value that this place does not take: an unknown word, a duration or size that cannot be read, a number out of range.",
    "Write one of the values that the message names.",
    example="security: {access: everybody}",
)
BAD_NAME = code(
    "bad-name",
    "A name is not made of lower-case letters, digits and underscores, or is too long.",
    "Use `[a-z][a-z0-9_]*`, at most 63 characters.",
    example="workflow: Send-Welcome",
)

# Steps

UNKNOWN_ACTION = code(
    "unknown-action",
    "A step uses an action that does not exist.",
    "Correct its spelling; `docs/actions.md` lists them all.",
    example="- responds: ok",
)
MISSING_ACTION = code(
    "missing-action",
    "A step has modifiers only, and no action.",
    "Give the step exactly one action.",
    example="- id: order",
)
SEVERAL_ACTIONS = code(
    "several-actions",
    "A step has two actions.",
    "Make two steps of it.",
    example="- set: {n: 1}\n  respond: ok",
)
DUPLICATE_STEP = code(
    "duplicate-step",
    "Two steps of the file have the same id.",
    "Rename one of them.",
    example="- {id: a, set: {n: 1}}\n- {id: a, set: {n: 2}}",
)
UNREACHABLE_STEP = code(
    "unreachable-step",
    "A step can never run, because one before it always ends the run, the loop or the block.",
    "Remove it, put it before, or let the earlier step go on (`continues: true`, `when:`).",
    example="- respond: ok\n- log: done",
)
NO_EFFECT = code(
    "no-effect",
    "A key of the dialect stands in the file that this version reads and does nothing with.",
    "Don't rely on it: limit the rate, or make requests repeatable, in front of the server until it has an effect.",
    severity="warning",
    example="limits: {rate: 10/s}",
)
NO_ANSWER = code(
    "no-answer",
    "Some way through the endpoint reaches no `respond`; callers then get 204.",
    "End it with a `respond`, or silence the warning where 204 is meant.",
    severity="warning",
    example="- if: params.found\n  then: [{respond: yes}]",
)
MISPLACED_RETURN = code(
    "misplaced-return",
    "`return` stands in an endpoint, whose result nobody reads.",
    "Use `respond` to answer or `stop` to end.",
    example="endpoint: GET /a\nsteps: [{return: 1}]",
)
MISPLACED_RESPOND = code(
    "misplaced-respond",
    "`respond` or `stream` stands in a workflow, which nobody asked by HTTP.",
    "Use `return`, and `respond` in the endpoint that calls it.",
    example="workflow: a\nsteps: [{respond: 1}]",
)
MISPLACED_LOOP = code(
    "misplaced-loop",
    "`break` or `continue` stands outside of a loop.",
    "Use `stop` or `return`, or move it into the loop.",
    example="steps: [{break: null}]",
)
IN_TRANSACTION = code(
    "in-transaction",
    "A step stands in a `transaction` whose effect cannot be rolled back or done again (also through `call`).",
    "Do it before or after the transaction.",
    example="- transaction: [{wait: 5s}]",
)

# Names

DUPLICATE_NAME = code(
    "duplicate-name",
    "Two files use the same name. Endpoints, workflows and middleware share one space of names; tables have their own.",
    "Rename one of them (an endpoint takes `name:`).",
)
DUPLICATE_DEFAULTS = code(
    "duplicate-defaults",
    "A folder has two `defaults` files, and no order between them.",
    "Make one file of them.",
)
UNKNOWN_NAME = code(
    "unknown-name",
    "A binding uses a name that does not exist at this place (`item` outside of a loop, `error` outside of `catch`).",
    "Correct its spelling; parameters are `params.NAME`, results of steps `steps.ID`.",
    example='respond: "{{ parms.id }}"',
)
UNKNOWN_PARAM = code(
    "unknown-param",
    "A binding reads a parameter that the file does not declare.",
    "Declare it in `params`, or correct its spelling.",
    example='respond: "{{ params.custmer }}"',
)
UNKNOWN_STEP = code(
    "unknown-step",
    "A binding reads the result of a step that the file does not have.",
    "Give the step that `id`, or correct its spelling.",
    example='respond: "{{ steps.ordr }}"',
)
LATER_STEP = code(
    "later-step",
    "A binding reads the result of a step that has not run yet at this place.",
    "Move the step before its use.",
    example='- log: "{{ steps.a }}"\n- {id: a, set: {n: 1}}',
)
UNREACHED_STEP = code(
    "unreached-step",
    "A binding reads the result of a step that cannot have run when this place is reached: it sits in another branch.",
    "Move the step before the branches, or read it where it has run.",
    example='- if: params.a\n  then: [{id: a, set: {n: 1}}]\n  else: [{log: "{{ steps.a }}"}]',
)
UNKNOWN_VAR = code(
    "unknown-var",
    "A binding reads a variable that no step before it sets.",
    "Set it before with `set`, or correct its spelling.",
    example='respond: "{{ vars.totl }}"',
)
UNKNOWN_FIELD = code(
    "unknown-field",
    "A binding reads a part that this name does not have, as `request.methd`.",
    "Correct its spelling.",
    example='respond: "{{ request.methd }}"',
)
UNKNOWN_ENV = code(
    "unknown-env",
    "A binding reads an `env` name that the settings do not declare.",
    "Declare it with its default under `env` in `penstock.yaml`.",
    example='respond: "{{ env.REGION }}"',
)
UNKNOWN_DATA = code(
    "unknown-data",
    "A binding reads `data.NAME`, and there is no such file in `data/`, or no such key in it.",
    "Add `data/NAME.yaml`, or correct its spelling.",
    example='respond: "{{ data.plns }}"',
)
UNKNOWN_MIDDLEWARE = code(
    "unknown-middleware",
    "A middleware is named that does not exist, or a binding reads one that does not run before this place.",
    "Correct its spelling, or name it in `security.middleware`.",
    example="security: {middleware: [owns_projct]}",
)
MIDDLEWARE_ORDER = code(
    "middleware-order",
    "A middleware reads the result of another that does not run before it in this endpoint's chain.",
    "Name the other one before it in `security.middleware`.",
)
MIDDLEWARE_PARAM = code(
    "middleware-param",
    "A middleware takes a path parameter that the endpoint's path does not have.",
    "Put `{name}` into the path, or use another middleware.",
)
UNKNOWN_WORKFLOW = code(
    "unknown-workflow",
    "A workflow is named that does not exist.",
    "Correct its spelling; endpoints and middleware cannot be called.",
    example="- call: send_welcom",
)
UNKNOWN_FUNCTION = code(
    "unknown-python-function",
    "A Python function is named that `functions/` does not have.",
    "Correct its spelling: `module.function`, defined at the top of `functions/module.py`.",
    example="- python: pricing.qoute",
)
BAD_PYTHON = code(
    "bad-python",
    "A module of `functions/` is not well-formed Python, so none of its functions can be called.",
    "Mend the line that the message names.",
    example="def quote(qty) return qty * 9.5",
)
UNKNOWN_ARGUMENT = code(
    "unknown-argument",
    "`with` gives something that the workflow or function does not take.",
    "Correct its spelling, or declare it there.",
    example="- call: send_welcome\n  with: {usr_id: 1}",
)
MISSING_ARGUMENT = code(
    "missing-argument",
    "`with` leaves out what the workflow or function requires.",
    "Give it, or make it `optional: true` or give it a `default` there.",
    example="- call: send_welcome",
)
WRONG_ARGUMENT = code(
    "wrong-argument",
    "`with` gives a constant that the parameter's declaration does not take.",
    "Give a value of the declared type.",
    example="- call: send_welcome\n  with: {user_id: 1}",
)
CALL_CYCLE = code(
    "call-cycle",
    "Workflows call each other in a circle, so the run would never end.",
    "Use a loop, or schedule the next run as a job.",
)

# Access

WIDENED_ACCESS = code(
    "widened-access",
    "A file lets in more callers than the `defaults` above it. Access can only be narrowed.",
    "Remove the wider `access` or role, move the file out of the folder, or widen the defaults.",
)
PUBLIC_DEFAULT = code(
    "public-default",
    "A `defaults` file says `access: public`. It opens nothing: an endpoint is public only when its own file says so.",
    "Write `access: public` into each endpoint that is meant to be public.",
    severity="warning",
)
