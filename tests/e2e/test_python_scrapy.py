# SPDX-License-Identifier: Apache-2.0
"""Debian's Scrapy crawls a site on loopback into a broker: by sitemap and by RSS, in old encodings, killed in the
middle, and while the broker is away. Every page has exactly one accepted article."""
import signal

import pytest

from newsloom import Feeder, State
from support import paths, python_client
from support.operating import Operator
from support.site import PAGES, Site, new_pages, written_pages
from support.waiting import wait_for

EXAMPLES = paths.SOURCE / "client" / "python" / "examples"
QUIET = ["-s", "LOG_LEVEL=WARNING", "-s", "TELNETCONSOLE_ENABLED=False", "-s", "NEWSLOOM_SOURCE=paper"]


@pytest.fixture
def new_site():
    made = []

    def make(pages):
        made.append(Site(pages))
        return made[-1]
    yield make
    for site in made:
        site.close()


def by_sitemap(site, *more):
    return ["-m", "scrapy", "runspider", *QUIET, "-a", f"site={site.url}", *more, EXAMPLES / "sitemap_spider.py"]


def by_rss(site, *more):
    return ["-m", "scrapy", "runspider", *QUIET, "-a", f"feed={site.url}/rss.xml", *more, EXAMPLES / "rss_spider.py"]


def assert_each_page_was_accepted_once(site, broker, operator):
    assert operator.backlog() == len(site.pages)
    with Feeder(broker.endpoint("feed")) as feeder:
        found = [feeder.outcome("paper", url=site.url + path) for path in site.pages]
    assert {one.revision for one in found} == {1} and {one.newest_revision for one in found} == {1}
    assert len({one.article_id for one in found}) == len(site.pages)


def test_pages_in_old_encodings_are_stored_as_what_they_say(broker, new_site, new_worker, database, directory):
    names = ("tcvn3", "windows-1258", "undeclared-1258", "portal")
    site = new_site({path: page for path, page in written_pages().items() if path[1:-5] in names})
    assert len(site.pages) == len(names)
    new_worker(broker, database)
    done = python_client.run(by_rss(site), python_client.settings(broker), directory)
    assert done.stderr == ""
    with Feeder(broker.endpoint("feed")) as feeder:
        for path in site.pages:
            wait_for(lambda: feeder.outcome("paper", url=site.url + path).state == State.STORED, 60, f"{path} is stored")
    rows = {url: (text, author, published) for url, text, author, published in
            database.execute("SELECT url, text, author, published_at::text FROM newsloom.article")}
    assert len(rows) == len(names)
    for path in site.pages:
        text, author, published = rows[site.url + path]
        lines = [line.split(": ", 1)[-1] for line in (PAGES / f"{path[1:-5]}.txt").read_text().splitlines() if len(line) > 40]
        assert lines and all(line in text for line in lines[:2]), path
        assert author == "Toà soạn" and published.startswith("2024-03-14")


def test_killed_crawl_is_run_again_and_every_page_is_there_once(broker, operator, new_site, newsroom, directory):
    site = new_site({**new_pages(newsroom, 60), **written_pages()})
    site.may_serve(40)
    env = python_client.settings(broker)
    crawl = python_client.start(by_sitemap(site), env, directory)
    wait_for(lambda: len(site.served) >= 40 and operator.backlog() > 0, 60, "the crawl is in its middle")
    crawl.send_signal(signal.SIGKILL)
    crawl.communicate()
    assert operator.backlog() < len(site.pages)
    site.release()
    python_client.run(by_sitemap(site), env, directory)
    assert_each_page_was_accepted_once(site, broker, operator)
    assert "0 wait for a receipt, 0 were refused" in python_client.run(
        ["-m", "newsloom", "show", "news.outbox"], env, directory).stdout


def test_crawl_without_a_broker_is_flushed_when_there_is_one(new_broker, new_site, newsroom, directory):
    broker = new_broker("later", start=False)
    site = new_site(new_pages(newsroom, 25))
    env = python_client.settings(broker)
    done = python_client.run(by_sitemap(site, "-s", "NEWSLOOM_FLUSH_TIMEOUT=0.2"), env, directory)
    assert "25 articles have no receipt yet and stay in news.outbox" in done.stderr
    broker.start()
    flushed = python_client.run(["-m", "newsloom", "flush", "news.outbox"], env, directory).stdout
    assert "25 accepted, 0 known already, 0 refused" in flushed
    operator = Operator(broker.endpoint("operator"))
    assert_each_page_was_accepted_once(site, broker, operator)
    operator.close()


def test_broker_killed_during_the_crawl_is_waited_for(broker, operator, new_site, newsroom, directory):
    site = new_site(new_pages(newsroom, 60))
    site.may_serve(20)
    crawl = python_client.start(by_sitemap(site), python_client.settings(broker), directory)
    wait_for(lambda: len(site.served) >= 20 and operator.backlog() > 0, 60, "the crawl is in its middle")
    broker.kill9()
    site.release()
    wait_for(lambda: len(site.served) == 60, 60, "every page was fetched")
    broker.start()
    _, said = crawl.communicate(timeout=60)
    assert crawl.returncode == 0, said
    assert_each_page_was_accepted_once(site, broker, operator)


SPIDER = """
import scrapy
from newsloom import Article
class Odd(scrapy.Spider):
    name = "odd"
    start_urls = ["data:,x"]
    custom_settings = {"ITEM_PIPELINES": {"newsloom.scrapy.NewsloomPipeline": 900}, "NEWSLOOM_OUTBOX": "odd.outbox",
                       "NEWSLOOM_OUTBOX_LIMIT": 300000, "NEWSLOOM_FLUSH_TIMEOUT": 20}
    def parse(self, response):
        yield {"price": 12}
        yield {"url": "https://example.org/empty", "content": b""}
        yield Article("own", "Một bài", key="a")
        for number in range(60):
            yield {"key": f"k{number}", "content": b"x" * 30000}
    def closed(self, reason):
        print(self.crawler.stats.get_value("newsloom/submitted"), self.crawler.stats.get_value("newsloom/refused"),
              self.crawler.stats.get_value("item_scraped_count"))
"""


@pytest.mark.parametrize("reactor", [[], ["-s", "TWISTED_REACTOR=twisted.internet.asyncioreactor.AsyncioSelectorReactor"]],
                         ids=["default", "asyncio"])
def test_crawl_waits_for_room_and_drops_what_can_never_be_taken(broker, operator, directory, reactor):
    (directory / "odd.py").write_text(SPIDER)
    done = python_client.run(["-m", "scrapy", "runspider", *QUIET[:4], *reactor, "odd.py"], python_client.settings(broker),
                             directory)
    assert done.stdout.split() == ["61", "1", "62"] and "EMPTY" in done.stderr
    assert operator.backlog() == 61
    assert (directory / "odd.outbox").stat().st_size < 500_000, "it waited for room: 1.8 MB went through"
    with Feeder(broker.endpoint("feed")) as feeder:
        assert feeder.outcome("odd", "k59").article_id and feeder.outcome("own", "a").article_id


def test_wrong_settings_end_the_crawl_before_it_began(broker, new_site, newsroom, directory):
    site = new_site(new_pages(newsroom, 1))
    done = python_client.run(by_sitemap(site, "-s", "NEWSLOOM_FEED=nonsense"), python_client.settings(broker), directory)
    assert 'cannot connect to "nonsense"' in done.stderr and site.served == []
