// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/html.h"

enum status html_read(const struct article_input *input, struct arena *arena,
                      struct html_page *ret_page, struct error *err)
{
    (void)input;
    (void)arena;
    (void)ret_page;
    return error_set(err, STATUS_INVALID, "content_type: \"text/html\" is not read yet");
}
