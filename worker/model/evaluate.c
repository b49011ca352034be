// SPDX-License-Identifier: Apache-2.0
#include "worker/model/evaluate.h"

#include <stdio.h>

static const char *const names[TAG_COUNT] = {"PER", "ORG", "LOC", "LAW", "EVT", "CRIME"};

uint32_t labels_name_end(const uint8_t *labels, uint32_t at, uint32_t count)
{
    uint32_t end = at + 1;
    while (end < count && labels[end] == labels[at] + 1)
        end++;
    return end;
}

void tally_add(struct tally *tally, const uint8_t *labels, const uint8_t *gold, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        unsigned tag = (labels[i] - 1U) / 2;
        if (gold[i] % 2)
            tally->wanted[(gold[i] - 1) / 2]++;
        if (labels[i] % 2 == 0)
            continue;
        tally->found[tag]++;
        tally->right[tag] += gold[i] == labels[i] &&
                             labels_name_end(labels, i, count) == labels_name_end(gold, i, count);
    }
}

unsigned tally_f1(const struct tally *tally, unsigned tags)
{
    uint32_t right = 0, both = 0;
    for (unsigned tag = 0; tag < TAG_COUNT; tag++)
        if (tags >> tag & 1) {
            right += tally->right[tag];
            both += tally->found[tag] + tally->wanted[tag];
        }
    return both ? right * 20000U / both : 0;
}

struct tally evaluate_rules(const struct examples *examples)
{
    struct tally tally = {0};
    for (uint32_t i = 0; i < examples->sentence_count; i++) {
        const struct example *sentence = &examples->sentences[i];
        tally_add(&tally, examples->rules + sentence->first, examples->gold + sentence->first,
                  sentence->count);
    }
    return tally;
}

struct tally evaluate_weights(const struct examples *examples, const struct weights *weights)
{
    struct tally tally = {0};
    struct decoder *decoder = decoder_new(weights);
    for (uint32_t i = 0; i < examples->sentence_count; i++) {
        const struct example *sentence = &examples->sentences[i];
        tally_add(&tally, decoder_label(decoder, examples, sentence),
                  examples->gold + sentence->first, sentence->count);
    }
    decoder_free(&decoder);
    return tally;
}

static void print_share(unsigned hundredths)
{
    printf("  %3u.%02u", hundredths / 100, hundredths % 100);
}

void tally_print(const struct tally *tally, const char *name)
{
    printf("%-28s", name);
    print_share(tally_f1(tally, TAGS_CORE));
    print_share(tally_f1(tally, TAGS_ALL));
    for (unsigned tag = 0; tag < TAG_COUNT; tag++) {
        print_share(tally_f1(tally, 1U << tag));
        printf(" %s", names[tag]);
    }
    printf("\n");
}
