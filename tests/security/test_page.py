"""Hostile text in the real page: nothing runs, nothing leaves, nothing acts."""

import json

import pytest

from tests.helpers.canary import Canary
from tests.helpers.elements import DRAWN_ATTRIBUTES
from tests.helpers.page import Parrot, RealPage
from tests.helpers.payloads import (
    fenced,
    payloads,
    remote_fetches,
)

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

PER_ANSWER = 60

WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) =>
  violations.push(e.effectiveDirective + ' ' + e.blockedURI));
window.asked = [];
document.addEventListener('htmx:configRequest', (e) => asked.push(e.detail.path));
performance.setResourceTimingBufferSize(100000);
document.body.insertAdjacentHTML('beforeend', '<p id="victim">untouched</p>');
"""

# Everything in answers that is neither on the allow-list nor the frame around it.
ODD = """
(() => {
  const tags = new Set(('a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i kbd li '
    + 'ol p pre s samp strong sub sup table tbody td th thead tr u ul var').split(' '));
  const names = new Set(['href', 'title', 'rel', 'start', 'align', 'dir',
    'aria-level']);
  const drawn = new Set(DRAWN_ATTRIBUTES);
  const marks = 'code.math, span[role=img], sup > a[href^="#note-"]';
  const frames = 'figure:is(.code, .tabular), :is(div.table, p.math)[role=group]';
  const ours = 'figcaption, figcaption *, pre[tabindex], pre > code > span:not([id])';
  const odd = [];
  for (const element of document.querySelectorAll('.prose [hx-disable] *')) {
    if (element.matches(`${frames}, ${marks}`)) continue;
    if (element.closest('figure')?.matches('.prose [hx-disable] figure')
      && element.matches(ours)) continue;
    const isDrawn = element.namespaceURI.endsWith('/MathML') && element.closest('math');
    if (!tags.has(element.localName) && !isDrawn) odd.push(element.outerHTML);
    for (const { name } of element.attributes)
      if (!(isDrawn ? drawn.has(name) : names.has(name))) odd.push(element.outerHTML);
    if (element.href && !/^(https?|mailto):/.test(element.href))
      odd.push(element.href);
  }
  const image = /^[/]messages[/][0-9a-f-]{36}[/]images$/;
  for (const acting of document.querySelectorAll('.prose :is([hx-post], [hx-get])'))
    if (!image.test(acting.getAttribute('hx-post'))) odd.push(acting.outerHTML);
  return JSON.stringify(odd);
})()
""".replace("DRAWN_ATTRIBUTES", json.dumps(sorted(DRAWN_ATTRIBUTES)))

STATE = """
JSON.stringify({
  owned: typeof window.owned,
  victim: document.getElementById('victim').textContent,
  victims: document.querySelectorAll('#victim').length,
  violations,
  strange: asked.concat(performance.getEntriesByType('resource').map((e) => e.name))
    .filter((name) => name.includes('owned') || /:\\/\\//.test(name)
      && !name.startsWith(location.origin)),
})
"""

UNTOUCHED = {
    "owned": "undefined",
    "victim": "untouched",
    "victims": 1,
    "violations": [],
    "strange": [],
}


def assert_untouched(page: RealPage, canary: Canary) -> None:
    """Fail when anything ran, moved or was asked for."""
    page.settle()
    assert json.loads(str(page.run(STATE))) == UNTOUCHED
    assert json.loads(str(page.run(ODD))) == []
    assert str(page.view.url().toString()).startswith(f"{page.trust.origin}/")
    assert canary.heard == []


def answers(url: str) -> list[str]:
    """Return the payloads as answers; what may swallow the rest stands alone."""
    every = payloads(url)
    groups = [
        "\n\n".join(every[start : start + PER_ANSWER])
        for start in range(0, len(every), PER_ANSWER)
    ]
    return [*groups, *fenced(url)]


def test_more_than_500_payloads_streamed_through_the_page_do_nothing(
    page: RealPage, parrot: Parrot, canary: Canary
) -> None:
    assert len(payloads()) + len(fenced()) >= 500
    page.open("/")
    page.run(WATCH)
    for number, text in enumerate(answers(canary.url)):
        parrot.texts[f"number {number}"] = text
        page.ask(f"number {number}")
        assert_untouched(page, canary)
    # And once more as it is stored.
    page.open(page.view.url().path())
    page.run(WATCH)
    assert_untouched(page, canary)


def test_sixty_ways_to_fetch_ask_nobody_before_a_click(
    page: RealPage, parrot: Parrot, canary: Canary
) -> None:
    forms = remote_fetches(canary.url)
    assert len(forms) >= 60
    parrot.texts["fetch"] = "\n\n".join(forms)
    page.open("/")
    page.run(WATCH)
    page.ask("fetch")
    assert_untouched(page, canary)
    assert page.run("document.querySelectorAll('.remote-image').length") != 0
    assert page.run("document.querySelectorAll('.prose img').length") == 0


def test_an_image_of_this_computer_is_not_loaded_even_on_a_click(
    page: RealPage, parrot: Parrot, canary: Canary
) -> None:
    parrot.texts["image"] = f"![x]({canary.url}/i.png)"
    page.open("/")
    page.run(WATCH)
    page.ask("image")
    page.run("document.querySelector('.remote-image button').click()")
    page.wait_for(
        "document.querySelector('#toasts').textContent.includes('own network')"
    )
    assert page.run("document.querySelectorAll('.prose img').length") == 0
    assert_untouched(page, canary)


def test_a_question_with_payloads_is_text(
    page: RealPage, parrot: Parrot, canary: Canary
) -> None:
    question = "<img src=x onerror=window.owned=1><p id=victim hx-get=/owned>x</p>"
    parrot.texts[question] = "ok"
    page.open("/")
    page.run(WATCH)
    page.ask(question)
    assert page.run("document.querySelector('.bubble').textContent") == question
    assert_untouched(page, canary)


def test_unsanitised_text_would_still_meet_the_other_barriers(
    page: RealPage, canary: Canary
) -> None:
    page.open("/")
    # Only the sanitiser holds a preconnect, which opens a connection even where every
    # request is refused, names that hide the document's own methods, and what htmx
    # obeys wherever it stands in an answer.
    held = (
        "rel=pre",
        "name=getElementById",
        "<template><p id",
        "hx-partial",
        "hx-preserve",
    )
    forms = [
        form for form in payloads(canary.url) if not any(word in form for word in held)
    ]
    prepare = (
        f"if (!document.querySelector('body > #victim')) {{ {WATCH} }};"
        "window.stage ??= document.body.appendChild(document.createElement('div'));"
    )
    for start in range(0, len(forms), PER_ANSWER):
        for form in forms[start : start + PER_ANSWER]:
            html = json.dumps(f"<div hx-disable>{form}</div>")
            page.run(
                f"{prepare} htmx.swap(stage, {html}, {{swapStyle: 'innerHTML'}}); 0"
            )
        page.settle()
        page.wait_for(
            f"location.origin === '{page.trust.origin}'"
            "&& document.readyState === 'complete' && 'htmx' in window"
        )
        page.run(f"{prepare} 0")
        assert page.run("typeof window.owned") == "undefined"
        victim = "document.querySelector('body > #victim').textContent"
        assert page.run(victim) == "untouched"
        assert page.run("asked.filter((path) => /owned|:/.test(path)).length") == 0
        assert str(page.view.url().toString()).startswith(f"{page.trust.origin}/")
        assert canary.heard == []


def test_a_string_never_becomes_a_script(page: RealPage) -> None:
    page.open("/")
    for attempt in (
        "document.createElement('script').text = 'window.owned = 1'",
        "document.createElement('script').src = '/assets/x.js'",
        "new Function('window.owned = 1')()",
        "setTimeout('window.owned = 1')",
        "trustedTypes.createPolicy('another', {})",
        "new Worker('data:text/javascript,postMessage(1)')",
    ):
        data = (
            f"(() => {{ try {{ {attempt}; return 'ran' }} catch {{ return 'no' }} }})()"
        )
        assert page.run(data) == "no", attempt
    assert page.run("typeof window.owned") == "undefined"


def test_an_image_from_memory_is_shown(page: RealPage) -> None:
    gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    page.open("/")
    page.run(
        "window.stage = document.body.appendChild(document.createElement('div'));"
        f'htmx.swap(stage, \'<img src="data:image/gif;base64,{gif}" alt="x">\','
        "{swapStyle: 'innerHTML'}); 0"
    )
    page.wait_for("stage.querySelector('img')?.naturalWidth", 1)
