// SPDX-License-Identifier: Apache-2.0
#include "client/command/verb.h"
#include "common/compiler.h"

/* Verbs that are programs of their own (helper.h): here stands what help and completion say. Their
 * own --help says the rest. */

static const struct option extract_options[] = {
    {"fetched", 'F', "TIME", "when articles were fetched that do not say it: a day or an instant"},
    {"format", 'f', "text|json", "marked text for people, or one JSON line an article (text)"},
    {"explain", 'e', NULL,
     "say why each line is title, body or junk, and what spoke for a mention"},
    {"jobs", 'j', "N", "extract on N threads; the output is the same (1)"},
    {"model", 'm', "FILE", "the tagger's model (the one installed with newsloom)"},
};

static const struct example extract_examples[] = {
    {"newsloom extract article.txt", "shows the article with what was found in it"},
    {"newsloom extract --explain article.txt", "and why"},
    {"newsloom extract --format json articles.jsonl >found.jsonl", "one line an article"},
};

const struct verb verb_extract = {
    .name = "extract",
    .purpose = "extract from files, without broker or database",
    .operands = "FILE|FOLDER|-…",
    .about = "Runs newsloom-extract.",
    .options = extract_options,
    .option_count = COUNT_OF(extract_options),
    .examples = extract_examples,
    .example_count = COUNT_OF(extract_examples),
    .helper = "newsloom-extract",
};

static const struct option migrate_options[] = {
    {"database", 0, "CONNINFO", "the database, as a URI or key=value; else database.url"},
    {"dry-run", 0, NULL, "say what would be applied"},
    {"status", 0, NULL, "say which version the database has"},
    {"json", 0, NULL, "with --status: one JSON object"},
};

static const struct example migrate_examples[] = {
    {"newsloom migrate --database postgresql:///newsloom", "creates or updates the tables"},
};

const struct verb verb_migrate = {
    .name = "migrate",
    .purpose = "create or update the tables in PostgreSQL",
    .operands = "",
    .about = "Runs newsloom-migrate.",
    .options = migrate_options,
    .option_count = COUNT_OF(migrate_options),
    .examples = migrate_examples,
    .example_count = COUNT_OF(migrate_examples),
    .helper = "newsloom-migrate",
};

static const struct option verify_options[] = {
    {"limit", 0, "N", "tell at most this many findings; all are counted (20; 0: all)"},
    {"quiet", 'q', NULL, "no progress"},
    {"json", 0, NULL, "one JSON object a finding, and one with every count at the end"},
};

static const struct example verify_examples[] = {
    {"newsloom verify", "after an incident, before and after a repair"},
    {"newsloom verify --json --limit 0 >findings.jsonl", "every finding, for a program"},
};

const struct verb verb_verify = {
    .name = "verify",
    .purpose = "compare the broker's store, the event log and the database",
    .operands = "",
    .about = "Reads only. The broker checks its own store, slice by slice; every entry of the log "
             "that is\nretained is compared with its row and the facts below it; every row since "
             "the log's beginning\nis looked up in the broker. Ends with 0 when everything agrees, "
             "with 1 when something does\nnot, with another code when it could not be compared. "
             "What is on its way is no finding.",
    .options = verify_options,
    .option_count = COUNT_OF(verify_options),
    .examples = verify_examples,
    .example_count = COUNT_OF(verify_examples),
    .helper = "newsloom-verify",
};

static const struct option repair_options[] = {
    {"dry-run", 'n', NULL, "say what would be done; change nothing"},
    {"only", 0, "database|log", "mend only the one or the other (both)"},
    {"limit", 0, "N", "tell at most this many articles; all are counted (20; 0: all)"},
    {"quiet", 'q', NULL, "no progress"},
    {"json", 0, NULL, "one JSON object an article, and one with every count at the end"},
};

static const struct example repair_examples[] = {
    {"newsloom repair --dry-run", "what the database or the log has forgotten"},
    {"newsloom repair --only database", "after PostgreSQL came back from an older backup"},
    {"newsloom repair --only log", "after the broker's store was lost or came from a backup"},
};

const struct verb verb_repair = {
    .name = "repair",
    .purpose = "give the database and the log back what one of them forgot",
    .operands = "",
    .about =
        "Database: rows that entries of the log speak of and that are missing, older or not "
        "complete are\nwritten again, byte for byte from the entries. An entry holds what was "
        "extracted, not the page:\ntext and content of such a row stay empty.\nLog: rows that "
        "the broker does not know are submitted again as BACKFILL; a worker finds them in\nthe "
        "database and their entries are appended with the bytes that stand there. Rows whose\n"
        "article is a dead letter are retried in the same way.\nIt may be interrupted and run "
        "again. Ends with 0 when nothing is left to mend, with 1 when\nsomething is that it "
        "cannot: that is told.",
    .options = repair_options,
    .option_count = COUNT_OF(repair_options),
    .examples = repair_examples,
    .example_count = COUNT_OF(repair_examples),
    .helper = "newsloom-repair",
};

static const struct option reextract_options[] = {
    {"source", 0, "SOURCE", "those of this source"},
    {"except-model", 0, "HEX", "those made with another model than the one whose digest begins so"},
    {"before", 0, "TIME", "those stored before then (before this command was started)"},
    {"unmarked-copies", 0, NULL,
     "near copies of an earlier article that two workers stored at the same moment"},
    {"all", 0, NULL, "every article"},
    {"dry-run", 'n', NULL, "say how many it would be; change nothing"},
    {"limit", 0, "N", "tell at most this many that are left; all are counted (20; 0: all)"},
    {"quiet", 'q', NULL, "no progress"},
    {"json", 0, NULL, "one JSON object an article that is left, and one with every count"},
};

static const struct example reextract_examples[] = {
    {"newsloom reextract --except-model 5be2f1c09a",
     "after every worker was given a new model: what the old one made"},
    {"newsloom reextract archive/2026-03/017.txt", "one article"},
    {"newsloom reextract --source vov.vn --before 2026-03-01 --dry-run", "how many are there?"},
};

const struct verb verb_reextract = {
    .name = "reextract",
    .purpose = "have stored articles extracted again",
    .operands = "[SOURCE/KEY]",
    .about =
        "Articles are submitted again as BACKFILL, from the pages that their rows keep, each as "
        "its "
        "next\ngeneration: a worker's new facts take the place of the old ones in one transaction, "
        "and the event\nlog gets an entry REPLACED. Until then, and if it fails, the old ones "
        "stand. "
        "A late worker that\nstill holds the earlier generation changes nothing. Replace the "
        "workers first: whichever worker\nis free extracts it.\nIt needs a key with the roles "
        "operator and feeder. Interrupted, it says how to go on. Ends with 0\nwhen every one was "
        "submitted, with 1 when some are left: on their way already, or without a page.",
    .options = reextract_options,
    .option_count = COUNT_OF(reextract_options),
    .examples = reextract_examples,
    .example_count = COUNT_OF(reextract_examples),
    .helper = "newsloom-reextract",
};

static const struct example rss_examples[] = {
    {"newsloom rss https://vov.vn/rss/phap-luat.rss | newsloom feed --source vov.vn -",
     "what `newsloom feed --rss` does"},
    {"newsloom rss feed.xml | jq .title", "what stands in it"},
};

const struct verb verb_rss = {
    .name = "rss",
    .purpose = "print the entries of RSS and Atom feeds as JSON lines",
    .operands = "URL|FILE|-…",
    .about =
        "Each entry is a line as feed reads it: its link as url (else its id as key), title, "
        "author, date, and\nthe text that the feed itself has, which may be a teaser. A feed that "
        "is not well-formed is refused\nas a whole. http and https alone, at most five "
        "redirections, 16 MiB, a minute.",
    .examples = rss_examples,
    .example_count = COUNT_OF(rss_examples),
    .helper = "newsloom-rss",
};
