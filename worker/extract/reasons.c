// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/reasons.h"

#define DATE NEWSLOOM__V1__ENTITY_TYPE__DATE

const char *label_name(unsigned label)
{
    static const char *const names[LABEL_COUNT] = {
        "O",          "B-PERSON",   "I-PERSON", "B-ORGANIZATION", "I-ORGANIZATION",
        "B-LOCATION", "I-LOCATION", "B-LAW",    "I-LAW",          "B-EVENT",
        "I-EVENT",    "B-CRIME",    "I-CRIME"};
    return label < LABEL_COUNT ? names[label] : "?";
}

static uint8_t find_rival(const struct lanes *scores, unsigned label)
{
    unsigned rival = label == 0;
    for (unsigned a = 0; a < LABEL_COUNT; a++)
        if (a != label && scores->of[a] > scores->of[rival])
            rival = a;
    return (uint8_t)rival;
}

static void explain_token(const struct search *search, const struct tagger *tagger,
                          const struct clue *clues, const struct sentence *sentence, uint32_t at,
                          struct reason *reason)
{
    struct lanes scores;
    tagger_weigh(tagger, clues, sentence, at, FAMILIES_ALL, &scores);
    reason->token = search->r->tokens[at].span;
    reason->rival = find_rival(&scores, reason->label);
    for (unsigned family = 0; family < FAMILY_COUNT; family++) {
        tagger_weigh(tagger, clues, sentence, at, 1U << family, &scores);
        reason->weights[family] = scores.of[reason->label] - scores.of[reason->rival];
    }
}

void reasons_find(const struct search *search, const struct tagger *tagger,
                  const struct clue *clues, const struct verdict *verdicts)
{
    struct document *document = search->r->document;
    uint32_t at = 0;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        struct mention *mention = &document->mentions[m];
        const struct sentence *sentence = &document->sentences[mention->sentence];
        if (mention->type == DATE)
            continue;
        while (search->r->tokens[at].span.start < mention->span.start)
            at++;
        uint32_t end = at;
        while (end < search->r->token_count && search->r->tokens[end].span.end <= mention->span.end)
            end++;
        struct reason *reasons = arena_take(document->arena, end - at, sizeof(*reasons));
        for (uint32_t i = at; i < end; i++) {
            reasons[i - at].label = verdicts[i].label;
            explain_token(search, tagger, clues, sentence, i, &reasons[i - at]);
        }
        mention->reasons = reasons;
        mention->reason_count = end - at;
    }
}
