// SPDX-License-Identifier: Apache-2.0
/*
 * doctor_peers - what answers: the broker, its workers, PostgreSQL; and whether their clocks agree.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/child.h"
#include "client/command/database.h"
#include "client/command/doctor.h"
#include "client/command/helper.h"
#include "client/command/print.h"
#include "common/clock.h"

#define MIGRATE_LIMIT_MS 20000
#define CLOCK_WARNING_MS 2000
#define CLOCK_FAILURE_MS 60000
#define STORE_WARNING    85 /* percent of the budget */
#define POSTGRES_OLDEST  150000
#define SYNC_CLOCKS      "let both hosts ask a time server (timedatectl set-ntp true)"

/* ---- the broker ---------------------------------------------------------------------------- */

static void say_clock(struct doctor *doctor, const char *whose, int64_t ahead_ms)
{
    char text[SHORT_TEXT_SIZE];
    uint64_t apart_ms = (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms);
    if (apart_ms < CLOCK_WARNING_MS)
        doctor_say(doctor, FOUND_OK, "clock", NULL, "%s and this host agree", whose);
    else
        doctor_say(doctor, apart_ms < CLOCK_FAILURE_MS ? FOUND_WARNING : FOUND_FAILURE, "clock",
                   SYNC_CLOCKS, "%s is %s %s this host", whose, duration_short(apart_ms, text),
                   ahead_ms < 0 ? "behind" : "ahead of");
}

static void judge_version(struct doctor *doctor, const char *check, const char *whose,
                          const char *version)
{
    if (strcmp(version, newsloom_version()) == 0)
        doctor_say(doctor, FOUND_OK, check, NULL, "%s answers, version %s", whose, version);
    else
        doctor_say(doctor, FOUND_WARNING, check, "finish the upgrade",
                   "%s has version %s, this command line %s", whose, version, newsloom_version());
}

static void judge_condition(struct doctor *doctor, const Newsloom__V1__Status *status)
{
    if (strcmp(status->condition, "running") == 0)
        doctor_say(doctor, FOUND_OK, "condition", NULL, "it takes articles and gives them out");
    else
        doctor_say(doctor, FOUND_WARNING, "condition",
                   strcmp(status->condition, "full") == 0
                       ? "add workers, or raise store.budget and restart it"
                       : "newsloom resume ends it",
                   "the broker is %s%s%s", status->condition, *status->condition_reason ? ": " : "",
                   status->condition_reason);
}

static void judge_workers(struct doctor *doctor, const Newsloom__V1__Status *status)
{
    size_t ill = 0;
    for (size_t i = 0; i < status->n_workers; i++) {
        const Newsloom__V1__WorkerStatus *worker = status->workers[i];
        if (worker->blocked)
            doctor_say(doctor, FOUND_FAILURE, "worker", "look at PostgreSQL; it goes on by itself",
                       "%s has lost its database: %s", worker->worker, worker->blocked_reason);
        else if (worker->paused)
            doctor_say(doctor, FOUND_FAILURE, "worker", "see its log and newsloom dead list",
                       "%s is paused by the breaker: nothing but failures came from it",
                       worker->worker);
        else if (strcmp(worker->version, status->version) != 0)
            doctor_say(doctor, FOUND_WARNING, "worker", "finish the upgrade",
                       "%s has version %s, the broker %s", worker->worker, worker->version,
                       status->version);
        else
            continue;
        ill++;
    }
    if (status->n_workers == 0)
        doctor_say(doctor, FOUND_FAILURE, "worker",
                   "start one (systemctl enable --now newsloom-worker@1), or read its log",
                   "no worker is connected");
    else if (ill == 0)
        doctor_say(doctor, FOUND_OK, "worker", NULL, "%zu connected, all of them work",
                   status->n_workers);
}

static void judge_disk(struct doctor *doctor, const Newsloom__V1__Status *status)
{
    char used[SHORT_TEXT_SIZE];
    char budget[SHORT_TEXT_SIZE];
    char left[SHORT_TEXT_SIZE];
    (void)size_short(status->store_used_bytes, used);
    (void)size_short(status->store_budget_bytes, budget);
    (void)size_short(status->disk_free_bytes, left);
    if (status->store_used_bytes / STORE_WARNING > status->store_budget_bytes / 100)
        doctor_say(doctor, FOUND_WARNING, "disk", "add workers, or raise store.budget",
                   "the store uses %s of its budget of %s", used, budget);
    else if (status->disk_free_bytes < status->store_used_bytes)
        doctor_say(doctor, FOUND_WARNING, "disk", "set store.backups to another disk",
                   "%s are free on the store's disk: no room for a backup of %s", left, used);
    else
        doctor_say(doctor, FOUND_OK, "disk", NULL, "the store uses %s of %s; %s more are free",
                   used, budget, left);
    if (status->dead)
        doctor_say(doctor, FOUND_WARNING, "dead letters",
                   "newsloom dead list shows them; dead retry or dead drop", "there are %" PRIu64,
                   status->dead);
    else
        doctor_say(doctor, FOUND_OK, "dead letters", NULL, "there are none");
}

/* Every one of a list. */
static bool are_local(const char *endpoints)
{
    static const char *const local[] = {"ipc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:"};
    for (const char *at = endpoints; *(at += strspn(at, ", ")); at += strcspn(at, ",")) {
        bool is_known = false;
        for (size_t i = 0; i < COUNT_OF(local); i++)
            is_known = is_known || strncmp(at, local[i], strlen(local[i])) == 0;
        if (!is_known)
            return false;
    }
    return true;
}

static void judge_transport(struct doctor *doctor, const struct newsloom_options *options)
{
    if (options->server_key && *options->server_key)
        doctor_say(doctor, FOUND_OK, "transport", NULL,
                   "encrypted, and both sides know each other");
    else if (are_local(options->endpoints))
        doctor_say(doctor, FOUND_OK, "transport", NULL, "plain, within this host");
    else
        doctor_say(doctor, FOUND_WARNING, "transport",
                   "make keys with newsloom keygen and set broker.server-key",
                   "%s is reached over a network without keys: whoever is on it may do everything",
                   options->endpoints);
}

void doctor_look_at_broker(struct doctor *doctor)
{
    struct error err;
    struct newsloom_options options = invocation_connect(doctor->invocation, "broker.operator");
    enum status status = newsloom_operator_open(&doctor->op, &options, &err);
    int64_t asked_ms = clock_wall_ms();
    if (status == STATUS_OK)
        status = newsloom_operator_status(doctor->op, &doctor->status, &err);
    int64_t heard_ms = clock_wall_ms();
    if (status != STATUS_OK) {
        doctor_say(doctor, FOUND_FAILURE, "broker",
                   "systemctl status newsloom-broker; where there are keys: its log, for this one",
                   "%s", err.text);
        doctor_say(doctor, FOUND_SKIPPED, "worker", NULL, "the broker would know");
        return;
    }
    judge_version(doctor, "broker", "it", doctor->status->version);
    judge_condition(doctor, doctor->status);
    judge_transport(doctor, &options);
    judge_workers(doctor, doctor->status);
    judge_disk(doctor, doctor->status);
    if (doctor->status->now_ms)
        say_clock(doctor, "the broker's clock",
                  doctor->status->now_ms - (asked_ms + (heard_ms - asked_ms) / 2));
    else
        doctor_say(doctor, FOUND_SKIPPED, "clock", NULL, "this broker does not say its time");
}

/* ---- PostgreSQL ---------------------------------------------------------------------------- */

static const char server_facts[] =
    "SELECT current_setting('server_version_num'), current_setting('server_version'),"
    " current_setting('fsync'), current_setting('synchronous_commit'),"
    " current_setting('full_page_writes'), pg_is_in_recovery(),"
    " (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
enum { VERSION_NUMBER, VERSION, FSYNC, SYNCHRONOUS, FULL_PAGES, RECOVERY, NOW_MS };

static void judge_server(struct doctor *doctor, PGresult *facts)
{
    const char *fsync_on = PQgetvalue(facts, 0, FSYNC);
    const char *synchronous = PQgetvalue(facts, 0, SYNCHRONOUS);
    const char *pages = PQgetvalue(facts, 0, FULL_PAGES);
    if (strtol(PQgetvalue(facts, 0, VERSION_NUMBER), NULL, 10) < POSTGRES_OLDEST)
        doctor_say(doctor, FOUND_FAILURE, "database", "upgrade it to 15 or later",
                   "PostgreSQL has version %s", PQgetvalue(facts, 0, VERSION));
    else if (*PQgetvalue(facts, 0, RECOVERY) == 't')
        doctor_say(doctor, FOUND_WARNING, "database",
                   "name both hosts with target_session_attrs=read-write",
                   "this PostgreSQL is a standby, and workers need the primary");
    else
        doctor_say(doctor, FOUND_OK, "database", NULL, "PostgreSQL %s answers",
                   PQgetvalue(facts, 0, VERSION));
    if (strcmp(fsync_on, "on") == 0 && strcmp(pages, "on") == 0 &&
        strcmp(synchronous, "off") != 0 && strcmp(synchronous, "local") != 0)
        doctor_say(doctor, FOUND_OK, "durability", NULL, "what is committed stays committed");
    else
        doctor_say(doctor, FOUND_FAILURE, "durability",
                   "set all three to on in postgresql.conf; workers refuse the server otherwise",
                   "fsync is %s, synchronous_commit is %s, full_page_writes is %s", fsync_on,
                   synchronous, pages);
}

static const char *connection_option(PGconn *connection, const char *keyword, char *buffer,
                                     size_t size)
{
    PQconninfoOption *all = PQconninfo(connection);
    buffer[0] = '\0';
    for (const PQconninfoOption *one = all; one && one->keyword; one++)
        if (strcmp(one->keyword, keyword) == 0 && one->val)
            (void)snprintf(buffer, size, "%s", one->val);
    PQconninfoFree(all);
    return buffer;
}

static void judge_tls(struct doctor *doctor)
{
    char mode[24];
    const char *host = PQhost(doctor->database);
    (void)connection_option(doctor->database, "sslmode", mode, sizeof(mode));
    bool is_near = !host || !*host || *host == '/' || *host == '@' ||
                   strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
                   strcmp(host, "::1") == 0;
    if (is_near)
        doctor_say(doctor, FOUND_OK, "tls", NULL, "PostgreSQL is on this host");
    else if (!PQsslInUse(doctor->database))
        doctor_say(doctor, FOUND_WARNING, "tls",
                   "say sslmode=verify-full sslrootcert=… in database.url, and hostssl in "
                   "pg_hba.conf",
                   "%s is reached in plain text", host);
    else if (strcmp(mode, "verify-full") != 0)
        doctor_say(doctor, FOUND_WARNING, "tls",
                   "say sslmode=verify-full sslrootcert=… in database.url",
                   "encrypted, but sslmode=%s lets anybody be %s", mode, host);
    else
        doctor_say(doctor, FOUND_OK, "tls", NULL, "encrypted, and %s is proven", host);
}

/* newsloom-migrate knows the newest; the address goes there by the environment, for command lines
 * are seen by everybody. */
static void look_at_migrations(struct doctor *doctor)
{
    struct error err;
    struct child_output said;
    char *program = helper_find("newsloom-migrate");
    if (!program) {
        doctor_say(doctor, FOUND_SKIPPED, "migrations", NULL,
                   "newsloom-migrate is not installed here");
        return;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    (void)setenv("NEWSLOOM_DATABASE_URL", doctor->database_url, 1);
    const char *const command[] = {program, "--status", NULL};
    if (child_run(command, MIGRATE_LIMIT_MS, &said, &err) != STATUS_OK) {
        doctor_say(doctor, FOUND_FAILURE, "migrations", NULL, "%s", err.text);
        free(program);
        return;
    }
    const char *text = *said.out ? said.out : said.err;
    int length = (int)strcspn(text, "\n");
    if (said.code == EX_OK)
        doctor_say(doctor, FOUND_OK, "migrations", NULL, "%.*s", length, text);
    else
        doctor_say(doctor, FOUND_FAILURE, "migrations",
                   said.code == EX_UNAVAILABLE ? "newsloom migrate applies them, as the owner"
                                               : "see newsloom migrate --status",
                   "%.*s", length, text);
    child_output_done(&said);
    free(program);
}

void doctor_look_at_database(struct doctor *doctor)
{
    struct error err;
    PGresult *facts = NULL;
    const char *url = settings_text(doctor->invocation->settings, "database.url");
    if (!*url)
        url = doctor_setting(doctor->worker_settings, "database.url");
    doctor->database_url = url;
    if (database_open_at(&doctor->database, url, &err) != STATUS_OK) {
        doctor_say(doctor, FOUND_FAILURE, "database",
                   "systemctl status postgresql, then database.url and pg_hba.conf", "%s",
                   err.text);
        return;
    }
    int64_t asked_ms = clock_wall_ms();
    if (database_ask(doctor->database, server_facts, NULL, 0, &facts, &err) != STATUS_OK) {
        doctor_say(doctor, FOUND_FAILURE, "database", NULL, "%s", err.text);
        return;
    }
    int64_t heard_ms = clock_wall_ms();
    judge_server(doctor, facts);
    judge_tls(doctor);
    look_at_migrations(doctor);
    say_clock(doctor, "PostgreSQL's clock",
              strtoll(PQgetvalue(facts, 0, NOW_MS), NULL, 10) -
                  (asked_ms + (heard_ms - asked_ms) / 2));
    database_clear(&facts);
}
