// SPDX-License-Identifier: Apache-2.0
#include <sysexits.h>

#include "client/command/invocation.h"

static int run_config(struct invocation *invocation)
{
    if (invocation->operand_count)
        return complain_usage(invocation, "config takes no operand");
    if (invocation_has(invocation, "sample"))
        settings_print_sample(invocation->settings, stdout);
    else
        settings_print_values(invocation->settings, invocation_has(invocation, "json"), stdout);
    return EX_OK;
}

static const struct option options[] = {
    {"sample", 0, NULL, "print a commented file of defaults instead"},
    {"json", 0, NULL, "one JSON object: name, value, origin"},
};

static const struct example examples[] = {
    {"newsloom config", "every value and where it came from"},
    {"newsloom config --sample >~/.config/newsloom/newsloom.conf", "a file to begin with"},
    {"newsloom --set broker.feed=tcp://10.0.0.5:5811 config", "what a setting would do"},
};

const struct verb verb_config = {
    .name = "config",
    .purpose = "show every setting and where it came from",
    .operands = "",
    .about = "The settings of this command line. The daemons show theirs with\n"
             "`newsloom-broker --show-config` and `newsloom-worker --show-config`.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_config,
};
