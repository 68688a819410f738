"""Terms of the parts, as a package of Debian gives them."""

import notices

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
