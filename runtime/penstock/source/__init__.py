"""Source: a YAML file, read from parser events into data that knows where each word stands."""

import re
from typing import Any

import yaml

from penstock.model import NOWHERE, Map, Mark, Seq
from penstock.problem import Problem
from penstock.source import codes
from penstock.source.syntax import EXPRESSIONS, MAX_EXPRESSION, binding_end, explain, is_open, place, quote

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_PROBLEMS = 100
MAX_DIGITS = 1_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC = frozenset("+-.0123456789")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NODES = frozenset({yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent})
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(data: bytes, file: str) -> tuple[Map | None, list[Problem]]:
    """Read one file: its data, as far as it can be relied on, and all that is wrong with it. An empty file is an empty mapping."""
    value, at, problems = _read(data, file)
    if isinstance(value, Map) or problems:
        return value if isinstance(value, Map) else None, problems
    if value is None:
        return Map(), []
    message = f"the file holds {'a list' if isinstance(value, Seq) else 'a single value'}"
    return None, [
        Problem(file, at.line, at.column, codes.NOT_A_MAPPING, message, "it must be a mapping of keys to values")
    ]


def read_value(data: bytes, file: str) -> tuple[Any, list[Problem]]:
    """Read one file of constants, which may be a list or a single value as well; null when it is empty or cannot be read."""
    value, _, problems = _read(data, file)
    return value, problems


def _read(data: bytes, file: str) -> tuple[Any, Mark, list[Problem]]:
    text, problem = _text(data, file)
    if problem is not None:
        return None, NOWHERE, [problem]
    reader = _Reader(text, file)
    crowd = _crowd(text)
    if crowd is not None:
        reader.add(codes.TOO_MANY_NODES, place(crowd), "the file has more than 100000 keys and values", "split it")
        return None, NOWHERE, reader.problems
    parser = _LOADER(text)
    try:
        while not reader.stopped:
            reader.take(parser.get_event())
    except yaml.MarkedYAMLError as error:
        reader.failed(error)
    except yaml.YAMLError as error:
        reader.add(codes.SYNTAX, (1, 1), str(error).splitlines()[0].lower(), "")
        reader.root = None
    finally:
        parser.dispose()
    return reader.root, reader.root_at, reader.problems


def _crowd(text: str) -> Any:
    """Where a file has one node too many. Its own pass: counting alone is three times as fast as reading."""
    if len(text) <= MAX_NODES // 4:
        return None
    parser = _LOADER(text)
    nodes = 0
    try:
        while True:
            event = parser.get_event()
            kind = type(event)
            if kind in _NODES:
                nodes += 1
                if nodes > MAX_NODES:
                    return event.start_mark
            elif kind is yaml.StreamEndEvent:
                return None
    except yaml.YAMLError:
        return None
    finally:
        parser.dispose()


def _text(data: bytes, file: str) -> tuple[str, Problem | None]:
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data)} bytes, more than 1 MB"
        return "", Problem(file, 1, 1, codes.FILE_TOO_LARGE, message, "split it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        begin = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[begin : error.start].decode("utf-8")) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return "", Problem(file, line, column, codes.BAD_ENCODING, message, "save the file as UTF-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = _CONTROL.search(text)
    if found is None:
        return text, None
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    message = f"the character U+{ord(found[0]):04X} cannot stand in a file"
    hint = f'remove it, or write "\\u{ord(found[0]):04x}" in double quotes'
    return "", Problem(file, line, column, codes.CONTROL_CHARACTER, message, hint)


class _Frame:
    """A mapping or list that is being read. `word` is the key that it stands under, `drop` says to forget the next value."""

    __slots__ = ("at", "drop", "flow", "key", "key_at", "node", "word")

    def __init__(self, node: Map | Seq, at: Mark, word: str, flow: bool) -> None:
        self.node = node
        self.at = at
        self.word = word
        self.flow = flow
        self.key: str | None = None
        self.key_at = at
        self.drop = False


class _Reader:
    """Builds the data of one document from its events, and notes what is refused."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.root: Any = None
        self.root_at = NOWHERE
        self.problems: list[Problem] = []
        self.stopped = False
        self.started = False
        self.stack: list[_Frame] = []
        self.skipping = 0
        self.skipped_from: Any = None
        self.lines: list[str] | None = None

    def add(self, name: str, at: tuple[int, ...], message: str, hint: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, at[0], at[1], name, message, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            self.stop()

    def stop(self) -> None:
        """Read no further; what has been read is not to be relied on."""
        self.stopped = True
        self.root = None

    def take(self, event: Any) -> None:
        """The next event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                self._properties(event)
            if self.skipping:
                return
            frame = self.stack[-1] if self.stack else None
            if frame is not None and frame.key is None and type(frame.node) is Map:
                self._key(frame, event)
            else:
                self._scalar(frame, event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if event.anchor is not None or event.tag is not None:
                self._properties(event)
            self._start(event, kind is yaml.MappingStartEvent)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)
        elif kind is yaml.StreamEndEvent:
            self.stopped = True

    def _document(self, event: Any) -> None:
        at = place(event.start_mark)
        if self.started:
            self.add(codes.SEVERAL_DOCUMENTS, at, "a second document begins here", "move it into a file of its own")
            self.stopped = True
        elif event.tags:
            self.add(codes.TAG, at, "tags are not read", "remove the %TAG line")
        self.started = True

    def _properties(self, event: Any) -> None:
        if event.anchor is not None:
            hint = "write the value out, or quote a text that begins with &"
            self.add(codes.ANCHOR, place(event.start_mark), f"the anchor &{event.anchor} is not read", hint)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            hint = "remove it, or quote a text that begins with !"
            self.add(codes.TAG, place(event.start_mark), f"the tag {tag} is not read", hint)

    def _alias(self, event: Any) -> None:
        at = place(event.start_mark)
        hint = "write the value out, or quote a text that begins with *"
        self.add(codes.ALIAS, at, f"the alias *{event.anchor} is not read", hint)
        if self.skipping:
            return
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and type(frame.node) is Map:
            frame.key, frame.drop = f"*{event.anchor}", True
        else:
            self._put(frame, None, Mark(*at, *at))

    def _key(self, frame: _Frame, event: Any) -> None:
        key: str = event.value
        start = event.start_mark
        frame.key_at = mark = self._mark(event, start)
        if not event.style:
            if key in ("", "~"):
                self.add(codes.NON_TEXT_KEY, mark, "a key cannot be empty", 'write "" for the empty text')
                frame.drop = True
            elif key == "<<":
                hint = "write the keys out, or share them in a defaults file"
                self.add(codes.MERGE_KEY, mark, "merge keys are not read", hint)
                frame.drop = True
        frame.key = key
        if key in frame.node and not frame.drop:
            assert isinstance(frame.node, Map)
            line = frame.node.keys_at[key].line
            message = f"{key[:80]} stands here twice, first in line {line}"
            self.add(codes.DUPLICATE_KEY, mark, message, "remove one of them")
            frame.drop = True

    def _scalar(self, frame: _Frame | None, event: Any) -> None:
        value: Any = event.value
        mark = self._mark(event, event.start_mark)
        if not event.style:
            word = "" if frame is None else frame.key or frame.word
            if self._cut(value, word, event, frame is not None and frame.flow):
                self.add(codes.UNQUOTED_BINDING, mark, *quote(word, "{{" in value))
            else:
                value = self._plain(value, mark)
        self._put(frame, value, mark)

    def _plain(self, text: str, mark: Mark) -> Any:
        """The value of a plain scalar (YAML 1.2, section 10.3.2)."""
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMERIC:
            return text
        if _INT.fullmatch(text):
            if len(text) > MAX_DIGITS:
                return self._no_number(mark, f"a number of {len(text)} digits is too long")
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _FLOAT.fullmatch(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                return self._no_number(mark, f"{text[:40]} is too large for a number")
            return number
        if _NOT_FINITE.fullmatch(text):
            return self._no_number(mark, f"{text} is no number that can be stored or sent")
        return text

    def _no_number(self, mark: Mark, message: str) -> int:
        self.add(codes.BAD_NUMBER, mark, message, "quote it if text is meant")
        return 0

    def _cut(self, value: str, word: str, event: Any, flow: bool) -> bool:
        """Whether YAML ended a plain value in the middle of a binding or expression: at ` #`, or at a comma in a flow mapping."""
        binding = value.find("{{")
        if (binding < 0 and word not in EXPRESSIONS) or len(value) > MAX_EXPRESSION:
            return False
        if not (is_open(value) if binding < 0 else binding_end(value, binding) < 0):
            return False
        end = event.end_mark.index
        rest = self.text[end : end + 200].lstrip(" \t")
        return rest[:1] == "#" or (flow and rest[:1] in ",}]")

    def _start(self, event: Any, mapping: bool) -> None:
        if self.skipping:
            self.skipping += 1
            return
        start = event.start_mark
        at = start.line + 1, start.column + 1
        mark = Mark(*at, *at)
        frame = self.stack[-1] if self.stack else None
        is_key = frame is not None and frame.key is None and type(frame.node) is Map
        if mapping and event.flow_style and self.text.startswith("{{", start.index):
            self.add(codes.UNQUOTED_BINDING, at, *quote("", True))
            self.skipping, self.skipped_from = 1, start
            return
        if is_key:
            self.add(codes.NON_TEXT_KEY, at, f"a {'mapping' if mapping else 'list'} cannot be a key", "quote it")
            self.skipping, self.skipped_from = 1, start
            return
        if len(self.stack) >= MAX_DEPTH:
            hint = "call a workflow for the inner part"
            self.add(codes.TOO_DEEP, at, "mappings and lists are nested deeper than 32", hint)
            self.stop()
            return
        node: Map | Seq = Map(mark) if mapping else Seq(mark)
        word = "" if mapping or frame is None else frame.key or frame.word
        self.stack.append(_Frame(node, mark, word, bool(event.flow_style)))

    def _end(self, event: Any) -> None:
        if self.skipping:
            self.skipping -= 1
            if self.skipping == 0:
                self._skipped(event)
            return
        frame = self.stack.pop()
        self._put(self.stack[-1] if self.stack else None, frame.node, frame.at)

    def _skipped(self, event: Any) -> None:
        """A binding without quotes, or a key that is none, has been passed over: its text stands for it."""
        start = self.skipped_from
        at = start.line + 1, start.column + 1
        text = self.text[start.index : event.end_mark.index]
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and type(frame.node) is Map:
            frame.key, frame.drop = text, True
        else:
            self._put(frame, text, Mark(*at, *at))

    def _put(self, frame: _Frame | None, value: Any, mark: Mark) -> None:
        if frame is None:
            self.root = value
            self.root_at = mark
        elif type(frame.node) is Seq:
            frame.node.put(value, mark)
        elif type(frame.node) is Map:
            if not frame.drop:
                assert frame.key is not None
                frame.node.put(frame.key, value, frame.key_at, mark)
            frame.key = None
            frame.drop = False

    def _mark(self, event: Any, start: Any) -> Mark:
        line, column = start.line + 1, start.column + 1
        style = event.style
        if not style:
            return Mark(line, column, line, column)
        if style in "'\"":
            return Mark(line, column, line, column + 1)
        if self.lines is None:
            self.lines = self.text.split("\n")
        for index, value_line in enumerate(event.value.split("\n")):
            stripped = value_line.lstrip(" ")
            if stripped and line + index < len(self.lines):
                source = self.lines[line + index]
                indent = len(source) - len(source.lstrip(" ")) - (len(value_line) - len(stripped))
                return Mark(line, column, line + 1, max(indent, 0) + 1)
        return Mark(line, column, line + 1, 1)

    def failed(self, error: yaml.MarkedYAMLError) -> None:
        """The parser gave up."""
        self.root = None
        mark = error.problem_mark or error.context_mark
        at = (1, 1) if mark is None else place(mark)
        consequence = any(item.code == codes.UNQUOTED_BINDING and item.line == at[0] for item in self.problems)
        if not self.skipping and not consequence:
            self.add(*explain(error, at, self.text.split("\n")))
