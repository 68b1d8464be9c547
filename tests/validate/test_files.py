"""What is read of a folder, and what never is."""

import os
from pathlib import Path

from penstock.validate import codes, files, project
from tests.validate.folder import lines, load, write

OK = "endpoint: GET /ok\nsteps: [{respond: ok}]\n"


def test_an_empty_folder_is_a_project(tmp_path: Path) -> None:
    loaded = project.load(tmp_path, {})
    assert loaded.documents == ()
    assert loaded.problems == ()


def test_files_have_posix_paths_at_any_depth_in_order(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"workflows.d/b/c/d.yaml": OK, "workflows.d/a.yaml": OK.replace("ok", "a", 1)})
    assert [document.file for document in loaded.documents] == ["workflows.d/a.yaml", "workflows.d/b/c/d.yaml"]


def test_hidden_and_temporary_names() -> None:
    for name in (".a.yaml", "a.yaml~", ".a.yaml.swp", "4913", "#a.yaml#", ".#a.yaml"):
        assert files.temporary(name), name
    assert not files.temporary("a.yaml")


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(OK)
    root = tmp_path / "root"
    write(root, {"a.yaml": OK})
    (root / "workflows.d" / "link.yaml").symlink_to(outside / "secret.yaml")
    (root / "workflows.d" / "folder").symlink_to(outside, target_is_directory=True)
    loaded = project.load(root, {})
    assert [document.file for document in loaded.documents] == ["workflows.d/a.yaml"]
    assert lines(loaded) == [
        "workflows.d/folder:1:1 unreadable-file: the link leads out of the project (put the folder itself there)",
        "workflows.d/link.yaml:1:1 unreadable-file: the link leads out of the project (put the file itself there)",
    ]


def test_a_whole_folder_that_is_a_link_out_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"a.yaml": OK})
    root = tmp_path / "root"
    root.mkdir()
    (root / "workflows.d").symlink_to(tmp_path / "outside" / "workflows.d", target_is_directory=True)
    loaded = project.load(root, {})
    assert loaded.documents == ()
    assert [problem.code for problem in loaded.problems] == [codes.UNREADABLE_FILE]


def test_links_within_the_tree_are_followed_and_end(tmp_path: Path) -> None:
    write(tmp_path, {"workflows.d/real/a.yaml": OK})
    (tmp_path / "workflows.d" / "real" / "again").symlink_to(tmp_path / "workflows.d", target_is_directory=True)
    loaded = project.load(tmp_path, {})
    assert [document.file for document in loaded.documents] == ["workflows.d/real/a.yaml"]


def test_what_is_not_a_file_is_told_and_does_not_block(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": OK})
    os.mkfifo(tmp_path / "workflows.d" / "pipe.yaml")
    (tmp_path / "workflows.d" / "nowhere.yaml").symlink_to(tmp_path / "workflows.d" / "gone.yaml")
    loaded = project.load(tmp_path, {})
    assert lines(loaded) == [
        "workflows.d/nowhere.yaml:1:1 unreadable-file: the link leads nowhere (remove it)",
        "workflows.d/pipe.yaml:1:1 unreadable-file: it is not a regular file",
    ]
    assert len(loaded.documents) == 1


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": OK})
    with open(os.fsencode(tmp_path / "workflows.d") + b"/\xff.yaml", "wb") as opened:
        opened.write(OK.encode())
    loaded = project.load(tmp_path, {})
    assert [problem.code for problem in loaded.problems] == [codes.UNREADABLE_FILE]
    assert lines(loaded)[0].encode()


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": OK})
    with open(tmp_path / "workflows.d" / "huge.yaml", "wb") as opened:
        opened.truncate(10**12)
    tree = files.scan(tmp_path)
    assert len(tree.content["workflows.d/huge.yaml"]) == files.MAX_BYTES + 1
    assert [problem.code for problem in project.load(tmp_path, {}).problems] == ["file-too-large"]


def test_folders_are_not_followed_forever_down(tmp_path: Path) -> None:
    deep = tmp_path / "workflows.d"
    for _ in range(files.MAX_DEPTH + 2):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a.yaml").write_text(OK)
    assert [problem.code for problem in project.load(tmp_path, {}).problems] == [codes.UNREADABLE_FILE]


def test_data_is_read_by_name(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"data/plans.yaml": "gold: 9\n", "data/rates.json": '{"eur": 1}'})
    assert loaded.data == {"plans": {"gold": 9}, "rates": {"eur": 1}}


def test_data_may_be_a_list(tmp_path: Path) -> None:
    text = "# countries\n- {code: fr, name: France}\n- code: de\n  note: |\n    two\n\n    lines\n"
    loaded = load(tmp_path, {"data/countries.yaml": text, "data/codes.json": "[1, 2]"})
    assert loaded.problems == ()
    assert loaded.data["countries"] == [
        {"code": "fr", "name": "France"},
        {"code": "de", "note": "two\n\nlines\n"},
    ]
    assert loaded.data["codes"] == [1, 2]


def test_the_digest_follows_the_files(tmp_path: Path) -> None:
    first = load(tmp_path, {"a.yaml": OK})
    assert len(first.digest) == 12
    assert project.load(tmp_path, {}).digest == first.digest
    second = load(tmp_path, {"a.yaml": OK.replace("respond: ok", "respond: yes")})
    third = load(tmp_path, {"penstock.yaml": "name: shop\n"})
    fourth = load(tmp_path, {"functions/a.py": "x = 1\n"})
    assert len({first.digest, second.digest, third.digest, fourth.digest}) == 4
    assert set(fourth.files) == {"penstock.yaml", "workflows.d/a.yaml", "functions/a.py"}
