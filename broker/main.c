// SPDX-License-Identifier: Apache-2.0
#include <sysexits.h>

#include "broker/broker.h"
#include "common/program.h"

static const struct program program = {
    .name = "newsloom-broker",
    .purpose = "keeps articles until workers have stored what is in them, and serves the event log",
    .examples = "  newsloom-broker --config /etc/newsloom/broker.conf\n"
                "  newsloom-broker --set store.directory=/tmp/newsloom --set store.budget=1GiB\n",
    .counters = tallies_table,
    .counter_count = TALLY_COUNT,
    .crash_program = "broker",
    .check = options_check,
};

/* EX_CONFIG for what a setting changes, else by what the caller does next. */
static int exit_code(enum status status)
{
    return status == STATUS_INVALID ? EX_CONFIG : status_exit_code(status);
}

int main(int argc, char **argv)
{
    CLEANUP(settings_free) struct settings *settings = NULL;
    struct error err = {.status = STATUS_OK};
    struct program ours = program;
    int code = EX_OK;
    ours.table = options_table;
    ours.count = options_count;
    if (program_settings(&ours, argc, argv, &settings, &code, &err) != STATUS_OK || code >= 0)
        return code;
    struct broker *broker = NULL;
    enum status status = broker_open(&broker, settings, &err);
    if (status != STATUS_OK) {
        char text[LOG_QUOTE_SIZE];
        log_error("cannot-start", "reason=%s", log_quote(err.text, text));
        return exit_code(status);
    }
    status = broker_run(broker, &err);
    if (status != STATUS_OK)
        log_error("broken", "reason=\"%s\": nothing was answered that is not on disk; restart me",
                  err.text);
    broker_close(&broker);
    log_info("stopped", "code=%d", status_exit_code(status));
    return status_exit_code(status);
}
