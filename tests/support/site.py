# SPDX-License-Identifier: Apache-2.0
"""A paper's site on loopback: pages of tests/pages and of support/articles, a sitemap, an RSS feed."""
import threading
from email.utils import format_datetime
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import paths

PAGES = paths.SOURCE / "tests" / "pages"
PUBLISHED = datetime(2024, 3, 14, 1, 30, tzinfo=timezone.utc)


class Site:
    """pages: path -> (bytes, content type), or the address that it has moved to. As many as may() lets through are served,
    then it waits."""

    def __init__(self, pages: dict):
        self.pages = dict(pages)
        self.served = []
        self.gate = threading.Semaphore(10**9)
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                found = site.find(self.path)
                self.send_response(302 if isinstance(found, str) else 200 if found else 404)
                if isinstance(found, str):
                    self.send_header("Location", found)
                body, kind = found if isinstance(found, tuple) else (b"", "text/plain")
                self.send_header("Content-Type", kind)
                if body.startswith(b"\x1f\x8b"):
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def find(self, path: str):
        if path == "/sitemap.xml":
            return self.sitemap().encode(), "application/xml"
        if path == "/rss.xml":
            return self.rss().encode(), "application/rss+xml"
        if path not in self.pages:
            return None
        self.gate.acquire()
        self.served.append(path)
        return self.pages[path]

    def may_serve(self, count: int) -> None:
        """No more than this many pages, until release()."""
        self.gate = threading.Semaphore(count)

    def release(self) -> None:
        self.gate.release(10**6)

    def sitemap(self) -> str:
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in self.pages)
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'

    def rss(self) -> str:
        items = "".join(f"<item><title>Tin</title><link>{self.url}{path}</link><dc:creator>Toà soạn</dc:creator>"
                        f"<pubDate>{format_datetime(PUBLISHED)}</pubDate></item>" for path in self.pages)
        return ('<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
                f"<channel><title>Báo</title>{items}</channel></rss>")

    def close(self) -> None:
        self.release()
        self.server.shutdown()
        self.server.server_close()


def written_pages() -> dict:
    """In UTF-8 and in what came before it; none has a charset in its header."""
    return {f"/{path.name}": (path.read_bytes(), "text/html") for path in sorted(PAGES.glob("*.html"))}


def new_pages(newsroom, count: int) -> dict:
    return {f"/tin/{piece.key}.html": (piece.content, "text/html; charset=utf-8")
            for piece in (newsroom.piece(html=True) for _ in range(count))}
