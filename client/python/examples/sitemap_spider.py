# SPDX-License-Identifier: Apache-2.0
"""Every page that a site's sitemap names.

    scrapy runspider -a site=https://example.org sitemap_spider.py"""
from scrapy.spiders import SitemapSpider

from newsloom.scrapy import article_of


class SitemapNews(SitemapSpider):
    name = "sitemap"
    custom_settings = {"ITEM_PIPELINES": {"newsloom.scrapy.NewsloomPipeline": 900}, "NEWSLOOM_OUTBOX": "news.outbox",
                       "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7"}

    def __init__(self, site, **options):
        self.sitemap_urls = [f"{site}/sitemap.xml"]
        super().__init__(**options)

    def parse(self, response):
        yield article_of(response)
