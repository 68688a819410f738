"""Draws a text as a picture that a camera can read."""

from markupsafe import Markup


def qr_code(text: str, name: str) -> Markup:
    """Return it as SVG, dark on light in every theme: so cameras expect it.

    It is empty where the text is too long for a picture.

    Args:
        text: What is to be read.
        name: What the picture shows, for who does not see it.
    """
    import segno  # noqa: PLC0415 not at the start

    try:
        code = segno.make(text, error="l", micro=False)
    except segno.DataOverflowError:
        return Markup()
    drawn = code.svg_inline(light="#fff", svgclass="qr-code", omitsize=True)
    label = Markup('<svg role="img" aria-label="{}"').format(name)
    return Markup(drawn.replace("<svg", label, 1))  # noqa: S704 drawn here, of numbers
