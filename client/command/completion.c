// SPDX-License-Identifier: Apache-2.0
#include "client/command/completion.h"

#include <ctype.h>
#include <string.h>

#include "client/command/invocation.h"
#include "client/command/verb.h"
#include "proto/envelope.h"

struct request {
    const struct verb *verb;       /* NULL: none was typed yet */
    const struct option *awaiting; /* whose value is being typed, or NULL */
    bool has_operand;
    bool options_end; /* "--" was typed */
    const char *word; /* what is being typed; with --name=, what stands behind it */
    const char *head; /* the word's first letters that candidates need as well: "--name=" */
    int head_length;
    FILE *out;
};

static const struct option *find_in(const struct option *options, size_t count, const char *word)
{
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < count; i++)
        if (strncmp(word, "--", 2) == 0 ? length == strlen(options[i].name) + 2 &&
                                              strncmp(word + 2, options[i].name, length - 2) == 0
                                        : word[1] && word[1] == options[i].letter && !word[2])
            return &options[i];
    return NULL;
}

static const struct option *find_option(const struct verb *verb, const char *word)
{
    const struct option *option = verb ? find_in(verb->options, verb->option_count, word)
                                       : find_in(program_options, program_option_count, word);
    return option ? option : find_in(common_options, common_option_count, word);
}

static void read_words(struct request *request, const char *const *words, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        const char *word = words[i];
        if (request->awaiting) {
            request->awaiting = NULL; /* this was its value */
        } else if (!request->options_end && strcmp(word, "--") == 0) {
            request->options_end = true;
        } else if (!request->options_end && word[0] == '-' && word[1]) {
            const struct option *option = find_option(request->verb, word);
            if (option && option->value && !strchr(word, '='))
                request->awaiting = option;
        } else if (!request->verb) {
            request->verb = verb_find(word);
        } else {
            request->has_operand = true;
        }
    }
    request->word = count ? words[count - 1] : "";
    const char *equals = strchr(request->word, '=');
    if (!request->awaiting && strncmp(request->word, "--", 2) == 0 && equals) {
        request->awaiting = find_option(request->verb, request->word);
        request->head = request->word;
        request->head_length = (int)(equals + 1 - request->word);
        request->word = equals + 1;
    }
}

/* name: length letters of it. */
static void offer(const struct request *request, const char *dashes, const char *name,
                  size_t length, const char *end, const char *help)
{
    size_t typed = strlen(request->word);
    size_t before = strlen(dashes);
    if (strncmp(request->word, dashes, typed < before ? typed : before) == 0 &&
        (typed <= before ||
         (typed - before <= length && strncmp(request->word + before, name, typed - before) == 0)))
        (void)fprintf(request->out, "%.*s%s%.*s%s\t%s\n", request->head_length,
                      request->head ? request->head : "", dashes, (int)length, name, end, help);
}

static void offer_options(const struct request *request, const struct option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        offer(request, "--", options[i].name, strlen(options[i].name), "", options[i].help);
}

static void offer_verbs(const struct request *request)
{
    for (const struct verb *const *verb = verbs; *verb; verb++)
        offer(request, "", (*verb)->name, strlen((*verb)->name), "", (*verb)->purpose);
}

static void offer_settings(const struct request *request)
{
    for (size_t i = 0; i < client_setting_count; i++)
        offer(request, "", client_settings[i].name, strlen(client_settings[i].name), "=",
              client_settings[i].help);
}

/* "text|json", "list|show ID", "[FILE|FOLDER|-]…": words in small letters stand for themselves,
 * FILE and FOLDER for what the shell finds. */
static void offer_choices(const struct request *request, const char *choices, const char *help)
{
    bool takes_files = false;
    for (const char *at = choices; *at;) {
        at += strspn(at, "[|");
        size_t length = strcspn(at, "|] ");
        takes_files = takes_files || strncmp(at, "FILE", 4) == 0 || strncmp(at, "FOLDER", 6) == 0;
        if (length && islower((unsigned char)*at))
            offer(request, "", at, length, "", help);
        at += strcspn(at, "|");
    }
    if (takes_files)
        (void)fputs(":files\n", request->out);
}

/* Of an option; TYPE is that of an entity. */
static void offer_values(const struct request *request, const struct option *option)
{
    const ProtobufCEnumDescriptor *types = &newsloom__v1__entity_type__descriptor;
    if (option->value && strcmp(option->name, "set") == 0) {
        offer_settings(request);
    } else if (option->value && strcmp(option->value, "TYPE") == 0) {
        for (unsigned i = 0; i < types->n_values; i++)
            if (types->values[i].value != NEWSLOOM__V1__ENTITY_TYPE__ENTITY_TYPE_UNSPECIFIED)
                offer(request, "", types->values[i].name, strlen(types->values[i].name), "",
                      option->help);
    } else if (option->value) {
        offer_choices(request, option->value, option->help);
    }
}

static void offer_operands(const struct request *request)
{
    const char *operands = request->verb->operands;
    if (strstr(operands, "VERB"))
        offer_verbs(request);
    else if (!request->has_operand || strstr(operands, "…")) /* one, or any number of them */
        offer_choices(request, operands, request->verb->purpose);
}

void completion_print(const char *const *words, size_t count, FILE *out)
{
    struct request request = {.out = out};
    read_words(&request, words, count);
    const struct verb *verb = request.verb;
    if (request.awaiting) {
        offer_values(&request, request.awaiting);
    } else if (request.head) {
        return; /* an option that there is not */
    } else if (request.word[0] == '-' && !request.options_end) {
        if (verb)
            offer_options(&request, verb->options, verb->option_count);
        else
            offer_options(&request, program_options, program_option_count);
        if (!verb || !verb->helper) /* a helper takes ours before its name only */
            offer_options(&request, common_options, common_option_count);
        else
            offer(&request, "--", "help", strlen("help"), "", "show its help");
    } else if (verb) {
        offer_operands(&request);
    } else {
        offer_verbs(&request);
    }
}
