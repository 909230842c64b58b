"""Every field of the contracts says in its comment what its empty case means, in the same few words everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc  # type: ignore[import-untyped]

PROTO = Path(__file__).parents[2] / "proto"
WELL_KNOWN = Path(protoc.__file__).parent / "_proto"

LIST = r"\bEmpty = |\bNever empty\b"
NUMBER = r"(?<![\d,.])(?<!above )(?<!below )0 = |\bNever 0\b"
SAYS = {
    FieldDescriptorProto.TYPE_STRING: LIST,
    FieldDescriptorProto.TYPE_BYTES: LIST,
    FieldDescriptorProto.TYPE_MESSAGE: r"\bUnset = |\bNever unset\b",
    FieldDescriptorProto.TYPE_ENUM: r"\bUnspecified = |\bNever unspecified\b",
    FieldDescriptorProto.TYPE_BOOL: r"\bFalse = ",
}
"""How a comment names the empty case, by type; all other types are numbers."""

MESSAGES, EXTENSIONS, FIELDS, NESTED, ONEOFS = 4, 7, 2, 3, 8
"""Numbers of the parts of a descriptor, which the places of comments are made of."""


class Commented(NamedTuple):
    """A field or a oneof, by its full name, its comment, and what must stand in it."""

    name: str
    comment: str
    wanted: str

    def is_right(self) -> bool:
        """Whether the comment says it."""
        return re.search(self.wanted, self.comment) is not None


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[FileDescriptorProto]:
    """Every contract with its comments."""
    image = tmp_path_factory.mktemp("contracts") / "image.binpb"
    sources = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "chophien").rglob("*.proto"))
    includes = [f"-I{PROTO}", f"-I{WELL_KNOWN}"]
    assert protoc.main(["protoc", *includes, "--include_source_info", f"--descriptor_set_out={image}", *sources]) == 0
    return list(FileDescriptorSet.FromString(image.read_bytes()).file)


def test_every_field_names_its_empty_case(files: list[FileDescriptorProto]) -> None:
    """Of a oneof exactly one member is set, so the oneof says that once for all of them."""
    commented = [one for file in files for one in all_commented(file)]
    assert len(commented) > 700
    assert [f"{one.name}: {one.comment}" for one in commented if not one.is_right()] == []


@pytest.mark.parametrize("comment", ["Amount in đồng.", "Amount; above 0 = owed.", "At least 1,000 = much.", "Some 0"])
def test_a_comment_that_only_looks_like_it_is_found_out(comment: str) -> None:
    assert not Commented("total_vnd", comment, NUMBER).is_right()
    assert Commented("total_vnd", f"{comment} 0 = none.", NUMBER).is_right()


def all_commented(file: FileDescriptorProto) -> Iterator[Commented]:
    """Every field and oneof of a file, of nested messages too."""
    comments = {tuple(at.path): " ".join(at.leading_comments.split()) for at in file.source_code_info.location}
    for number, extension in enumerate(file.extension):
        yield Commented(
            f"{file.package}.{extension.name}", comments.get((EXTENSIONS, number), ""), wanted_of(extension)
        )
    for number, message in enumerate(file.message_type):
        yield from of_message(message, (MESSAGES, number), f"{file.package}.{message.name}", comments)


def of_message(
    message: DescriptorProto, at: tuple[int, ...], name: str, comments: dict[tuple[int, ...], str]
) -> Iterator[Commented]:
    """Those of one message."""
    for number, oneof in enumerate(message.oneof_decl):
        if not any(field.proto3_optional and field.oneof_index == number for field in message.field):
            yield Commented(f"{name}.{oneof.name}", comments.get((*at, ONEOFS, number), ""), r"\bExactly one is set\b")
    for number, field in enumerate(message.field):
        if field.proto3_optional or not field.HasField("oneof_index"):
            yield Commented(f"{name}.{field.name}", comments.get((*at, FIELDS, number), ""), wanted_of(field))
    for number, nested in enumerate(message.nested_type):
        yield from of_message(nested, (*at, NESTED, number), f"{name}.{nested.name}", comments)


def wanted_of(field: FieldDescriptorProto) -> str:
    """What the comment of a field must contain."""
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return LIST
    if field.proto3_optional:
        return SAYS[FieldDescriptorProto.TYPE_MESSAGE]
    return SAYS.get(field.type, NUMBER)
