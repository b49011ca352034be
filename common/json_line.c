// SPDX-License-Identifier: Apache-2.0
#include "common/json_line.h"

#include <string.h>

enum status json_line_text(const json_t *object, const char *field, const char **text,
                           struct error *err)
{
    const json_t *value = json_object_get(object, field);
    if (!value || json_is_null(value))
        return STATUS_OK;
    if (!json_is_string(value))
        return error_set(err, STATUS_INVALID, "the field \"%.60s\" is no string", field);
    if (strlen(json_string_value(value)) != json_string_length(value))
        return error_set(err, STATUS_INVALID, "the field \"%.60s\" contains U+0000", field);
    *text = json_string_value(value);
    return STATUS_OK;
}

enum status json_line_content(const json_t *object, struct json_content *ret_content,
                              struct error *err)
{
    const json_t *text = json_object_get(object, "text");
    const json_t *html = json_object_get(object, "html");
    text = json_is_null(text) ? NULL : text;
    html = json_is_null(html) ? NULL : html;
    if (text && html)
        return error_set(err, STATUS_INVALID, "the line has both \"text\" and \"html\": give one");
    const json_t *content = text ? text : html;
    if (!content)
        return error_set(err, STATUS_INVALID, "the line has neither \"text\" nor \"html\"");
    if (!json_is_string(content))
        return error_set(err, STATUS_INVALID, "the field \"%s\" is no string",
                         text ? "text" : "html");
    *ret_content = (struct json_content){.bytes = json_string_value(content),
                                         .size = json_string_length(content),
                                         .content_type = text ? "text/plain" : "text/html"};
    return STATUS_OK;
}
