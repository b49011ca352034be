// SPDX-License-Identifier: Apache-2.0
#include "client/command/json_article.h"

#include <string.h>

#include "client/command/json_names.h"
#include "common/json_line.h"

void json_article_done(struct json_article *json)
{
    if (json->value)
        json_decref(json->value);
    json->value = NULL;
}

static enum status read_texts(const json_t *object, const struct input_defaults *defaults,
                              struct newsloom_article *article, struct error *err)
{
    const struct {
        const char *name;
        const char **text;
    } fields[] = {
        {defaults->url_field ? defaults->url_field : "url", &article->url},
        {defaults->key_field ? defaults->key_field : "key", &article->key},
        {"source", &article->source},
        {"title", &article->title},
        {"author", &article->author},
        {"published", &article->published},
        {"fetched", &article->fetched},
        {"language", &article->language},
        {"trace_id", &article->trace_id},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        enum status status = json_line_text(object, fields[i].name, fields[i].text, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_content(const json_t *object, struct newsloom_article *article,
                                struct error *err)
{
    struct json_content content;
    enum status status = json_line_content(object, &content, err);
    if (status != STATUS_OK)
        return status;
    article->content = content.bytes;
    article->size = content.size;
    article->content_type = content.content_type;
    article->charset = "utf-8";
    return STATUS_OK;
}

static enum status read_labels(json_t *object, struct input_item *item, struct error *err)
{
    json_t *labels = json_object_get(object, "labels");
    const char *name = NULL;
    json_t *value = NULL;
    if (!labels || json_is_null(labels))
        return STATUS_OK;
    if (!json_is_object(labels))
        return error_set(err, STATUS_INVALID,
                         "the field \"labels\" is no object of strings: {\"name\": \"value\"}");
    json_object_foreach(labels, name, value)
    {
        if (!json_is_string(value))
            return error_set(err, STATUS_INVALID, "the label \"%.60s\" is no string", name);
        if (item->article.label_count == INPUT_LABELS_MAX)
            return error_set(err, STATUS_INVALID, "the line has more than %d labels",
                             INPUT_LABELS_MAX);
        item->labels[item->article.label_count++] =
            (struct newsloom_label){name, json_string_value(value)};
    }
    item->article.labels = item->labels;
    return STATUS_OK;
}

static enum status read_object(struct json_article *json, const struct input_defaults *defaults,
                               struct input_item *item, struct error *err)
{
    json_names_translate(json->value, defaults->source != NULL);
    enum status status = read_texts(json->value, defaults, &item->article, err);
    if (status == STATUS_OK)
        status = read_content(json->value, &item->article, err);
    if (status == STATUS_OK)
        status = read_labels(json->value, item, err);
    return status;
}

enum status json_article_read(struct json_article *json, const char *line, size_t length,
                              const struct input_defaults *defaults, struct input_item *item,
                              struct error *err)
{
    json_error_t problem;
    json_article_done(json);
    if (strspn(line, " \t") == length)
        return error_set(err, STATUS_AGAIN, "the line is empty");
    json->value = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    if (!json->value)
        return error_set(err, STATUS_INVALID, "the line is no JSON: %.120s (column %d)",
                         problem.text, problem.column);
    if (!json_is_object(json->value))
        return error_set(err, STATUS_INVALID, "the line is no JSON object");
    return read_object(json, defaults, item, err);
}

enum status json_article_take(struct json_article *json, json_t *object,
                              const struct input_defaults *defaults, struct input_item *item,
                              struct error *err)
{
    json_article_done(json);
    json->value = object;
    return read_object(json, defaults, item, err);
}
