"""Codes: the kinds of problem in the declaration of parameters."""

from penstock.problem import code

UNKNOWN_TYPE = code(
    "unknown-type",
    "The `type` of a parameter is none that the dialect knows.",
    "Write one of `string integer number decimal boolean date datetime uuid email url object array file bytes any record`.",
    example="params: {qty: int}",
)
PARAM_REQUIRED = code(
    "param-required",
    "JSON Schema's `required` is not how parameters say it: they are required, unless they say `optional: true` or have a `default`.",
    "Leave `required` out, and mark the others `optional: true`.",
    example="params: {order: {type: object, required: [id], properties: {id: integer}}}",
)
PARAM_TYPE_LIST = code(
    "param-type-list",
    "JSON Schema's list as `type` is not how parameters say it: a parameter has one type.",
    "Write one type, and `nullable: true` if null may be sent.",
    example="params: {note: {type: [string, 'null']}}",
)
BAD_PARAM = code(
    "bad-param",
    "A parameter is declared in a way that cannot work: words that do not go together, or a place where it cannot come from.",
    "Do what the message says.",
    example="params: {lines: {type: string, items: integer}}",
)
BAD_DEFAULT = code(
    "bad-default",
    "The `default` of a parameter breaks the rules that the parameter itself sets.",
    "Change the default or the rule; a parameter that may be left out and is null then says `optional: true`.",
    example="params: {qty: {type: integer, minimum: 1, default: 0}}",
)
BAD_EXAMPLE = code(
    "bad-example",
    "The `example` of a parameter breaks the rules that the parameter itself sets, so a caller who copies it is refused.",
    "Change the example or the rule.",
    severity="warning",
    example="params: {qty: {type: integer, example: three}}",
)
BAD_SCHEMA = code(
    "bad-schema",
    "The words of a parameter are no valid JSON Schema (draft 2020-12), or the schema that it names cannot be used.",
    "Correct the word that the message names.",
    example="params: {name: {minLength: -1}}",
)
IDLE_RULE = code(
    "idle-rule",
    "A rule of a parameter says nothing about values of its type, so it never refuses anything.",
    "Leave it out, or write the rule that goes with the type.",
    severity="warning",
    example="params: {qty: {type: integer, minLength: 1}}",
)
