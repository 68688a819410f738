"""Terms of the parts, as a package of Debian gives them."""

import re
from pathlib import Path

import notices

ROOT = Path(__file__).parents[3]

APACHE = """\
                                 Apache License
                           Version 2.0, January 2004
                        http://www.apache.org/licenses/

   1. Definitions.

   END OF TERMS AND CONDITIONS
"""


def test_debian_is_referred_to_its_own_copy_of_a_common_licence() -> None:
    other = "MIT License\n\nPermission"
    terms = f"Version 1. Copyright Ann.\n\n{APACHE}\n{other}\n{APACHE}"
    short = notices.without_common(terms)
    assert "Definitions" not in short
    assert short.count("/usr/share/common-licenses/Apache-2.0") == 2
    assert short.startswith("Version 1. Copyright Ann.")
    assert other in short


def test_every_part_of_the_page_is_named_and_comes_with_its_terms() -> None:
    names = {Path(part["name"]).name for part in notices.of_page()}
    given = {path.stem for path in (ROOT / "resources/web/vendor/licences").iterdir()}
    assert names == given
    assert {"beautiful-mermaid", "elkjs", "htmx.org"} <= names


def test_the_engine_that_draws_diagrams_is_named_with_its_own_terms() -> None:
    part = notices.engine()
    assert part["name"] == "quickjs-ng/quickjs"
    assert re.fullmatch(r"\d+\.\d+\.\d+", part["version"])
    text = (Path(notices.__file__).parent / "quickjs-terms.txt").read_text("utf-8")
    assert "Fabrice Bellard" in text
    assert "UNICODE LICENSE V3" in text


def test_what_is_built_into_a_wheel_is_named_without_where_it_was_built() -> None:
    parts = notices.inside(["pillow", "cryptography", "jinja2"])
    names = {part["name"].lower() for part in parts}
    assert {"libxau", "openssl"} <= names
    places = [part["purl"] for part in parts]
    assert places == sorted(set(places))
    assert not [place for place in places if "?" in place or "#" in place]


def test_libraries_of_wheels_are_named_by_their_files() -> None:
    files = ["libwebp-51b0b3f7.so.7.2.0", "libz.so.1", "_webp.so", "libQt6Core.so.6"]
    assert [part["purl"] for part in notices.with_wheels(files)] == [
        "pkg:generic/libwebp@7.2.0"
    ]
