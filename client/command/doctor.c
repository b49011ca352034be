// SPDX-License-Identifier: Apache-2.0
#include "client/command/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "client/command/database.h"
#include "client/command/print.h"

#define EXIT_ILL 1 /* at least one failure */

static const char *const kind_names[FOUND_COUNT] = {
#define X(kind, name) [FOUND_##kind] = (name),
    FINDINGS(X)
#undef X
};

void doctor_say(struct doctor *doctor, enum finding_kind kind, const char *check,
                const char *advice, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    ENSURE(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    doctor->counts[kind]++;
    if (doctor->as_json) {
        json_t *line = json_pack("{s:s, s:s, s:s, s:s*}", "check", check, "finding",
                                 kind_names[kind], "text", text, "advice", advice);
        ENSURE(line);
        json_print_line(&line, stdout);
    } else {
        char *shown = text_in_columns(text, SIZE_MAX); /* without control characters */
        (void)printf("%-8s %-16s %s%s%s\n", kind_names[kind], check, shown, advice ? "; " : "",
                     advice ? advice : "");
        free(shown);
    }
    (void)fflush(stdout);
    free(text);
}

const char *doctor_setting(const json_t *settings, const char *name)
{
    const char *value =
        json_string_value(json_object_get(json_object_get(settings, name), "value"));
    return value ? value : "";
}

static void say_counts(const struct doctor *doctor)
{
    if (!doctor->as_json) {
        (void)printf("\n%u ok, %u skipped, %u %s, %u %s\n", doctor->counts[FOUND_OK],
                     doctor->counts[FOUND_SKIPPED], doctor->counts[FOUND_WARNING],
                     doctor->counts[FOUND_WARNING] == 1 ? "warning" : "warnings",
                     doctor->counts[FOUND_FAILURE],
                     doctor->counts[FOUND_FAILURE] == 1 ? "failure" : "failures");
        return;
    }
    json_t *counts = json_object();
    for (size_t i = 0; i < FOUND_COUNT; i++)
        (void)json_object_set_new(counts, kind_names[i], json_integer(doctor->counts[i]));
    json_print_line(&counts, stdout);
}

static int run_doctor(struct invocation *invocation)
{
    if (invocation->operand_count)
        return complain_usage(invocation, "doctor takes no operand");
    struct doctor doctor = {.invocation = invocation,
                            .as_json = invocation_has(invocation, "json")};
    doctor_look_at_files(&doctor);
    doctor_look_at_host(&doctor);
    doctor_look_at_broker(&doctor);
    doctor_look_at_database(&doctor);
    say_counts(&doctor);
    newsloom_operator_close(&doctor.op);
    database_close(&doctor.database);
    json_decref(doctor.broker_settings);
    json_decref(doctor.worker_settings);
    return doctor.counts[FOUND_FAILURE] ? EXIT_ILL : EX_OK;
}

static const struct option options[] = {
    {"broker-config", 0, "FILE", "the broker's settings (/etc/newsloom/broker.conf)"},
    {"worker-config", 0, "FILE", "the workers' settings (/etc/newsloom/worker.conf)"},
    {"json", 0, NULL, "one JSON object a check, and one with every count at the end"},
};

static const struct example examples[] = {
    {"sudo newsloom doctor", "after installing, after an upgrade, and first when something is odd"},
    {"newsloom doctor --json | jq 'select(.finding == \"failure\")'", "for a program"},
    {"newsloom --config /etc/newsloom/newsloom.conf doctor", "with the settings of another user"},
};

const struct verb verb_doctor = {
    .name = "doctor",
    .purpose = "examine this installation and say what to do",
    .operands = "",
    .about =
        "Settings and keys of this host, the store's directory, the limit of open files, systemd's "
        "units;\nthe broker, its workers, its disk and dead letters; PostgreSQL, its durability, "
        "its tables; and\nwhether the clocks agree. One line a check: ok, skipped (and why), "
        "warning, or failure, with what\nto do. It changes nothing. Run it on every host, as root "
        "where keys and store are to be looked at.\nEnds with 0 when nothing failed, with 1 when "
        "something did.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_doctor,
    .takes_wrong_settings = true,
};
