"""Codes: every kind of problem that reading a file as YAML finds."""

from penstock.problem import code

SYNTAX = code(
    "syntax",
    "The file is not well-formed YAML, and could not be read beyond this place.",
    "Mend what the message names; often it is the indentation, or a text that needs quotes.",
    example="a: b: c",
)
TAB = code(
    "tab",
    "A tab stands where YAML takes only spaces.",
    "Indent with spaces.",
    example="steps:\n\t- respond: ok",
)
UNQUOTED_BINDING = code(
    "unquoted-binding",
    "A binding or an expression stands without quotes, and YAML reads it as something else.",
    "Put quotes around the whole value.",
    example="respond: {{ steps.order }}",
)
DUPLICATE_KEY = code(
    "duplicate-key",
    "A mapping has the same key twice, so one of the values would be lost.",
    "Remove or rename one of them.",
    example="status: 200\nstatus: 201",
)
NON_TEXT_KEY = code(
    "non-text-key",
    "A key is empty, or is itself a mapping or a list.",
    "Keys are text or numbers; quote a text that begins with a bracket.",
    example="[a, b]: c",
)
ANCHOR = code(
    "anchor",
    "An anchor (`&name`) stands in the file. Files are read as they stand, without copies from elsewhere.",
    "Write the value out, keep it in `data/`, or quote a text that begins with `&`.",
    example="a: &x 1",
)
ALIAS = code(
    "alias",
    "An alias (`*name`) stands in the file. Files are read as they stand, without copies from elsewhere.",
    "Write the value out, keep it in `data/`, or quote a text that begins with `*`.",
    example="a: *x",
)
MERGE_KEY = code(
    "merge-key",
    "A merge key (`<<`) stands in the file. YAML 1.2 has none.",
    "Write the keys out; what several files share belongs into a `defaults` file.",
    example="<<: {a: 1}",
)
TAG = code(
    "tag",
    "A tag (`!name`, `!!type`) stands in the file. Values have the type that they are written with.",
    "Remove the tag, or quote a text that begins with `!`.",
    example="a: !!str 1",
)
SEVERAL_DOCUMENTS = code(
    "several-documents",
    "The file holds a second YAML document, after a line `---`.",
    "Move it into a file of its own.",
    example="a: 1\n---\nb: 2",
)
NOT_A_MAPPING = code(
    "not-a-mapping",
    "The file holds a list or a single value where a mapping is wanted.",
    "Write keys with values: `endpoint: GET /orders`.",
    example="- a\n- b",
)
BAD_NUMBER = code(
    "bad-number",
    "A number that JSON and databases cannot hold: infinity, not-a-number, or one with too many digits.",
    "Use a finite number, or quote it if text is meant.",
    example="a: .inf",
)
BAD_ENCODING = code(
    "bad-encoding",
    "The file is not UTF-8 text.",
    "Save it as UTF-8.",
)
CONTROL_CHARACTER = code(
    "control-character",
    "A control character, or an invisible separator, stands in the file.",
    'Remove it, or write it as an escape in double quotes, as "\\u0007".',
)
FILE_TOO_LARGE = code(
    "file-too-large",
    "The file is larger than 1 MB.",
    "Split it; large constants belong into a database.",
)
TOO_DEEP = code(
    "too-deep",
    "Mappings and lists are nested deeper than 32.",
    "Move the inner part into a workflow of its own and `call` it.",
)
TOO_MANY_NODES = code(
    "too-many-nodes",
    "The file has more than 100 000 keys and values.",
    "Split it.",
)
