"""Every filter, test and function, by examples."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from penstock.clock import ManualClock
from penstock.entropy import SystemEntropy
from penstock.errors import Failure
from penstock.expression import DOCS, FILTERS, FUNCTIONS, TESTS, evaluate

NOON = datetime(2026, 2, 3, 12, 30, 45, 678901, tzinfo=UTC)
ROWS = [
    {"id": 1, "name": "ada", "qty": 3, "in": {"n": 1}, "tag": "x"},
    {"id": 2, "name": "Bob", "qty": 1, "in": {"n": 0}, "tag": "y"},
    {"id": 3, "name": "cyd", "qty": 2, "in": {"n": 1}, "tag": "x"},
]
NAMES: dict[str, Any] = {
    "rows": ROWS,
    "m": {"b": 2, "a": 1},
    "deep": {"a": {"b": [10, {"c": 5}]}},
    "noon": NOON,
    "day": date(2026, 2, 3),
    "price": Decimal("12.50"),
    "raw": b"\xc3\xa9",
    "id": UUID("12345678-1234-4678-9234-567812345678"),
    "nul": None,
}
WORLD = SimpleNamespace(world=SimpleNamespace(clock=ManualClock(NOON), entropy=SystemEntropy()))
FAILS: Any = object()

FILTER_CASES: dict[str, list[tuple[str, Any]]] = {
    "abs": [("-3|abs", 3), ("(0 - 2.5)|abs", 2.5), ("(0 - price)|abs", Decimal("12.50")), ("'x'|abs", FAILS)],
    "add": [
        ("noon|add('2h')", NOON.replace(hour=14)),
        ("noon|add('-1d12h')", datetime(2026, 2, 2, 0, 30, 45, 678901, tzinfo=UTC)),
        ("noon|add(0.5)", datetime(2026, 2, 3, 12, 30, 46, 178901, tzinfo=UTC)),
        ("noon|add('250ms')|timestamp - (noon|timestamp)", 0.25),
        ("day|add('2d')", date(2026, 2, 5)),
        ("'2026-01-01T00:00:00Z'|add('1h30m')", datetime(2026, 1, 1, 1, 30, tzinfo=UTC)),
        ("noon|add('soon')", FAILS),
        ("5|add('1h')", FAILS),
    ],
    "base64": [("'hello'|base64", "aGVsbG8="), ("raw|base64", "w6k="), ("5|base64", FAILS)],
    "batch": [
        ("[1, 2, 3]|batch(2)", [[1, 2], [3]]),
        ("[1, 2, 3]|batch(2, 0)", [[1, 2], [3, 0]]),
        ("[1]|batch(0)", FAILS),
    ],
    "capitalize": [("'hELLO wORLD'|capitalize", "Hello world")],
    "center": [("'ab'|center(6)", "  ab  "), ("'ab'|center(100000)", FAILS)],
    "coalesce": [
        ("nul|coalesce(m.zz, 0)", 0),
        ("m.zz.y|coalesce(m.a)", 1),
        ("m.zz|coalesce(nul)", None),
        ("''|coalesce(1)", ""),
    ],
    "count": [("[1, 2]|count", 2)],
    "d": [("m.zz|d(4)", 4)],
    "date": [
        ("noon|date", date(2026, 2, 3)),
        ("'2026-02-03'|date", date(2026, 2, 3)),
        ("'2026-02-03T23:30:00-01:00'|date", date(2026, 2, 4)),
        ("'no'|date(nul)", None),
        ("'2026-02-30'|date", FAILS),
    ],
    "datetime": [
        ("'2026-02-03T12:30:45.678901Z'|datetime", NOON),
        ("'2026-02-03T14:30:45.6789019+02:00'|datetime", NOON),
        ("1770121845.678901|datetime", NOON),
        ("0|datetime", datetime(1970, 1, 1, tzinfo=UTC)),
        ("day|datetime", datetime(2026, 2, 3, tzinfo=UTC)),
        ("'yesterday'|datetime('?')", "?"),
        ("'yesterday'|datetime", FAILS),
        ("true|datetime", FAILS),
    ],
    "decimal": [
        ("'0.10'|decimal", Decimal("0.10")),
        ("0.1|decimal", Decimal("0.1")),
        ("'x'|decimal(0)", 0),
        ("'nan'|decimal", FAILS),
    ],
    "decode": [("raw|decode", "é"), ("'x'|decode", "x"), ("('/w=='|from_base64)|decode", FAILS)],
    "default": [
        ("nul|default(2)", 2),
        ("m.zz|default(2)", 2),
        ("m.zz.y.x|default(2)", 2),
        ("deep.a.b[1].c|default(0)", 5),
        ("deep.a.b[9].c|default(0)", 0),
        ("deep.a.b[m.q].c|default(0)", 0),
        ("m.a.b.c|default('n')", "n"),
        ("''|default('x')", ""),
        ("''|default('x', true)", "x"),
        ("m.zz|default", ""),
        ("m.zz|default(m.yy)|default(7)", 7),
        ("m.zz|upper|default('q')", "q"),
        ("(m.zz if true else 1)|default(3)", 3),
        ("(m.zz or m.yy)|default(3)", 3),
        ("m.a|default(1 / 0)", 1),
        ("m.zz[1:]|default([])", []),
        ("(rows|first).zz|default('none')", "none"),
        ("[1, nul]|map('default', 0)", [1, 0]),
    ],
    "dictsort": [("m|dictsort", [["a", 1], ["b", 2]]), ("m|dictsort(by='value', reverse=true)", [["b", 2], ["a", 1]])],
    "e": [("'<'|e", "&lt;")],
    "encode": [("'é'|encode", b"\xc3\xa9"), ("raw|encode", b"\xc3\xa9")],
    "endswith": [("'abc'|endswith('bc')", True), ("'abc'|endswith('ab')", False)],
    "escape": [("'<a href=\"x\">&\\'</a>'|escape", "&lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a&gt;")],
    "filesizeformat": [
        ("1|filesizeformat", "1 Byte"),
        ("13000|filesizeformat", "13.0 kB"),
        ("4194304|filesizeformat(true)", "4.0 MiB"),
    ],
    "first": [("[3, 4]|first", 3), ("[]|first", None), ("'ab'|first", "a"), ("5|first", FAILS)],
    "float": [("'1.5'|float", 1.5), ("'x'|float", 0.0), ("'x'|float(nul)", None), ("price|float", 12.5)],
    "forceescape": [("'&'|forceescape", "&amp;")],
    "format": [
        ("'%s: %.2f'|format('a', 1.5)", "a: 1.50"),
        ("'%(x)s%%'|format(x=true)", "true%"),
        ("'%05d|%-4s|%x'|format(42, 'a', 255)", "00042|a   |ff"),
        ("'%*d'|format(5, 1)", "    1"),
        ("'%.2f'|format(price)", "12.50"),
        ("'%s'|format([1])", "[1]"),
        ("'%d'|format('x')", FAILS),
        ("'%s'|format()", FAILS),
        ("'%2000d'|format(1)", FAILS),
    ],
    "format_date": [
        ("noon|format_date('%Y-%m-%d %H:%M:%S.%f %z')", "2026-02-03 12:30:45.678901 +0000"),
        (
            "noon|format_date('%d.%m.%y %I %p, %A %a %B %b %j %u %w %V %G %e %F %T %%')",
            "03.02.26 12 PM, Tuesday Tue February Feb 034 2 2 06 2026 3 2026-02-03 12:30:45 %",
        ),
        ("noon|format_date('%H:%M %Z', 'Europe/Paris')", "13:30 CET"),
        ("day|format_date", "2026-02-03"),
        ("noon|format_date('%s')", "1770121845"),
        ("noon|format_date('%Q')", FAILS),
        ("noon|format_date('%Y', 'Mars/Base')", FAILS),
    ],
    "from_base64": [
        ("'aGVsbG8='|from_base64", b"hello"),
        ("'aGVsbG8'|from_base64|decode", "hello"),
        ("'_-8'|from_base64", b"\xff\xef"),
        ("'a'|from_base64", FAILS),
    ],
    "from_json": [
        ("'{\"a\": [1, 2.5]}'|from_json", {"a": [1, 2.5]}),
        ("'{'|from_json({})", {}),
        ("'{'|from_json", FAILS),
        ("nul|from_json([])", []),
    ],
    "get_path": [
        ("deep|get_path('a.b.1.c')", 5),
        ("deep|get_path(['a', 'b', 0])", 10),
        ("deep|get_path('a.x')", None),
        ("deep|get_path('a.x', 0)", 0),
    ],
    "group_by": [
        ("rows|group_by('tag', 'id')", {"x": [1, 3], "y": [2]}),
        ("rows|group_by('tag')", {"x": [ROWS[0], ROWS[2]], "y": [ROWS[1]]}),
        ("rows|group_by('zz')", FAILS),
    ],
    "groupby": [
        ("rows|groupby('tag')|map(attribute='grouper')", ["x", "y"]),
        ("(rows|groupby('in.n'))[0].list", [ROWS[1]]),
        ("rows|groupby('zz', default='-')|length", 1),
        ("rows|groupby('zz')", FAILS),
    ],
    "hash": [
        ("'a'|hash", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("'a'|hash('md5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("'a'|hash('sha1', 'base64')", "hvfkN/qlp/zhXR3cuerq6jd2Z7g="),
        ("'a'|hash('md5', 'bytes')|length", 16),
        ("'a'|hash('rot13')", FAILS),
    ],
    "indent": [("'a\\nb'|indent(2)", "a\n  b"), ("'a\\n\\nb'|indent('> ', true, true)", "> a\n> \n> b")],
    "index_by": [("(rows|index_by('id'))[2].name", "Bob"), ("rows|index_by('zz')", FAILS)],
    "int": [
        ("'42'|int", 42),
        ("'42.9'|int", 42),
        ("'x'|int", 0),
        ("'x'|int(nul)", None),
        ("'ff'|int(0, 16)", 255),
        ("price|int", 12),
        ("1e300|int > 5", True),
    ],
    "items": [("m|items", [["b", 2], ["a", 1]]), ("5|items", FAILS)],
    "join": [("[1, true, nul, 'a']|join('-')", "1-true--a"), ("rows|join('/', attribute='name')", "ada/Bob/cyd")],
    "json": [
        (
            "[1, 'é', nul, price, noon, id, 1.0]|json",
            '[1,"é",null,"12.50","2026-02-03T12:30:45.678901Z","12345678-1234-4678-9234-567812345678",1.0]',
        ),
        ("{'a': [1]}|json(2)", '{\n  "a": [\n    1\n  ]\n}'),
        ("raw|json", FAILS),
    ],
    "last": [("[3, 4]|last", 4), ("[]|last", None), ("m|last", "a")],
    "length": [("'abc'|length", 3), ("m|length", 2), ("raw|length", 2), ("5|length", FAILS)],
    "list": [("m|list", ["b", "a"]), ("'ab'|list", ["a", "b"]), ("5|list", FAILS)],
    "lower": [("'ÀB'|lower", "àb"), ("5|lower", "5")],
    "map": [
        ("['a', 'b']|map('upper')", ["A", "B"]),
        ("rows|map(attribute='in.n')", [1, 0, 1]),
        ("rows|map(attribute='zz', default=0)", [0, 0, 0]),
        ("rows|map(attribute='zz')", FAILS),
        ("['1', 'x']|map('int', default=5)", [1, 5]),
    ],
    "max": [("[3, 4]|max", 4), ("[]|max", None), ("(rows|max(attribute='qty')).id", 1), ("[1, 'a']|max", FAILS)],
    "merge": [
        ("m|merge({'a': 9, 'c': 3})", {"b": 2, "a": 9, "c": 3}),
        ("(m|merge({'a': 0}, {'a': 5})).a", 5),
        ("m|merge(5)", FAILS),
    ],
    "min": [("['b', 'A']|min", "A"), ("['b', 'A']|min(true)", "A"), ("[]|min", None)],
    "number": [
        ("'42'|number", 42),
        ("'1.5'|number", 1.5),
        ("7|number", 7),
        ("'x'|number(0)", 0),
        ("'x'|number", FAILS),
        ("true|number", FAILS),
    ],
    "omit": [("m|omit('a')", {"b": 2}), ("m|omit(['a', 'zz'], 'b')", {})],
    "pick": [("m|pick('a', 'zz')", {"a": 1}), ("m|pick(['b', 'a'])", {"b": 2, "a": 1}), ("5|pick('a')", FAILS)],
    "pprint": [("{'a': 1}|pprint", "{'a': 1}")],
    "regex_match": [
        ("'abc'|regex_match('b')", True),
        ("'abc'|regex_match('^b')", False),
        ("'ABC'|regex_match('b', true)", True),
    ],
    "regex_replace": [
        ("'a1b22'|regex_replace('[0-9]+', '#')", "a#b#"),
        ("'john smith'|regex_replace('(\\w+) (\\w+)', '\\2, \\1')", "smith, john"),
        ("'héé'|regex_replace('é', '\\0\\0')", "héééé"),
        ("'aXbx'|regex_replace('x', '', ignore_case=true)", "ab"),
        ("'a'|regex_replace('a', '\\9')", FAILS),
    ],
    "reject": [("[1, 2, 3]|reject('odd')", [2]), ("[0, 1]|reject", [0])],
    "rejectattr": [("rows|rejectattr('qty', 'gt', 1)|map(attribute='id')", [2])],
    "replace": [("'aaa'|replace('a', 'b', 2)", "bba"), ("'ab'|replace('', '-')", "-a-b-")],
    "reverse": [("'abc'|reverse", "cba"), ("[1, 2]|reverse", [2, 1])],
    "round": [
        ("2.5|round", 2.0),
        ("42.55|round(1)", 42.5),
        ("42.51|round(0, 'ceil')", 43.0),
        ("-1.5|round(0, 'floor')", -2.0),
        ("7|round", 7),
        ("price|round(1)", Decimal("12.5")),
        ("(price / 7)|round(2, 'ceil')", Decimal("1.79")),
        ("(price * 100)|round(-2)", Decimal("1200")),
        ("1|round(1, 'up')", FAILS),
    ],
    "safe": [("'<b>'|safe", "<b>")],
    "select": [("[1, 2, 3]|select('odd')", [1, 3]), ("[0, 1, '']|select", [1]), ("[1, 2]|select('gt', 1)", [2])],
    "selectattr": [
        ("rows|selectattr('in.n')|map(attribute='id')", [1, 3]),
        ("rows|selectattr('zz', 'defined')", []),
        ("rows|selectattr('zz', 'eq', 1)", FAILS),
    ],
    "set_path": [
        ("m|set_path('c.d', 1)", {"b": 2, "a": 1, "c": {"d": 1}}),
        ("deep|set_path('a.b.1.c', 6)", {"a": {"b": [10, {"c": 6}]}}),
        ("deep|set_path('a.b.2', 6)", {"a": {"b": [10, {"c": 5}, 6]}}),
        ("deep|set_path('a.b.9', 6)", FAILS),
    ],
    "slice": [("[1, 2, 3, 4, 5]|slice(3)", [[1, 2], [3, 4], [5]]), ("[1, 2, 3]|slice(2, 0)", [[1, 2], [3, 0]])],
    "slug": [("'  Crème brûlée & Co.! '|slug", "creme-brulee-co")],
    "sort": [
        ("[3, 1, 2]|sort", [1, 2, 3]),
        ("['b', 'A', 'c']|sort", ["A", "b", "c"]),
        ("['b', 'A', 'c']|sort(reverse=true, case_sensitive=true)", ["c", "b", "A"]),
        ("rows|sort(attribute='in.n,qty')|map(attribute='id')", [2, 3, 1]),
        ("[price, 3, 12.5]|sort", [3, Decimal("12.50"), 12.5]),
        ("[1, 'a']|sort", FAILS),
    ],
    "sort_by": [
        ("rows|sort_by('-qty')|map(attribute='id')", [1, 3, 2]),
        ("rows|sort_by('tag', '-id')|map(attribute='id')", [3, 1, 2]),
        ("[{'a': nul}, {'a': 1}]|sort_by('-a')", [{"a": 1}, {"a": None}]),
        ("rows|sort_by('zz')", FAILS),
    ],
    "split": [
        ("'a,b,,c'|split(',')", ["a", "b", "", "c"]),
        ("' a  b '|split", ["a", "b"]),
        ("'a,b,c'|split(',', 1)", ["a", "b,c"]),
        ("'a'|split('')", FAILS),
    ],
    "startswith": [("'abc'|startswith('ab')", True)],
    "string": [("5|string", "5"), ("nul|string", ""), ("[1]|string", "[1]")],
    "striptags": [("'<p>a  <b>b</b><!-- <i> --> &amp; c</p>'|striptags", "a b & c"), ("'a < b'|striptags", "a < b")],
    "sum": [
        ("[1, 2.5]|sum", 3.5),
        ("rows|sum('qty')", 6),
        ("[1]|sum(start=5)", 6),
        ("[price, price]|sum", Decimal("25.00")),
        ("['a']|sum", FAILS),
    ],
    "timestamp": [
        ("'1970-01-01T00:01:00Z'|datetime|timestamp", 60.0),
        ("day|timestamp", 1770076800.0),
        ("5|timestamp", FAILS),
    ],
    "title": [("'hello wORLD-wide (web)'|title", "Hello World-Wide (Web)")],
    "tojson": [("{'b': '<&\\'>', 'a': 1}|tojson", '{"a": 1, "b": "\\u003c\\u0026\\u0027\\u003e"}')],
    "trim": [("'  a '|trim", "a"), ("'xxaxx'|trim('x')", "a")],
    "truncate": [
        ("'foo bar baz qux'|truncate(9)", "foo..."),
        ("'foo bar baz qux'|truncate(9, true)", "foo ba..."),
        ("'foo bar baz qux'|truncate(11)", "foo bar baz qux"),
        ("noon|truncate('ms')", NOON.replace(microsecond=678000)),
        ("noon|truncate('s')", NOON.replace(microsecond=0)),
        ("noon|truncate('hour')", NOON.replace(minute=0, second=0, microsecond=0)),
        ("noon|truncate('w')", datetime(2026, 2, 2, tzinfo=UTC)),
        ("noon|truncate('year')", datetime(2026, 1, 1, tzinfo=UTC)),
        ("day|truncate('month')", date(2026, 2, 1)),
        ("noon|truncate('x')", FAILS),
    ],
    "unique": [
        ("['a', 'A', 'b']|unique", ["a", "b"]),
        ("[1, 1.0, true]|unique", [1, True]),
        ("[[1], [1]]|unique", [[1]]),
        ("rows|unique(attribute='tag')|length", 2),
    ],
    "upper": [("'àb'|upper", "ÀB")],
    "urlencode": [
        ("'a b/é?'|urlencode", "a%20b/%C3%A9%3F"),
        ("{'a': 'b c', 'd': '/'}|urlencode", "a=b+c&d=%2F"),
        ("[['a', 1]]|urlencode", "a=1"),
    ],
    "urlize": [
        ("'see www.a.bc.'|urlize", 'see <a href="https://www.a.bc" rel="noopener">www.a.bc</a>.'),
        (
            "'http://x.yz'|urlize(5, true, '_blank')",
            '<a href="http://x.yz" rel="nofollow noopener" target="_blank">http:...</a>',
        ),
    ],
    "wordcount": [("'a b, c-d'|wordcount", 4)],
    "wordwrap": [("'aa bb ccccc'|wordwrap(4)", "aa\nbb c\ncccc"), ("'a\\n\\nb'|wordwrap(4)", "a\n\nb")],
    "xmlattr": [
        ("{'class': 'a\"b', 'id': nul, 'x': 1}|xmlattr", ' class="a&#34;b" x="1"'),
        ("{'a b': 1}|xmlattr", FAILS),
    ],
}

TEST_CASES: dict[str, list[tuple[str, Any]]] = {
    "!=": [("[1, 2]|select('!=', 1)", [2])],
    "<": [("[1, 2]|select('<', 2)", [1])],
    "<=": [("[1, 2]|select('<=', 2)", [1, 2])],
    "==": [("[1, true]|select('==', 1)", [1])],
    ">": [("[1, 2]|select('>', 1)", [2])],
    ">=": [("[1, 2]|select('>=', 2)", [2])],
    "boolean": [("true is boolean", True), ("1 is boolean", False)],
    "callable": [("1 is callable", False)],
    "defined": [
        ("m.a is defined", True),
        ("m.a.b.c is defined", False),
        ("nul is defined", True),
        ("1 is defined", True),
        ("m.zz is not defined", True),
    ],
    "divisibleby": [("9 is divisibleby 3", True), ("9 is divisibleby(2)", False), ("9 is divisibleby 0", FAILS)],
    "eq": [("1 is eq 1.0", True), ("true is eq 1", False)],
    "equalto": [("'a' is equalto 'a'", True)],
    "escaped": [("'a'|escape is escaped", False)],
    "even": [("2 is even", True), ("'a' is even", FAILS)],
    "false": [("false is false", True), ("0 is false", False)],
    "filter": [("'upper' is filter", True), ("'uper' is filter", False)],
    "float": [("1.0 is float", True), ("1 is float", False)],
    "ge": [("2 is ge 2", True)],
    "greaterthan": [("2 is greaterthan 1", True)],
    "gt": [("2 is gt 2", False)],
    "in": [("1 is in [1, 2]", True), ("'a' is in 'cat'", True), ("1 is in 5", FAILS)],
    "integer": [("1 is integer", True), ("true is integer", False)],
    "iterable": [("'a' is iterable", True), ("1 is iterable", False)],
    "le": [("2 is le 1", False)],
    "lessthan": [("1 is lessthan 2", True)],
    "lower": [("'ab' is lower", True), ("'aB' is lower", False)],
    "lt": [("1 is lt 2", True), ("nul is lt 2", FAILS)],
    "mapping": [("m is mapping", True), ("[] is mapping", False)],
    "ne": [("1 is ne 2", True)],
    "none": [("nul is none", True), ("1 is none", False), ("m.a is not none", True), ("m.zz is none", FAILS)],
    "number": [("1 is number", True), ("price is number", True), ("'1' is number", False)],
    "odd": [("3 is odd", True)],
    "sameas": [("nul is sameas nul", True), ("1 is sameas 1.0", False)],
    "sequence": [("[] is sequence", True), ("m is sequence", True), ("1 is sequence", False)],
    "string": [("'a' is string", True), ("raw is string", False)],
    "test": [("'odd' is test", True), ("'oddly' is test", False)],
    "true": [("true is true", True), ("1 is true", False)],
    "undefined": [("m.zz is undefined", True), ("m.a is undefined", False)],
    "upper": [("'AB' is upper", True)],
    "valid": [
        ("5 is valid({'type': 'integer', 'minimum': 3})", True),
        ("2 is valid({'type': 'integer', 'minimum': 3})", False),
        ("{'a': price} is valid({'properties': {'a': {'type': 'number'}}})", True),
        ("'x' is valid({'type': 'strange'})", FAILS),
        ("'x' is valid({'$ref': 'http://127.0.0.1/'})", FAILS),
        ("'x' is valid(5)", FAILS),
    ],
}

FUNCTION_CASES: dict[str, list[tuple[str, Any]]] = {
    "abs": [("abs(-3)", 3)],
    "bool": [
        ("bool('true')", True),
        ("bool('0')", False),
        ("bool(nul)", False),
        ("bool(1)", True),
        ("bool('maybe')", FAILS),
        ("bool([])", FAILS),
    ],
    "decimal": [("decimal('0.10')", Decimal("0.10")), ("decimal(0.1)", Decimal("0.1")), ("decimal('x')", FAILS)],
    "dict": [
        ("dict(a=1)", {"a": 1}),
        ("dict([['x', 2]], y=3)", {"x": 2, "y": 3}),
        ("dict(m, a=5)", {"b": 2, "a": 5}),
        ("dict([1])", FAILS),
    ],
    "float": [("float('1.5')", 1.5), ("float('x')", FAILS)],
    "int": [("int('7')", 7), ("int(7.9)", 7), ("int('7.9')", FAILS), ("int('x')", FAILS), ("int(nul)", FAILS)],
    "len": [("len('abc')", 3), ("len(5)", FAILS)],
    "list": [("list('ab')", ["a", "b"]), ("list()", [])],
    "max": [("max(1, 3, 2)", 3), ("max(['a', 'b'])", "b"), ("max([])", FAILS), ("max(1, 'a')", FAILS)],
    "min": [("min(1, 3, price)", 1), ("min([price, 20])", Decimal("12.50"))],
    "now": [("now()", NOON), ("now() - noon", 0.0)],
    "random_int": [("random_int(4, 4)", 4), ("random_int(5, 4)", FAILS)],
    "random_token": [("random_token()|length", 43), ("random_token(16)|length", 22), ("random_token(100000)", FAILS)],
    "range": [
        ("range(3)", [0, 1, 2]),
        ("range(1, 6, 2)", [1, 3, 5]),
        ("range(3, 0, -1)", [3, 2, 1]),
        ("range(100001)", FAILS),
        ("range('a')", FAILS),
    ],
    "round": [
        ("round(2.7)", 3),
        ("round(2.5)", 2),
        ("round(2.345, 1)", 2.3),
        ("round(price)", 12),
        ("round(price, 1)", Decimal("12.5")),
    ],
    "same": [
        ("same('a', 'a')", True),
        ("same('a', 'b')", False),
        ("same(raw, 'é')", True),
        ("same(nul, 'a')", False),
        ("same(1, 1)", FAILS),
    ],
    "str": [("str(5)", "5"), ("str(true)", "true"), ("str(price)", "12.50"), ("str(raw)", FAILS)],
    "sum": [("sum([1, 2])", 3), ("sum([[1], [2]], [])", [1, 2])],
    "today": [("today()", date(2026, 2, 3))],
    "uuid": [("uuid() == uuid()", False), ("str(uuid())|length", 36)],
    "zip": [("zip([1, 2], ['a', 'b', 'c'])", [[1, "a"], [2, "b"]]), ("zip()", [])],
}

CASES = [case for table in (FILTER_CASES, TEST_CASES, FUNCTION_CASES) for cases in table.values() for case in cases]


def test_every_entry_has_cases() -> None:
    assert set(FILTERS) == set(FILTER_CASES)
    assert set(TESTS) == set(TEST_CASES)
    assert set(FUNCTIONS) == set(FUNCTION_CASES)


def test_every_entry_is_documented() -> None:
    assert all(line.endswith(".") or line.endswith("…}]`.") or ":" in line for line in DOCS.values())


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_case(text: str, expected: Any) -> None:
    if expected is FAILS:
        with pytest.raises(Failure):
            evaluate(text, NAMES, WORLD)
    else:
        found = evaluate(text, NAMES, WORLD)
        assert repr(found) == repr(expected)
