// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/calendar.h"

#include <stddef.h>
#include <string.h>

enum { LOCAL_ZONE_MINUTES = 7 * 60, DAY_MINUTES = 24 * 60 };

int month_days(int year, int month)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2 && year && !is_leap)
        return 28;
    return days[month - 1];
}

bool moment_is_possible(struct moment moment)
{
    if (moment.year < 0 || moment.year > 2999 || moment.month < 0 || moment.month > 12)
        return false;
    if (moment.day &&
        (moment.day < 0 || !moment.month || moment.day > month_days(moment.year, moment.month)))
        return false;
    return moment.hour >= -1 && moment.hour <= 24 && moment.minute >= 0 && moment.minute <= 59 &&
           (moment.hour != 24 || moment.minute == 0);
}

/* Howard Hinnant's days_from_civil: years begin in March, eras last 400 years. */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int64_t moment_first_day(struct moment moment)
{
    return day_number(moment.year, moment.month ? moment.month : 1, moment.day ? moment.day : 1);
}

int64_t moment_last_day(struct moment moment)
{
    int month = moment.month ? moment.month : 12;
    int day = moment.day ? moment.day : month_days(moment.year, month);
    return day_number(moment.year, month, day);
}

struct moment moment_of_day(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    struct moment moment = MOMENT_NONE;
    moment.day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    moment.month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    moment.year = (int)(year_of_era + era * 400 + (moment.month <= 2));
    return moment;
}

/* A mark and behind it the last so many digits; returns where they end. */
static char *put_digits(char *to, char mark, int value, unsigned count)
{
    *to++ = mark;
    for (unsigned i = count; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + count;
}

const char *moment_text(struct arena *arena, struct moment moment)
{
    char text[] = " YYYY-MM-DDThh:mm";
    char *end = put_digits(text, ' ', moment.year, 4);
    if (moment.month)
        end = put_digits(end, '-', moment.month, 2);
    if (moment.month && moment.day)
        end = put_digits(end, '-', moment.day, 2);
    if (moment.month && moment.day && moment.hour >= 0) {
        end = put_digits(end, 'T', moment.hour, 2);
        end = put_digits(end, ':', moment.minute, 2);
    }
    return arena_text(arena, text + 1, (size_t)(end - text - 1));
}

/* So many digits at *at; -1 when there are fewer. */
static int take_digits(const char **at, unsigned count)
{
    int value = 0;
    for (unsigned i = 0; i < count; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9')
            return -1;
        value = value * 10 + (digit - '0');
    }
    *at += count;
    return value;
}

/* ":ss", a fraction and the zone, each optional; without a zone it is Vietnam's. */
static bool read_clock_rest(const char *at, int *ret_zone_minutes)
{
    *ret_zone_minutes = LOCAL_ZONE_MINUTES;
    if (*at == ':') {
        at++;
        int seconds = take_digits(&at, 2);
        if (seconds < 0 || seconds > 60)
            return false;
    }
    if (*at == '.' || *at == ',') {
        at++;
        if (take_digits(&at, 1) < 0)
            return false;
        while (*at >= '0' && *at <= '9')
            at++;
    }
    if (*at == 'Z' || *at == 'z') {
        *ret_zone_minutes = 0;
        return at[1] == 0;
    }
    if (*at != '+' && *at != '-')
        return *at == 0;
    int sign = *at++ == '-' ? -1 : 1;
    int hours = take_digits(&at, 2);
    if (*at == ':')
        at++;
    int minutes = take_digits(&at, 2);
    *ret_zone_minutes = sign * (hours * 60 + minutes);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && *at == 0;
}

static bool parse(const char *text, struct moment *ret_moment, int *ret_zone_minutes)
{
    *ret_zone_minutes = LOCAL_ZONE_MINUTES;
    struct moment moment = MOMENT_NONE;
    const char *at = text;
    moment.year = take_digits(&at, 4);
    if (moment.year < 1 || *at != '-')
        return false;
    at++;
    moment.month = take_digits(&at, 2);
    if (moment.month < 1 || *at != '-')
        return false;
    at++;
    moment.day = take_digits(&at, 2);
    if (moment.day < 1)
        return false;
    if (*at == 'T' || *at == 't' || *at == ' ') {
        at++;
        moment.hour = take_digits(&at, 2);
        if (moment.hour < 0 || *at != ':')
            return false;
        at++;
        moment.minute = take_digits(&at, 2);
        if (moment.minute < 0 || !read_clock_rest(at, ret_zone_minutes))
            return false;
    } else if (*at) {
        return false;
    }
    if (!moment_is_possible(moment))
        return false;
    *ret_moment = moment;
    return true;
}

bool moment_parse(const char *text, struct moment *ret_moment)
{
    int zone_minutes = 0;
    return parse(text, ret_moment, &zone_minutes);
}

bool moment_parse_local(const char *text, struct moment *ret_moment)
{
    struct moment moment = MOMENT_NONE;
    int zone_minutes = 0;
    if (!parse(text, &moment, &zone_minutes))
        return false;
    *ret_moment = moment;
    if (moment.hour < 0 || zone_minutes == LOCAL_ZONE_MINUTES)
        return true;
    int64_t minutes = moment_first_day(moment) * DAY_MINUTES + moment.hour * 60 + moment.minute -
                      zone_minutes + LOCAL_ZONE_MINUTES;
    int64_t day = minutes / DAY_MINUTES - (minutes % DAY_MINUTES < 0);
    *ret_moment = moment_of_day(day);
    ret_moment->hour = (int)(minutes - day * DAY_MINUTES) / 60;
    ret_moment->minute = (int)(minutes - day * DAY_MINUTES) % 60;
    return true;
}
