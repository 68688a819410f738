"""A web page that tries to use Hearth from a browser, and tells what it achieved."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from backend.interface.protocol import LOOPBACK

_SCRIPT = """
const achieved = [];
const note = (what) => achieved.push(what);
const limit = (promise) => Promise.race([
  promise, new Promise((_, fail) => setTimeout(fail, 3000))]);
const tried = [];
const attempt = (name, start) => tried.push(limit(start()).catch(() => 0));

for (const base of BASES) {
  for (const path of PATHS) {
    const url = base + path;
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      for (const headers of [{}, {'X-Hearth-Token': TOKEN}]) {
        for (const mode of ['no-cors', 'cors']) {
          attempt('fetch', async () => {
            const body = method === 'GET' ? undefined : new URLSearchParams(FORM);
            const credentials = 'include';
            const answer = await fetch(url, {method, headers, mode, body, credentials});
            if (answer.type !== 'opaque') note(`${mode} ${method} ${url} was readable`);
          });
        }
      }
    }
    attempt('beacon', async () => navigator.sendBeacon(url, new URLSearchParams(FORM)));
    attempt('image', () => new Promise((done) => {
      const image = new Image();
      image.onload = () => { note(`image ${url}`); done(); };
      image.onerror = done;
      image.src = url;
    }));
    attempt('script', () => new Promise((done) => {
      const script = document.createElement('script');
      script.onload = () => { note(`script ${url}`); done(); };
      script.onerror = done;
      script.src = url;
      document.head.append(script);
    }));
    attempt('style', () => new Promise((done) => {
      const style = document.createElement('link');
      style.rel = 'stylesheet';
      style.onload = () => { if (style.sheet?.cssRules) note(`style ${url}`); done(); };
      style.onerror = done;
      style.href = url;
      document.head.append(style);
    }));
    attempt('frame', () => new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = () => {
        try {
          const text = frame.contentDocument.body.innerText;
          if (text && frame.contentWindow.location.href !== 'about:blank')
            note(`frame ${url}: ${text}`);
        } catch { /* another origin */ }
        done();
      };
      frame.src = url;
      document.body.append(frame);
    }));
    attempt('form', () => new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.name = 'frame' + Math.random();
      const form = document.createElement('form');
      form.method = 'post';
      form.action = url;
      form.target = frame.name;
      for (const [name, value] of Object.entries(FORM)) {
        const field = document.createElement('input');
        field.name = name;
        field.value = value;
        form.append(field);
      }
      document.body.append(frame, form);
      form.submit();
      frame.onload = done;
    }));
  }
  attempt('events', () => new Promise((done) => {
    const events = new EventSource(base + '/events');
    events.onopen = () => { note('events'); done(); };
    events.onerror = () => { events.close(); done(); };
  }));
  attempt('socket', () => new Promise((done) => {
    const socket = new WebSocket(base.replace('http', 'ws') + '/events');
    socket.onopen = () => { note('socket'); done(); };
    socket.onerror = done;
  }));
}
Promise.all(tried).then(() => fetch('/done', {
  method: 'POST', body: JSON.stringify({tried: tried.length, achieved})}));
"""


class MaliciousSite:
    """Serves the page and waits for its report."""

    def __init__(
        self, bases: list[str], paths: list[str], token: str, form: dict[str, str]
    ) -> None:
        data = {"BASES": bases, "PATHS": paths, "TOKEN": token, "FORM": form}
        constants = "".join(
            f"const {name} = {json.dumps(value)};\n" for name, value in data.items()
        )
        self.page = f"<!doctype html><body><script>{constants}{_SCRIPT}</script>"
        self.tried = 0
        self.achieved: list[str] = []
        self.done = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                report = json.loads(self.rfile.read(length))
                site.tried, site.achieved = report["tried"], report["achieved"]
                self.send_response(204)
                self.end_headers()
                site.done.set()

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing."""

        return Handler
