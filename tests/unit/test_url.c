// SPDX-License-Identifier: Apache-2.0
#include "common/url.h"
#include "tests/support/testing.h"

static void every_rule_of_the_table_holds(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *key;
    } cases[] = {
        {"https://vov.vn/an-ninh/bai-123.vov", "vov.vn/an-ninh/bai-123.vov"},
        {"http://vov.vn/an-ninh/bai-123.vov", "vov.vn/an-ninh/bai-123.vov"},
        {"HTTPS://VOV.VN/An-Ninh", "vov.vn/An-Ninh"},
        {"https://vov.vn", "vov.vn"},
        {"https://vov.vn/", "vov.vn"},
        {"https://vov.vn./a/", "vov.vn/a"},
        {"https://www.vov.vn/a", "vov.vn/a"},
        {"https://m.vov.vn/a", "vov.vn/a"},
        {"https://amp.vov.vn/a", "vov.vn/a"},
        {"https://www.m.vov.vn/a", "vov.vn/a"},
        {"https://m.vn/a", "m.vn/a"},
        {"https://vov.vn:443/a", "vov.vn/a"},
        {"http://vov.vn:80/a", "vov.vn/a"},
        {"http://vov.vn:/a", "vov.vn/a"},
        {"http://vov.vn:08080/a", "vov.vn:8080/a"},
        {"http://user:secret@vov.vn/a", "vov.vn/a"},
        {"https://vov.vn/a#top", "vov.vn/a"},
        {"https://vov.vn/a/amp", "vov.vn/a"},
        {"https://vov.vn/a/amp/", "vov.vn/a"},
        {"https://vov.vn/a.amp", "vov.vn/a"},
        {"https://vov.vn/camp", "vov.vn/camp"},
        {"https://vov.vn/a?utm_source=x&utm_medium=y", "vov.vn/a"},
        {"https://vov.vn/a?id=5&fbclid=zzz&page=2&&zarsrc=30", "vov.vn/a?id=5&page=2"},
        {"https://vov.vn/a?b=2&a=1", "vov.vn/a?b=2&a=1"},
        {"https://vov.vn/a?amp", "vov.vn/a"},
        {"https://vov.vn/a?ampere=1", "vov.vn/a?ampere=1"},
        {"https://vov.vn/a?", "vov.vn/a"},
        {"https://vov.vn?a=1", "vov.vn?a=1"},
        {"https://vov.vn/%e1%ba%a1", "vov.vn/%E1%BA%A1"},
        {"https://vov.vn/ạ", "vov.vn/%E1%BA%A1"},
        {"https://vov.vn/%61%2f%7e", "vov.vn/a%2F~"},
        {"https://vov.vn/100%", "vov.vn/100%25"},
        {"http://[2001:DB8::1]:8080/a", "[2001:db8::1]:8080/a"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};
        char *key = NULL;
        assert_ok(url_canonical(cases[i].url, &key, &err), err);
        assert_string_equal(key, cases[i].key);
        free(key);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "vov.vn/a",
        "ftp://vov.vn/a",
        "mailto:a@vov.vn",
        "https://",
        "https:///a",
        "https://?a",
        "https://user@/a",
        "https://vov..vn/a",
        "https://.vn/a",
        "https://vov.vn../a",
        "https://v\xffv.vn/a",
        "https://vov.vn:0/a",
        "https://vov.vn:65536/a",
        "https://vov.vn:port/a",
        "https://vov.vn/a b",
        "https://vov.vn/a\n",
        "https://v%6fv.vn/",
        "https://[::1/",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct error err = {0};
        char *key = NULL;
        if (url_canonical(wrong[i], &key, &err) != STATUS_INVALID)
            fail_msg("\"%s\" was taken as \"%s\"", wrong[i], key);
        assert_true(strlen(err.text) > 10);
    }
}

static void one_byte_above_the_limit_is_refused(void **state)
{
    (void)state;
    char url[URL_LIMIT + 2];
    memset(url, 'a', sizeof(url));
    memcpy(url, "https://vov.vn/", 15);
    url[URL_LIMIT] = '\0';
    struct error err = {0};
    char *key = NULL;
    assert_ok(url_canonical(url, &key, &err), err);
    free(key);
    url[URL_LIMIT] = 'a';
    url[URL_LIMIT + 1] = '\0';
    assert_refused(url_canonical(url, &key, &err), STATUS_INVALID, err, "2048");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_table_holds),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(one_byte_above_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
