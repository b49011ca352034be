-- SPDX-License-Identifier: Apache-2.0
--
-- What a later version might do to the tables while workers of this one write: a column with a default,
-- an index, a view, a right. Workers of this version may go on.

ALTER TABLE newsloom.article ADD COLUMN region text NOT NULL DEFAULT '';
COMMENT ON COLUMN newsloom.article.region IS 'Of the next version.';
ALTER TABLE newsloom.mention ADD COLUMN weight smallint;
CREATE INDEX article_region ON newsloom.article (region) WHERE region <> '';
CREATE VIEW newsloom.by_region AS SELECT region, count(*) AS articles FROM newsloom.article GROUP BY 1;
GRANT SELECT ON newsloom.by_region TO newsloom_worker, newsloom_reader;
