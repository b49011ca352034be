// SPDX-License-Identifier: Apache-2.0
/* newsloom-rss: entries of feeds as JSON lines. A program of its own, so that the command line
 * needs neither libcurl nor libxml2, and what reads the network's XML holds nothing else. */
#include <inttypes.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "client/command/invocation.h"
#include "client/rss/download.h"
#include "client/rss/feed_document.h"
#include "common/url.h"

static void now_text(char *ret_text, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    (void)strftime(ret_text, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
}

static enum status print_one(const char *name, struct error *err)
{
    char fetched[32];
    char *bytes = NULL;
    size_t size = 0;
    struct feed_counts counts;
    now_text(fetched, sizeof(fetched));
    enum status status = url_is_http(name) ? download_url(name, &bytes, &size, err)
                                           : download_file(name, &bytes, &size, err);
    if (status == STATUS_OK)
        status = feed_document_print(bytes, size, name, fetched, stdout, &counts, err);
    free(bytes);
    if (status == STATUS_OK && counts.without_text)
        (void)fprintf(stderr,
                      "newsloom rss: %s: %" PRIu64 " entries have a title and no text: their pages "
                      "are to be fetched\n",
                      name, counts.without_text);
    return status;
}

static int run_rss(struct invocation *invocation)
{
    struct error err;
    int code = EX_OK;
    if (invocation->operand_count == 0)
        return complain_usage(invocation,
                              "name a feed by its URL, a file, or - for standard input");
    for (size_t i = 0; i < invocation->operand_count; i++)
        if (print_one(invocation->operands[i], &err) != STATUS_OK)
            code = complain(invocation, &err);
    xmlCleanupParser();
    return code;
}

int main(int argc, char **argv)
{
    return invocation_helper_main("rss", run_rss, argc, argv);
}
