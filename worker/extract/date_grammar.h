// SPDX-License-Identifier: Apache-2.0
/*
 * date_grammar - how Vietnamese newspapers write dates, read token by token.
 *
 * Only what is written is read: a year that is left out stays 0 and is filled in by dates.c, which
 * knows when the article was published.
 *
 *      reading  := ["từ"] moment ("đến" | "tới" | "-" | "và" | ",") moment | moment | period
 *      moment   := [clock] [weekday] ["ngày"] figures | "tháng" figures | "năm" year
 *      period   := "quý" n year | n "tháng đầu năm" year | "nửa đầu năm" year | "năm học" y - y
 *               | ("năm" (* after "những" *) | "thập niên") decade ["của thế kỷ" century]
 *      figures  := d/m/y | d/m | m/y | d "tháng" m ["năm" y], with "/", "-" or "."
 */
#ifndef WORKER_EXTRACT_DATE_GRAMMAR_H
#define WORKER_EXTRACT_DATE_GRAMMAR_H

#include "worker/extract/calendar.h"
#include "worker/extract/extract.h"

struct date_reading {
    uint32_t first_token;
    uint32_t end_token;
    struct moment from;
    struct moment to; /* equal to from unless is_range */
    bool is_range;
};

/* The next date of the sentence at or after *token_io, which moves behind it. False: no more. */
bool date_read_next(const struct document *document, const struct sentence *sentence,
                    uint32_t *token_io, struct date_reading *ret_reading);

#endif
