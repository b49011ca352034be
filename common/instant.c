// SPDX-License-Identifier: Apache-2.0
#include "common/instant.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Exactly count digits at *at_p, which moves behind them; -1 when there are fewer. */
static int take_digits(const char **at_p, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)**at_p))
            return -1;
        value = 10 * value + (**at_p - '0');
        (*at_p)++;
    }
    return value;
}

static bool take(const char **at_p, char letter)
{
    if (**at_p != letter)
        return false;
    (*at_p)++;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_day(const char **at_p, struct instant *instant)
{
    int year = take_digits(at_p, 4);
    if (year < 1 || !take(at_p, '-'))
        return false;
    int month = take_digits(at_p, 2);
    if (month < 1 || month > 12 || !take(at_p, '-'))
        return false;
    int day = take_digits(at_p, 2);
    if (day < 1 || day > days_of_month(year, month))
        return false;
    (void)snprintf(instant->day, sizeof instant->day, "%04u-%02u-%02u", (unsigned)year % 10000u,
                   (unsigned)month % 100u, (unsigned)day % 100u);
    return true;
}

/* The zone as "+07:00" into zone, at the end of the text. */
static bool take_zone(const char **at_p, struct instant *instant, char zone[8])
{
    memcpy(zone, "+07:00", sizeof "+07:00");
    if (!**at_p)
        return true;
    instant->has_zone = true;
    if (take(at_p, 'Z') || take(at_p, 'z')) {
        memcpy(zone, "+00:00", sizeof "+00:00");
        return !**at_p;
    }
    char sign = **at_p;
    if (sign != '+' && sign != '-')
        return false;
    (*at_p)++;
    int hours = take_digits(at_p, 2);
    (void)take(at_p, ':');
    int minutes = take_digits(at_p, 2);
    if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59)
        return false;
    (void)snprintf(zone, 8, "%c%02u:%02u", sign, (unsigned)hours % 100u, (unsigned)minutes % 100u);
    return !**at_p;
}

static bool take_time(const char **at_p, struct instant *instant)
{
    int seconds = 0;
    int micros = 0;
    char zone[8];
    int hours = take_digits(at_p, 2);
    if (hours < 0 || hours > 23 || !take(at_p, ':'))
        return false;
    int minutes = take_digits(at_p, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    if (take(at_p, ':')) {
        seconds = take_digits(at_p, 2);
        if (seconds < 0 || seconds > 60)
            return false;
        if (take(at_p, '.')) {
            int unit = 100000;
            if (!isdigit((unsigned char)**at_p))
                return false;
            for (; isdigit((unsigned char)**at_p); (*at_p)++, unit /= 10)
                micros += unit * (**at_p - '0');
        }
    }
    if (!take_zone(at_p, instant, zone))
        return false;
    (void)snprintf(instant->time, sizeof instant->time, "%.10s %02u:%02u:%02u.%06u%.6s",
                   instant->day, (unsigned)hours % 100u, (unsigned)minutes % 100u,
                   (unsigned)(seconds > 59 ? 59 : seconds), (unsigned)micros % 1000000u, zone);
    return true;
}

bool instant_parse(const char *text, struct instant *ret_instant)
{
    *ret_instant = (struct instant){0};
    const char *at = text;
    if (!at || !take_day(&at, ret_instant))
        return false;
    if (!*at)
        return true;
    if (*at != 'T' && *at != 't' && *at != ' ')
        return false;
    at++;
    return take_time(&at, ret_instant);
}

enum status instant_read_fetched(const char *text, char ret_instant[INSTANT_TEXT_SIZE],
                                 struct error *err)
{
    struct instant instant;
    if (!instant_parse(text, &instant) || strlen(text) >= INSTANT_TEXT_SIZE)
        return error_set(err, STATUS_INVALID,
                         "\"%.40s\" is no day (2026-03-01) and no time (2026-03-01T08:00+07:00)",
                         text);
    if (instant.time[0])
        memcpy(ret_instant, text, strlen(text) + 1);
    else
        (void)snprintf(ret_instant, INSTANT_TEXT_SIZE, "%.10sT12:00:00+07:00", instant.day);
    return STATUS_OK;
}
