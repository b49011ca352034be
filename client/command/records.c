// SPDX-License-Identifier: Apache-2.0
#include "client/command/records.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/csv_rows.h"
#include "client/command/json_article.h"
#include "client/command/lines.h"
#include "client/command/warc.h"
#include "common/instant.h"

#define LINE_ROOM (1024 * 1024) /* of a record beside its article, escapes included */

struct records {
    enum record_format format;
    const struct input_defaults *defaults;
    struct json_article json;
    uint64_t skip; /* everything through this place */
    struct lines *lines;
    struct csv_rows *rows;
    struct csv_row row;
    char **names; /* of the CSV's header */
    size_t name_count;
    struct warc *warc;
};

struct records *records_open(enum record_format format, int fd,
                             const struct input_defaults *defaults)
{
    struct records *records = memory_new(sizeof(*records));
    records->format = format;
    records->defaults = defaults;
    /* A JSON string may spell each byte with six. */
    size_t limit = (size_t)(6 * defaults->article_limit + LINE_ROOM);
    if (format == RECORDS_LINES)
        records->lines = lines_open(fd, limit);
    else if (format == RECORDS_CSV)
        records->rows = csv_rows_open(fd, limit);
    else
        records->warc = warc_open(fd, (size_t)defaults->article_limit);
    return records;
}

void records_close(struct records **records_p)
{
    struct records *records = *records_p;
    if (!records)
        return;
    lines_close(&records->lines);
    csv_rows_close(&records->rows);
    warc_close(&records->warc);
    json_article_done(&records->json);
    for (size_t i = 0; i < records->name_count; i++)
        free(records->names[i]);
    free(records->names);
    free(records);
    *records_p = NULL;
}

bool records_are_ready(struct records *records, int64_t timeout_ms)
{
    if (records->lines)
        return lines_are_ready(records->lines, timeout_ms);
    if (records->rows)
        return csv_rows_are_ready(records->rows, timeout_ms);
    return warc_is_ready(records->warc, timeout_ms);
}

void records_skip(struct records *records, uint64_t line)
{
    records->skip = line;
}

/* ---- lines --------------------------------------------------------------------------------- */

static enum status next_line(struct records *records, struct input_item *item, struct error *err)
{
    char *line = NULL;
    size_t length = 0;
    enum status status = lines_next(records->lines, &line, &length, err);
    item->line = lines_number(records->lines);
    if (status != STATUS_OK || item->line <= records->skip)
        return status == STATUS_OK ? STATUS_AGAIN : status;
    return json_article_read(&records->json, line, length, records->defaults, item, err);
}

/* ---- csv ----------------------------------------------------------------------------------- */

static enum status read_header(struct records *records, struct error *err)
{
    enum status status = csv_rows_next(records->rows, &records->row, err);
    if (status != STATUS_OK)
        return status;
    records->names = memory_new((records->row.count + 1) * sizeof(*records->names));
    for (size_t i = 0; i < records->row.count; i++)
        records->names[records->name_count++] = text_copy(records->row.fields[i]);
    return STATUS_OK;
}

/* Empty fields say nothing. */
static enum status row_object(const struct records *records, json_t **ret_object, struct error *err)
{
    const struct csv_row *row = &records->row;
    if (row->count != records->name_count)
        return error_set(err, STATUS_INVALID, "the row has %zu fields, the header line has %zu",
                         row->count, records->name_count);
    json_t *object = json_object();
    for (size_t i = 0; i < row->count; i++) {
        json_t *value = row->lengths[i] ? json_stringn(row->fields[i], row->lengths[i]) : NULL;
        bool is_text = row->lengths[i] == 0 ||
                       (value && json_object_set(object, records->names[i], value) == 0);
        json_decref(value);
        if (is_text)
            continue;
        json_decref(object);
        return error_set(err, STATUS_INVALID, "the field \"%.60s\" is not UTF-8",
                         records->names[i]);
    }
    *ret_object = object;
    return STATUS_OK;
}

static enum status next_row(struct records *records, struct input_item *item, struct error *err)
{
    json_t *object = NULL;
    enum status status = STATUS_OK;
    if (!records->names)
        status = read_header(records, err);
    if (status == STATUS_OK)
        status = csv_rows_next(records->rows, &records->row, err);
    item->line = records->row.line;
    if (status != STATUS_OK || item->line <= records->skip)
        return status == STATUS_OK ? STATUS_AGAIN : status;
    if (records->row.count == 1 && records->row.lengths[0] == 0)
        return STATUS_AGAIN; /* a blank line */
    status = row_object(records, &object, err);
    return status == STATUS_OK
               ? json_article_take(&records->json, object, records->defaults, item, err)
               : status;
}

/* ---- warc ---------------------------------------------------------------------------------- */

static enum status next_page(struct records *records, struct input_item *item, struct error *err)
{
    struct instant instant;
    struct warc_page page;
    enum status status = warc_next(records->warc, &page, err);
    item->line = warc_record(records->warc);
    item->article.url = *page.url ? page.url : NULL;
    if (status != STATUS_OK)
        return status;
    if (item->line <= records->skip)
        return STATUS_AGAIN;
    item->article.content = page.body;
    item->article.size = page.size;
    item->article.content_type = "text/html";
    item->article.charset = page.charset;
    if (instant_parse(page.date, &instant))
        item->article.fetched = page.date;
    return STATUS_OK;
}

enum status records_next(struct records *records, struct input_item *item, struct error *err)
{
    if (records->lines)
        return next_line(records, item, err);
    if (records->rows)
        return next_row(records, item, err);
    return next_page(records, item, err);
}

uint64_t records_offset(const struct records *records)
{
    if (records->lines)
        return lines_offset(records->lines);
    return records->rows ? csv_rows_offset(records->rows) : warc_offset(records->warc);
}

uint64_t records_passed_by(const struct records *records)
{
    return records->warc ? warc_passed_by(records->warc) : 0;
}
