// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/testing.h"
#include "worker/extract/tagger.h"

/* The bytes of the model that was built, to be spoiled. */
struct model {
    char *bytes;
    size_t size;
};

static int read_model(void **state)
{
    static struct model model;
    char path[TAGGER_PATH_SIZE];
    struct stat facts;
    FILE *file = fopen(tagger_default_path(path), "re");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &facts), 0);
    model.size = (size_t)facts.st_size;
    model.bytes = memory_new(model.size);
    assert_int_equal(fread(model.bytes, 1, model.size, file), model.size);
    assert_int_equal(fclose(file), 0);
    *state = &model;
    return 0;
}

static int free_model(void **state)
{
    free(((struct model *)*state)->bytes);
    return 0;
}

static struct tagger_header *header_of(char *bytes)
{
    return (struct tagger_header *)(void *)bytes;
}

static void assert_spoiled(const void *bytes, size_t size, const char *why)
{
    struct tagger_model model;
    struct error err = {0};
    assert_int_equal(tagger_model_read(bytes, size, &model, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, why));
    assert_non_null(strstr(err.text, "install newsloom again"));
}

static void the_built_model_is_read(void **state)
{
    const struct model *model = *state;
    struct tagger_model read;
    struct error err = {0};
    assert_ok(tagger_model_read(model->bytes, model->size, &read, &err), err);
    assert_true(read.header->rows > 1000);
    for (unsigned i = 1; i < TAGGER_STEPS; i++)
        assert_true(read.header->steps[i].confidence >= read.header->steps[i - 1].confidence);
}

static void a_model_cut_off_anywhere_is_refused(void **state)
{
    const struct model *model = *state;
    const size_t sizes[] = {0,
                            7,
                            sizeof(struct tagger_header) - 1,
                            sizeof(struct tagger_header),
                            model->size / 2,
                            model->size - 1};
    struct tagger_model read;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        assert_int_equal(tagger_model_read(model->bytes, sizes[i], &read, NULL), STATUS_INVALID);
    assert_spoiled(model->bytes, model->size - 1, "cut off");
}

static void a_changed_byte_is_noticed(void **state)
{
    const struct model *model = *state;
    const size_t places[] = {offsetof(struct tagger_header, digest) + 3,
                             offsetof(struct tagger_header, from) + 5,
                             sizeof(struct tagger_header) + 100, model->size - 3};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        model->bytes[places[i]] ^= 4;
        assert_spoiled(model->bytes, model->size, "damaged");
        model->bytes[places[i]] ^= 4;
    }
}

static void another_version_is_named(void **state)
{
    const struct model *model = *state;
    header_of(model->bytes)->version++;
    assert_spoiled(model->bytes, model->size, "this program needs");
    header_of(model->bytes)->version--;
    header_of(model->bytes)->magic[0] ^= 1;
    assert_spoiled(model->bytes, model->size, "no model of newsloom");
    header_of(model->bytes)->magic[0] ^= 1;
}

/* A digest can be made by anybody; the bounds hold all the same. */
static void numbers_out_of_bounds_are_refused_whatever_the_digest(void **state)
{
    const struct model *model = *state;
    char *bytes = memory_copy(model->bytes, model->size);
    struct tagger_header *header = header_of(bytes);
    uint32_t *slots = (uint32_t *)(void *)(header + 1);
    slots[0] = 0xffff;
    header->rows--;
    tagger_model_digest(bytes, model->size - sizeof(struct tagger_row), header->digest);
    assert_spoiled(bytes, model->size - sizeof(struct tagger_row), "damaged");
    header->rows++;
    slots[0] = 0x50001;
    slots[1] = 0x50002; /* the same feature twice */
    tagger_model_digest(bytes, model->size, header->digest);
    assert_spoiled(bytes, model->size, "damaged");
    slots[0] = 0;
    header->from[1][2] = TAGGER_STEP_MOST + 1;
    tagger_model_digest(bytes, model->size, header->digest);
    assert_spoiled(bytes, model->size, "damaged");
    free(bytes);
}

static void a_missing_model_is_said_with_its_path(void **state)
{
    (void)state;
    struct tagger *tagger = NULL;
    struct error err = {0};
    assert_int_equal(tagger_open("no/such.model", &tagger, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "no/such.model"));
    assert_null(tagger);
    assert_int_equal(tagger_open("/", &tagger, &err), STATUS_INVALID);
}

static void confidence_never_falls_with_the_margin(void **state)
{
    (void)state;
    CLEANUP(tagger_close) struct tagger *tagger = NULL;
    struct error err = {0};
    assert_ok(tagger_open(NULL, &tagger, &err), err);
    uint16_t last = 0;
    for (int32_t margin = 0; margin < 30000; margin += 50) {
        uint16_t confidence = tagger_confidence(tagger, margin);
        assert_true(confidence >= last && confidence <= 1000);
        last = confidence;
    }
    assert_true(last > 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_model_is_read),
        cmocka_unit_test(a_model_cut_off_anywhere_is_refused),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(another_version_is_named),
        cmocka_unit_test(numbers_out_of_bounds_are_refused_whatever_the_digest),
        cmocka_unit_test(a_missing_model_is_said_with_its_path),
        cmocka_unit_test(confidence_never_falls_with_the_margin),
    };
    return cmocka_run_group_tests(tests, read_model, free_model);
}
