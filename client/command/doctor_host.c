// SPDX-License-Identifier: Apache-2.0
/*
 * doctor_host - what one host has of newsloom. The daemons judge their own settings: they are
 * asked.
 */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "client/command/child.h"
#include "client/command/doctor.h"
#include "client/command/helper.h"
#include "client/command/print.h"
#include "common/curve.h"
#include "common/quantity.h"

#define CHILD_LIMIT_MS    20000
#define CREDENTIALS       "/run/credentials/" /* systemd's, for the unit alone */
#define CONNECTIONS_SHARE 2                   /* the broker gives connections half of its files */

struct daemon {
    const char *program;
    const char *option; /* which file; without it the usual one, which need not be there */
    const char *usual;
    const char *check;
};

static const struct daemon broker_daemon = {"newsloom-broker", "broker-config",
                                            "/etc/newsloom/broker.conf", "broker settings"};
static const struct daemon worker_daemon = {"newsloom-worker", "worker-config",
                                            "/etc/newsloom/worker.conf", "worker settings"};

/* The last line, without the level that journald reads: the sentence. */
static const char *last_line(char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == '\n')
        text[--length] = '\0';
    char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    return line[0] == '<' && line[1] && line[2] == '>' ? line + 3 : line;
}

static void judge(struct doctor *doctor, const struct daemon *daemon, const char *file,
                  struct child_output *checked, json_t **ret_settings)
{
    if (checked->code == EX_OK) {
        *ret_settings = json_loads(checked->out, 0, NULL);
        if (*ret_settings)
            doctor_say(doctor, FOUND_OK, daemon->check, NULL, "%s is valid", file);
        else
            doctor_say(doctor, FOUND_FAILURE, daemon->check, "install one version of newsloom",
                       "%s printed settings that cannot be read", daemon->program);
    } else if (strstr(checked->err, CREDENTIALS)) {
        doctor_say(doctor, FOUND_SKIPPED, daemon->check, "its own log says whether it reads it",
                   "%s names a credential of the unit", file);
    } else {
        doctor_say(doctor, FOUND_FAILURE, daemon->check, "mend it, then restart the program", "%s",
                   last_line(checked->err));
    }
}

/* Settings as the program itself reads them; NULL where it is not there or refuses them. */
static json_t *daemon_settings(struct doctor *doctor, const struct daemon *daemon)
{
    struct error err;
    struct child_output checked;
    json_t *settings = NULL;
    const char *given = invocation_text(doctor->invocation, daemon->option);
    const char *file = given ? given : daemon->usual;
    if (access(file, F_OK) != 0 && !given) {
        doctor_say(doctor, FOUND_SKIPPED, daemon->check, NULL, "there is no %s on this host", file);
        return NULL;
    }
    if (access(file, R_OK) != 0) {
        doctor_say(doctor, FOUND_FAILURE, daemon->check, "run doctor as root, or mend its mode",
                   "cannot read %s: %s", file, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        return NULL;
    }
    char *program = helper_find(daemon->program);
    if (!program) {
        doctor_say(doctor, FOUND_FAILURE, daemon->check, "install its package",
                   "there is %s, and no %s", file, daemon->program);
        return NULL;
    }
    const char *const command[] = {program, "--config", file, "--show-config", "--json", NULL};
    if (child_run(command, CHILD_LIMIT_MS, &checked, &err) != STATUS_OK) {
        doctor_say(doctor, FOUND_FAILURE, daemon->check, NULL, "%s", err.text);
    } else {
        judge(doctor, daemon, file, &checked, &settings);
        child_output_done(&checked);
    }
    free(program);
    return settings;
}

static void look_at_key(struct doctor *doctor, const char *check, const char *path)
{
    struct error err;
    struct curve_pair pair;
    if (!*path) {
        doctor_say(doctor, FOUND_SKIPPED, check, NULL, "security.key-file is not set: no keys");
        return;
    }
    if (strncmp(path, CREDENTIALS, strlen(CREDENTIALS)) == 0) {
        doctor_say(doctor, FOUND_SKIPPED, check, NULL, "%s is a credential of the unit alone",
                   path);
        return;
    }
    enum status status = curve_file_read(path, &pair, &err);
    curve_pair_forget(&pair);
    if (status == STATUS_OK)
        doctor_say(doctor, FOUND_OK, check, NULL, "%s is a pair that its owner alone can read",
                   path);
    else if (access(path, F_OK) == 0 && access(path, R_OK) != 0)
        doctor_say(doctor, FOUND_WARNING, check, "run doctor as root", "%s", err.text);
    else
        doctor_say(doctor, FOUND_FAILURE, check,
                   "newsloom keygen makes a pair, chmod 600 closes it", "%s", err.text);
}

void doctor_look_at_files(struct doctor *doctor)
{
    const struct error *wrong = &doctor->invocation->settings_error;
    const struct settings *settings = doctor->invocation->settings;
    struct error ignored; /* one of them is told already */
    if (wrong->status != STATUS_OK) {
        (void)!settings_read_environment(doctor->invocation->settings, &ignored);
        doctor_say(doctor, FOUND_FAILURE, "settings", "what follows was asked with the rest", "%s",
                   wrong->text);
    } else {
        doctor_say(doctor, FOUND_OK, "settings", NULL, "those of the command line are valid");
    }
    look_at_key(doctor, "key", settings_text(settings, "security.key-file"));
    doctor->broker_settings = daemon_settings(doctor, &broker_daemon);
    if (doctor->broker_settings)
        look_at_key(doctor, "broker key",
                    doctor_setting(doctor->broker_settings, "security.key-file"));
    doctor->worker_settings = daemon_settings(doctor, &worker_daemon);
    if (doctor->worker_settings)
        look_at_key(doctor, "worker key",
                    doctor_setting(doctor->worker_settings, "security.key-file"));
}

/* ---- the store's directory ----------------------------------------------------------------- */

static void look_at_room(struct doctor *doctor, const char *directory)
{
    char free_text[SHORT_TEXT_SIZE];
    char budget_text[SHORT_TEXT_SIZE];
    char *parent = text_copy(directory);
    char *slash = strrchr(parent, '/');
    struct statvfs disk;
    int64_t budget = 0;
    (void)!quantity_parse_size(doctor_setting(doctor->broker_settings, "store.budget"), &budget,
                               NULL); /* the broker has read it */
    if (slash)
        slash[slash == parent] = '\0';
    if (statvfs(parent, &disk) != 0)
        doctor_say(doctor, FOUND_WARNING, "store", "make it, or set store.directory",
                   "%s does not exist, nor does the directory above it", directory);
    else if ((int64_t)(disk.f_bavail * disk.f_frsize) < budget)
        doctor_say(doctor, FOUND_FAILURE, "store", "lower store.budget, or take another disk",
                   "%s will be made with %s, and its disk has %s free", directory,
                   size_short((uint64_t)budget, budget_text),
                   size_short(disk.f_bavail * disk.f_frsize, free_text));
    else
        doctor_say(doctor, FOUND_OK, "store", NULL,
                   "%s will be made when the broker starts, and there is room for it", directory);
    free(parent);
}

static void look_at_store(struct doctor *doctor)
{
    if (!doctor->broker_settings)
        return;
    const char *directory = doctor_setting(doctor->broker_settings, "store.directory");
    struct stat about;
    if (stat(directory, &about) != 0 && errno == ENOENT)
        look_at_room(doctor, directory);
    else if (stat(directory, &about) != 0)
        doctor_say(doctor, FOUND_WARNING, "store", "run doctor as root", "cannot look at %s: %s",
                   directory, strerror(errno)); // NOLINT(concurrency-mt-unsafe): one thread
    else if (!S_ISDIR(about.st_mode))
        doctor_say(doctor, FOUND_FAILURE, "store", "set store.directory", "%s is no directory",
                   directory);
    else if (about.st_mode & (S_IWGRP | S_IWOTH))
        doctor_say(doctor, FOUND_FAILURE, "store", "chmod 700 it",
                   "%s has mode %03o: others can write there", directory, about.st_mode & 0777);
    else if (about.st_mode & (S_IRWXG | S_IRWXO))
        doctor_say(doctor, FOUND_WARNING, "store", "chmod 700 it",
                   "%s has mode %03o: others can look into it", directory, about.st_mode & 0777);
    else
        doctor_say(doctor, FOUND_OK, "store", NULL, "%s is open to its owner alone", directory);
}

/* ---- limits and units ---------------------------------------------------------------------- */

static void look_at_open_files(struct doctor *doctor)
{
    struct rlimit files;
    if (!doctor->broker_settings || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    int64_t connections = 0;
    (void)!quantity_parse_integer(doctor_setting(doctor->broker_settings, "limit.connections"),
                                  &connections, NULL);
    uint64_t wanted = CONNECTIONS_SHARE * (uint64_t)connections;
    if (files.rlim_max >= wanted)
        doctor_say(doctor, FOUND_OK, "open files", NULL, "a program started here may open %" PRIu64,
                   (uint64_t)files.rlim_max);
    else
        doctor_say(doctor, FOUND_WARNING, "open files",
                   "raise the hard limit (LimitNOFILE= under systemd), or lower limit.connections",
                   "a broker started here may open %" PRIu64 " files, and limit.connections asks "
                   "for %" PRIu64,
                   (uint64_t)files.rlim_max, wanted);
}

enum { UNIT_ID, UNIT_LOAD, UNIT_ACTIVE, UNIT_ENABLED, UNIT_RESTARTS, UNIT_FACTS };

#define UNIT_PROPERTIES "--property=Id,LoadState,ActiveState,UnitFileState,NRestarts"
static const char *const unit_properties[UNIT_FACTS] = {
    [UNIT_ID] = "Id=",
    [UNIT_LOAD] = "LoadState=",
    [UNIT_ACTIVE] = "ActiveState=",
    [UNIT_ENABLED] = "UnitFileState=",
    [UNIT_RESTARTS] = "NRestarts=",
};

struct unit {
    const char *facts[UNIT_FACTS]; /* "" where systemctl did not say it */
};

static void judge_unit(struct doctor *doctor, const struct unit *unit)
{
    const char *id = unit->facts[UNIT_ID];
    const char *active = unit->facts[UNIT_ACTIVE];
    const char *restarts = unit->facts[UNIT_RESTARTS];
    if (strcmp(unit->facts[UNIT_LOAD], "loaded") != 0)
        doctor_say(doctor, FOUND_FAILURE, "unit", "systemctl status says what is wrong", "%s is %s",
                   id, unit->facts[UNIT_LOAD]);
    else if (strcmp(active, "failed") == 0)
        doctor_say(doctor, FOUND_FAILURE, "unit", "journalctl -u UNIT -p err says why",
                   "%s has failed, after %s restarts", id, restarts);
    else if (strcmp(active, "active") == 0)
        doctor_say(doctor, FOUND_OK, "unit", NULL, "%s is active, %s restarts", id, restarts);
    else if (strcmp(unit->facts[UNIT_ENABLED], "enabled") != 0)
        doctor_say(doctor, FOUND_SKIPPED, "unit", NULL, "%s is not enabled, and %s", id, active);
    else
        doctor_say(doctor, FOUND_WARNING, "unit", "systemctl start it", "%s is enabled, and %s", id,
                   active);
}

static struct unit unit_unknown(void)
{
    struct unit unit;
    for (size_t i = 0; i < UNIT_FACTS; i++)
        unit.facts[i] = "";
    return unit;
}

static void unit_read(struct unit *unit, const char *line)
{
    for (size_t i = 0; i < UNIT_FACTS; i++) {
        size_t length = strlen(unit_properties[i]);
        if (strncmp(line, unit_properties[i], length) == 0)
            unit->facts[i] = line + length;
    }
}

/* NAME=VALUE lines, units parted by empty ones; text is cut into lines. */
static size_t judge_units(struct doctor *doctor, char *text)
{
    struct unit unit = unit_unknown();
    size_t count = 0;
    for (char *line = text; line;) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        unit_read(&unit, line);
        if (*line && next) {
            line = next;
            continue;
        }
        if (*unit.facts[UNIT_ID] && strcmp(unit.facts[UNIT_LOAD], "not-found") != 0) {
            judge_unit(doctor, &unit);
            count++;
        }
        unit = unit_unknown();
        line = next;
    }
    return count;
}

static void look_at_units(struct doctor *doctor)
{
    static const char *const command[] = {"systemctl",
                                          "show",
                                          "--all",
                                          UNIT_PROPERTIES,
                                          "newsloom-broker.service",
                                          "newsloom-gateway.service",
                                          "newsloom-worker@*.service",
                                          NULL};
    struct error err;
    struct child_output shown;
    if (child_run(command, CHILD_LIMIT_MS, &shown, &err) != STATUS_OK) {
        doctor_say(doctor, FOUND_SKIPPED, "unit", NULL, "%s", err.text);
        return;
    }
    if (shown.code != EX_OK)
        doctor_say(doctor, FOUND_SKIPPED, "unit", NULL, "systemd does not run here");
    else if (judge_units(doctor, shown.out) == 0)
        doctor_say(doctor, FOUND_SKIPPED, "unit", NULL, "there is no unit of newsloom here");
    child_output_done(&shown);
}

void doctor_look_at_host(struct doctor *doctor)
{
    look_at_store(doctor);
    look_at_open_files(doctor);
    look_at_units(doctor);
}
