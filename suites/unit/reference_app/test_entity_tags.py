"""Entity tags as clients may send them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from reference_app.api.entity_tags import EntityTags, entity_tag, names_version, versions_in

form = TypeAdapter(EntityTags)


@pytest.mark.parametrize(
    ("tags", "versions"),
    [
        ('"3"', {3}),
        ('"3", "4"', {3, 4}),
        ('"3","4" ,\t"5"', {3, 4, 5}),
        ('"3",, "4",', {3, 4}),
        (',"3"', {3}),
        ('W/"3"', set()),
        ('W/"3", "4"', {4}),
        ('"a,b", "3"', {3}),
        ('"03", "0", "", "x", "\xe9"', set()),
        ('"99999999999999999999"', set()),
    ],
)
def test_versions(tags: str, versions: set[int]) -> None:
    """If-Match names the versions of its strong tags; one that is no version of ours names none."""
    assert versions == versions_in(form.validate_python(tags))


def test_any() -> None:
    """A star is any version."""
    assert versions_in(form.validate_python("*")) is None
    assert names_version("*", 7)


@pytest.mark.parametrize("tags", ['"3"', 'W/"3"', '"2", W/"3"'])
def test_weak_comparison(tags: str) -> None:
    """If-None-Match compares weakly."""
    assert names_version(form.validate_python(tags), 3)
    assert not names_version(tags, 4)


def test_no_tag() -> None:
    """A request without the header names no version."""
    assert not names_version(None, 1)


def test_own_form() -> None:
    """What is sent out is a strong tag, which comes back as the same version."""
    assert versions_in(form.validate_python(entity_tag(12))) == {12}


@pytest.mark.parametrize(
    "tags",
    [
        "",
        "3",
        "'3'",
        '"3',
        '3"',
        '"3" "4"',
        '*, "3"',
        '"3", *',
        "**",
        'w/"3"',
        '"a b"',
        '"\x7f"',
        '"☾"',
        ",",
        '"x"\n',
    ],
    ids=lambda tags: ascii(tags)[:20],
)
def test_malformed(tags: str) -> None:
    """What RFC 9110 does not call a list of tags is refused."""
    with pytest.raises(ValidationError):
        form.validate_python(tags)
