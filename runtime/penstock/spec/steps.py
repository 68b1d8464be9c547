"""Steps: the schema of a step, by its action, for editors and for the checks."""

from collections.abc import Mapping

from penstock.registry import Action
from penstock.spec.values import DURATION, NAME, SHARED, STEPS, Schema, param

MODIFIERS: Mapping[str, Schema] = {
    "id": {"description": "The step's name; its result is steps.NAME", "type": "string", "pattern": NAME},
    "when": {"description": "A bare expression; the step runs only if it is true", "type": ["string", "boolean"]},
    "retry": {"description": "Further tries on failure", "allOf": [{"$ref": "#/definitions/retry"}]},
    "timeout": {"description": "The step fails with timeout when it takes longer", "allOf": [DURATION]},
    "undo": {"description": "Steps that run, the last first, if a later step of the file fails", "allOf": [STEPS]},
    "once": {"description": "Never sent again after a crash; it fails with unknown_outcome", "type": "boolean"},
    "note": {"description": "A remark for people, shown in the history", "type": "string"},
}
"""What every step may have beside its action."""

CODES: Schema = {"type": "array", "items": {"type": ["string", "integer"]}}
BACKOFF: Schema = {"enum": ["constant", "linear", "exponential"]}
_TRY: Mapping[str, Schema] = {
    "delay": {"description": "How long to wait before the next try", "allOf": [DURATION]},
    "backoff": {"description": "How the delay grows", **BACKOFF},
    "max_delay": {"description": "The longest delay", "allOf": [DURATION]},
    "codes": {"description": "Codes and statuses that are tried again; left out: all", **CODES},
}
RETRY: Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {
            "type": "object",
            "properties": {"times": {"description": "Further tries", "type": "integer", "minimum": 0}, **_TRY},
            "required": ["times"],
            "additionalProperties": False,
        },
    ],
}
WORKFLOW_RETRY: Schema = {
    "type": "object",
    "properties": {
        "times": {
            "description": "Further tries, or forever",
            "anyOf": [{"type": "integer", "minimum": 0}, {"enum": ["forever"]}],
        },
        **_TRY,
        "from": {"description": "Resume at the failed step, or begin again", "enum": ["step", "start"]},
    },
    "required": ["times"],
    "additionalProperties": False,
}


def action_schema(action: Action) -> Schema:
    """The schema of one step of this action, modifiers included. It refers to `#/definitions`."""
    value: Schema = {"type": "null"} if action.value is None else param(action.value)
    if action.value is None or "description" not in value:
        value = {"description": action.summary, **value} if "$ref" not in value else value
    own = {action.name: value, **{name: param(item) for name, item in action.params.items()}}
    shared = {name: {"$ref": f"#/definitions/modifier.{name}"} for name in MODIFIERS if name not in own}
    return {
        "description": f"{action.summary}.\n\n{action.description}".strip(),
        "type": "object",
        "properties": {**own, **shared},
        "required": [action.name, *(name for name, item in action.params.items() if item.required)],
        "additionalProperties": False,
    }


def shared() -> dict[str, Schema]:
    """The definitions that one step needs, its nested steps looked at no closer than being steps."""
    return {
        **SHARED,
        "retry": RETRY,
        "steps": {"type": "array", "items": {"type": "object"}},
        **{f"modifier.{name}": schema for name, schema in MODIFIERS.items()},
    }


def ordered(actions: Mapping[str, Action]) -> dict[str, Action]:
    """The actions by their families, whichever was imported first."""
    return {action.name: action for action in sorted(actions.values(), key=lambda action: action.family)}


def definitions(actions: Mapping[str, Action]) -> dict[str, Schema]:
    """The definitions that whole files need: steps to any depth, each checked by its action."""
    actions = ordered(actions)
    keys = {name for action in actions.values() for name in action.params} - actions.keys() | MODIFIERS.keys()
    return {
        **shared(),
        "steps": {"description": "Steps, run in order", "type": "array", "items": {"$ref": "#/definitions/step"}},
        "step": {
            "type": "object",
            "minProperties": 1,
            "properties": {name: _offered(action) for name, action in actions.items()},
            "propertyNames": {"enum": sorted({*actions, *keys})},
            "allOf": [
                {
                    "if": {"propertyNames": {"enum": sorted(keys)}},
                    "then": {"not": {}, "errorMessage": "a step needs an action"},
                },
                *(_dispatch(action, actions) for action in actions.values()),
            ],
        },
        **{f"action.{name}": action_schema(action) for name, action in actions.items()},
    }


def _offered(action: Action) -> Schema:
    return {"description": f"{action.summary}.\n\n{action.description}".strip()}


def _dispatch(action: Action, actions: Mapping[str, Action]) -> Schema:
    """An action's key leads to its schema; not where that key is another action's parameter."""
    condition: Schema = {"required": [action.name]}
    owners = [other.name for other in actions.values() if action.name in other.params]
    if owners:
        condition["not"] = {"anyOf": [{"required": [owner]} for owner in owners]}
    return {"if": condition, "then": {"$ref": f"#/definitions/action.{action.name}"}}
