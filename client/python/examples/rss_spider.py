# SPDX-License-Identifier: Apache-2.0
"""Every page that an RSS feed names, with the feed's own date and author.

    scrapy runspider -a feed=https://example.org/rss.xml rss_spider.py"""
from email.utils import parsedate_to_datetime

from scrapy.spiders import XMLFeedSpider

from newsloom.scrapy import article_of


class RssNews(XMLFeedSpider):
    name = "rss"
    itertag = "item"
    namespaces = [("dc", "http://purl.org/dc/elements/1.1/")]
    iterator = "xml"
    custom_settings = {"ITEM_PIPELINES": {"newsloom.scrapy.NewsloomPipeline": 900}, "NEWSLOOM_OUTBOX": "news.outbox",
                       "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7"}

    def __init__(self, feed, **options):
        self.start_urls = [feed]
        super().__init__(**options)

    def parse_node(self, response, node):
        known = {"author": node.xpath("dc:creator/text()").get("")}
        published = node.xpath("pubDate/text()").get()
        if published:
            known["published"] = parsedate_to_datetime(published)
        yield response.follow(node.xpath("link/text()").get(), self.parse_page, cb_kwargs=known)

    def parse_page(self, response, **known):
        yield article_of(response, **known)
