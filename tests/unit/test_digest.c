// SPDX-License-Identifier: Apache-2.0
#include "common/digest.h"
#include "tests/support/testing.h"

/* expected values: Python's hashlib.blake2b */
static void digests_are_those_of_rfc_7693(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_bytes("", 0, digest);
    assert_string_equal(digest_hex(digest, hex),
                        "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    digest_bytes("abc", 3, digest);
    assert_string_equal(digest_hex(digest, hex),
                        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static void the_content_digest_separates_title_and_content(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_SIZE];
    uint8_t plain[DIGEST_SIZE];
    uint8_t other[DIGEST_SIZE];
    digest_content("Tiêu đề", "nội dung", strlen("nội dung"), digest);
    static const char joined[] = "Tiêu đề\0nội dung";
    digest_bytes(joined, sizeof(joined) - 1, plain);
    assert_memory_equal(digest, plain, DIGEST_SIZE);
    digest_content("Tiêu", " đềnội dung", strlen(" đềnội dung"), other);
    assert_memory_not_equal(digest, other, DIGEST_SIZE);
}

static void parts_do_not_run_into_one_another(void **state)
{
    (void)state;
    uint8_t one[16];
    uint8_t two[16];
    digest_parts((const char *const[]){"ab", "c"}, 2, one);
    digest_parts((const char *const[]){"a", "bc"}, 2, two);
    assert_memory_not_equal(one, two, sizeof(one));
    digest_parts((const char *const[]){"ab", "c"}, 2, two);
    assert_memory_equal(one, two, sizeof(one));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t one[16] = {0};
    uint8_t two[16] = {0};
    random_bytes(one, sizeof(one));
    random_bytes(two, sizeof(two));
    assert_memory_not_equal(one, two, sizeof(one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_rfc_7693),
        cmocka_unit_test(the_content_digest_separates_title_and_content),
        cmocka_unit_test(parts_do_not_run_into_one_another),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
