// SPDX-License-Identifier: Apache-2.0
#include "client/command/verb.h"
#include "common/compiler.h"

/* Verbs that are programs of their own (helper.h): here stands what help and completion say. Their
 * own --help says the rest. */

static const struct option extract_options[] = {
    {"format", 'f', "text|json", "marked text for people, or one JSON line an article (text)"},
    {"jobs", 'j', "N", "extract on N threads; the output is the same (1)"},
};

static const struct example extract_examples[] = {
    {"newsloom extract article.txt", "shows the article with what was found in it"},
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
