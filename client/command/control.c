// SPDX-License-Identifier: Apache-2.0
#include <sysexits.h>

#include "client/command/invocation.h"
#include "client/command/print.h"
#include "client/operator.h"

static int run_control(struct invocation *invocation, Newsloom__V1__ControlVerb verb)
{
    struct error err;
    struct newsloom_operator *op = NULL;
    const char *condition = NULL;
    struct newsloom_options options = invocation_connect(invocation, "broker.operator");
    if (invocation->operand_count)
        return complain_usage(invocation, "%s takes no operand", invocation->verb->name);
    if (newsloom_operator_open(&op, &options, &err) != STATUS_OK)
        return complain(invocation, &err);
    int code = EX_OK;
    if (newsloom_operator_control(op, verb, &condition, &err) != STATUS_OK) {
        code = complain(invocation, &err);
    } else if (invocation_has(invocation, "json")) {
        json_t *value = json_pack("{ss}", "condition", condition);
        json_print_line(&value, stdout);
    } else {
        (void)printf("the broker is now %s\n", condition);
    }
    newsloom_operator_close(&op);
    return code;
}

static int run_pause(struct invocation *invocation)
{
    return run_control(invocation, NEWSLOOM__V1__CONTROL_VERB__PAUSE);
}

static int run_resume(struct invocation *invocation)
{
    return run_control(invocation, NEWSLOOM__V1__CONTROL_VERB__RESUME);
}

static int run_drain(struct invocation *invocation)
{
    return run_control(invocation, NEWSLOOM__V1__CONTROL_VERB__DRAIN);
}

static int run_reload(struct invocation *invocation)
{
    return run_control(invocation, NEWSLOOM__V1__CONTROL_VERB__RELOAD);
}

static const struct option options[] = {
    {"json", 0, NULL, "print {\"condition\": …}"},
};

static const struct example pause_examples[] = {
    {"newsloom pause", "before work on PostgreSQL: articles are accepted, none goes to a worker"},
};
static const struct example reload_examples[] = {
    {"newsloom reload", "after a line of the keys file was added, changed or marked revoked"},
};
static const struct example resume_examples[] = {
    {"newsloom resume", "dispatch and accept as usual, also after a drain"},
};
static const struct example drain_examples[] = {
    {"newsloom drain && newsloom status --watch",
     "before moving the broker: watch the queue empty"},
};

const struct verb verb_pause = {
    .name = "pause",
    .purpose = "stop handing articles to workers; go on accepting",
    .operands = "",
    .about = "",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = pause_examples,
    .example_count = COUNT_OF(pause_examples),
    .run = run_pause,
};

const struct verb verb_resume = {
    .name = "resume",
    .purpose = "end a pause or a drain",
    .operands = "",
    .about = "",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = resume_examples,
    .example_count = COUNT_OF(resume_examples),
    .run = run_resume,
};

const struct verb verb_drain = {
    .name = "drain",
    .purpose = "accept nothing more; finish what is there",
    .operands = "",
    .about = "Feeders are told to come back later (RETRY_LATER), which `newsloom feed` does.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = drain_examples,
    .example_count = COUNT_OF(drain_examples),
    .run = run_drain,
};

const struct verb verb_reload = {
    .name = "reload",
    .purpose = "have the broker read its keys file again",
    .operands = "",
    .about =
        "Keys that are revoked, or stand there no longer, are cut off at once. When the file is\n"
        "wrong the keys stay as they were, and its line is named. SIGHUP does the same.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = reload_examples,
    .example_count = COUNT_OF(reload_examples),
    .run = run_reload,
};
