// SPDX-License-Identifier: Apache-2.0
#include "gateway/plot.h"

#include <stdbool.h>
#include <string.h>

enum {
    WIDTH = 640,
    HEIGHT = 180,
    LEFT = 48,
    RIGHT = 8,
    TOP = 10,
    BOTTOM = 24,
    MINUTES = 60,
    TIME_AT = 11, /* of "12:00" in a time */
    TIME_SIZE = 5,
};

static json_int_t figure(const json_t *rate, const char *name)
{
    return json_integer_value(json_object_get(rate, name));
}

static const char *time_of(const json_t *rate)
{
    const char *at = json_string_value(json_object_get(rate, "at"));
    return at && strlen(at) > TIME_AT + TIME_SIZE ? at + TIME_AT : "     ";
}

/* Minutes of the day. */
static int minute_of(const json_t *rate)
{
    const char *time = time_of(rate);
    return ((time[0] - '0') * 10 + (time[1] - '0')) * MINUTES + (time[3] - '0') * 10 +
           (time[4] - '0');
}

/* The smallest of 1, 2, 5, 10, 20, 50, … that is not below. */
static json_int_t round_up(json_int_t most)
{
    static const int steps[] = {1, 2, 5};
    for (json_int_t ten = 1;; ten *= 10)
        for (size_t i = 0; i < 3; i++)
            if (steps[i] * ten >= most)
                return steps[i] * ten;
}

static json_int_t find_most(const json_t *rates)
{
    json_int_t most = 1;
    for (size_t i = 0; i < json_array_size(rates); i++) {
        const json_t *rate = json_array_get(rates, i);
        most = figure(rate, "stored") > most ? figure(rate, "stored") : most;
        most = figure(rate, "accepted") > most ? figure(rate, "accepted") : most;
    }
    return round_up(most);
}

static void print_line(const json_t *rates, const char *name, json_int_t most, FILE *out)
{
    size_t count = json_array_size(rates);
    int last = minute_of(json_array_get(rates, count - 1));
    int before = -2;
    (void)fprintf(out, "<path class=\"%s\" d=\"", name);
    for (size_t i = 0; i < count; i++) {
        const json_t *rate = json_array_get(rates, i);
        int age = (last - minute_of(rate) + 24 * MINUTES) % (24 * MINUTES);
        double x = LEFT + (double)(WIDTH - LEFT - RIGHT) * (MINUTES - 1 - age) / (MINUTES - 1);
        double y =
            TOP + (double)(HEIGHT - TOP - BOTTOM) * (1 - (double)figure(rate, name) / (double)most);
        (void)fprintf(out, "%s%.1f %.1f", before == age + 1 ? "L" : "M", x, y);
        before = age;
    }
    if (count == 1) /* a line of one point is not seen */
        (void)fputs("h-4", out);
    (void)fputs("\"/>\n", out);
}

static void print_svg(const json_t *rates, FILE *out)
{
    json_int_t most = find_most(rates);
    size_t count = json_array_size(rates);
    (void)fprintf(out,
                  "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"plot-title\">"
                  "<title id=\"plot-title\">Articles a minute over the last hour; the table below "
                  "has the figures</title>\n"
                  "<path class=\"axis\" fill=\"none\" d=\"M%d %dV%dH%d\"/>\n"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%" JSON_INTEGER_FORMAT "</text>"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>\n",
                  WIDTH, HEIGHT, LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, LEFT - 6, TOP + 8, most,
                  LEFT - 6, HEIGHT - BOTTOM);
    (void)fprintf(out,
                  "<text x=\"%d\" y=\"%d\">an hour ago</text>"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.*s UTC</text>\n",
                  LEFT, HEIGHT - 6, WIDTH - RIGHT, HEIGHT - 6, TIME_SIZE,
                  time_of(json_array_get(rates, count - 1)));
    print_line(rates, "accepted", most, out);
    print_line(rates, "stored", most, out);
    (void)fputs("</svg>\n<p class=\"quiet\">Solid: entries of the event log. Dashed: articles "
                "accepted.</p>\n",
                out);
}

static void print_table(const json_t *rates, FILE *out)
{
    (void)fputs("<details><summary>The figures of the plot</summary><table><caption>Articles a "
                "minute (UTC)</caption><thead><tr><th scope=\"col\">minute</th><th scope=\"col\" "
                "class=\"figure\">entries</th><th scope=\"col\" class=\"figure\">accepted</th></tr>"
                "</thead><tbody>\n",
                out);
    for (size_t i = json_array_size(rates); i-- > 0;) {
        const json_t *rate = json_array_get(rates, i);
        (void)fprintf(out,
                      "<tr><th scope=\"row\">%.*s</th><td class=\"figure\">%" JSON_INTEGER_FORMAT
                      "</td><td class=\"figure\">%" JSON_INTEGER_FORMAT "</td></tr>\n",
                      TIME_SIZE, time_of(rate), figure(rate, "stored"), figure(rate, "accepted"));
    }
    (void)fputs("</tbody></table></details>\n", out);
}

void plot_print(const json_t *rates, FILE *out)
{
    if (json_array_size(rates) == 0) {
        (void)fputs("<p class=\"quiet\">Nothing is known yet.</p>\n", out);
        return;
    }
    print_svg(rates, out);
    print_table(rates, out);
}
