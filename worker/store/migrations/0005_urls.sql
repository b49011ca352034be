-- SPDX-License-Identifier: Apache-2.0
--
-- Articles that were fed without a URL all fell into one bucket of a hash index, and each new one walked through
-- the earlier ones. A URL that many articles share (the address of a feed, say) would do the same. In a B-tree
-- neither costs anything, and those without one need no entry.

DROP INDEX newsloom.article_url;
CREATE INDEX article_url ON newsloom.article (url) WHERE url <> ''; -- do we have this page?
