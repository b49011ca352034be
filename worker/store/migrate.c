// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-migrate - bring a database to the schema that this build writes, or say where it stands.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "worker/store/migrations.h"
#include "worker/store/schema.h"
#include "worker/store/wait.h"

static const char help_text[] =
    "usage: newsloom migrate [--database URL] [--dry-run|--status [--json]]\n"
    "\n"
    "Create or update newsloom's tables in a PostgreSQL database.\n"
    "\n"
    "  --dry-run        only say what would be applied\n"
    "  --status         only say which version the database has\n"
    "\n"
    "  --database URL   a libpq connection string or URI, such as postgresql://localhost/news;\n"
    "                   default: $NEWSLOOM_DATABASE_URL, else libpq's own ($PGHOST, $PGDATABASE, "
    "…)\n"
    "  --json           with --status: one JSON object\n"
    "  --help           this text\n"
    "  --version        the program's version and the schema version it writes\n"
    "\n"
    "examples:\n"
    "  newsloom migrate --database 'dbname=news'\n"
    "  NEWSLOOM_DATABASE_URL=postgresql:///news newsloom migrate --status\n"
    "\n"
    "The role that migrates must own the database and may create roles, unless newsloom_worker\n"
    "and newsloom_reader exist. Every migration is one transaction; what was begun is finished or\n"
    "undone. Running it again is safe.\n"
    "\n"
    "Exit status: 0 done (--status: up to date); 64 wrong usage; 65 the database belongs to a "
    "newer\n"
    "or another build; 69 --status: migrations are missing; 70 an error in the database; 75 the\n"
    "server or a lock could not be had, try again.\n";

struct options {
    const char *database;
    bool status;
    bool dry_run;
    bool json;
};

static void tell(int version, const char *name, void *context)
{
    const struct options *options = context;
    (void)printf("%s %d %s\n", options->dry_run ? "would apply" : "applying", version, name);
    (void)fflush(stdout);
}

static int print_status(PGconn *connection, const struct options *options, struct error *err)
{
    struct schema_state state;
    enum status status = schema_read(connection, PG_NO_DEADLINE, &state, err);
    if (status != STATUS_OK)
        return status_exit_code(status);
    if (options->json)
        (void)printf("{\"version\": %d, \"newest\": %d, \"oldest_writer\": %d}\n", state.version,
                     migration_count, state.oldest_writer);
    else if (state.version == 0)
        (void)printf("no newsloom schema; this program writes version %d\n", migration_count);
    else
        (void)printf("schema version %d; this program writes version %d\n", state.version,
                     migration_count);
    return state.version < migration_count ? EX_UNAVAILABLE : EX_OK;
}

static int run(const struct options *options, struct error *err)
{
    CLEANUP(pg_connection_finish) PGconn *connection = NULL;
    const char *keys[] = {"dbname", "fallback_application_name", "connect_timeout", NULL};
    const char *values[] = {options->database, "newsloom-migrate", "10", NULL};
    connection = PQconnectdbParams(keys, values, 1);
    if (PQstatus(connection) != CONNECTION_OK) {
        const char *text = PQerrorMessage(connection);
        return status_exit_code(error_set(err, STATUS_AGAIN, "could not connect: %.*s",
                                          (int)strcspn(text, "\n"), text));
    }
    if (options->status)
        return print_status(connection, options, err);
    enum status status = schema_apply(connection, options->dry_run, tell, (void *)options, err);
    if (status != STATUS_OK)
        return status_exit_code(status);
    if (!options->dry_run)
        (void)printf("schema version %d\n", migration_count);
    return EX_OK;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"database", required_argument, NULL, 'd'},
        {"status", no_argument, NULL, 's'},
        {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread
    struct options options = {.database = getenv("NEWSLOOM_DATABASE_URL")};
    int letter;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread
    while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (letter) {
        case 'd':
            options.database = optarg;
            break;
        case 's':
            options.status = true;
            break;
        case 'n':
            options.dry_run = true;
            break;
        case 'j':
            options.json = true;
            break;
        case 'h':
            (void)fputs(help_text, stdout);
            return EX_OK;
        case 'v':
            (void)printf("newsloom-migrate %s, schema version %d\n", NEWSLOOM_VERSION,
                         migration_count);
            return EX_OK;
        default:
            (void)fputs("try newsloom-migrate --help\n", stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "newsloom-migrate: \"%s\" is not understood; try --help\n",
                      argv[optind]);
        return EX_USAGE;
    }
    struct error err = {0};
    int code = run(&options, &err);
    if (err.text[0])
        (void)fprintf(stderr, "newsloom-migrate: %s\n", err.text);
    return code;
}
