// SPDX-License-Identifier: Apache-2.0
#include "worker/model/calibrate.h"

#include <stdlib.h>

#include "worker/model/evaluate.h"

enum { CONFIDENCE_LEAST = 50, CONFIDENCE_MOST = 995 };

/* A name that was found: by which margin, and was it right? */
struct finding {
    int32_t margin;
    bool is_right;
};

struct findings {
    struct finding *items;
    uint32_t count;
    uint32_t room;
};

static void add_names(struct findings *findings, const struct verdict *verdicts,
                      const uint8_t *gold, uint32_t count)
{
    uint8_t labels[VITERBI_LONGEST];
    for (uint32_t i = 0; i < count; i++)
        labels[i] = verdicts[i].label;
    for (uint32_t i = 0; i < count; i++) {
        if (labels[i] % 2 == 0)
            continue;
        if (findings->count == findings->room) {
            findings->room = findings->room ? findings->room * 2 : 4096;
            findings->items =
                memory_resize(findings->items, findings->room, sizeof(*findings->items));
        }
        uint32_t end = labels_name_end(labels, i, count);
        bool is_right = gold[i] == labels[i] && labels_name_end(gold, i, count) == end;
        findings->items[findings->count++] =
            (struct finding){tagger_margin(verdicts, i, end, count), is_right};
    }
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    if (left->margin != right->margin)
        return left->margin < right->margin ? -1 : 1;
    return (int)left->is_right - (int)right->is_right;
}

/* Equal shares of the findings, by rising margin; one that does worse than the one before takes its
 * confidence over. */
static void set_steps(const struct findings *findings, struct tagger_step *steps)
{
    for (uint32_t s = 0; s < TAGGER_STEPS; s++) {
        uint32_t first = (uint32_t)((uint64_t)findings->count * s / TAGGER_STEPS);
        uint32_t end = (uint32_t)((uint64_t)findings->count * (s + 1) / TAGGER_STEPS);
        uint32_t right = 0;
        for (uint32_t i = first; i < end; i++)
            right += findings->items[i].is_right;
        uint32_t confidence = end > first ? right * 1000 / (end - first) : CONFIDENCE_LEAST;
        if (confidence > CONFIDENCE_MOST)
            confidence = CONFIDENCE_MOST;
        if (confidence < CONFIDENCE_LEAST)
            confidence = CONFIDENCE_LEAST;
        if (s > 0 && confidence < steps[s - 1].confidence)
            confidence = steps[s - 1].confidence;
        steps[s].margin = first < findings->count ? findings->items[first].margin : 0;
        steps[s].confidence = confidence;
    }
}

void calibrate(const struct examples *held, const struct weights *weights,
               struct tagger_step ret_steps[TAGGER_STEPS])
{
    struct findings findings = {0};
    struct decoder *decoder = decoder_new(weights);
    for (uint32_t i = 0; i < held->sentence_count; i++) {
        const struct example *sentence = &held->sentences[i];
        add_names(&findings, decoder_judge(decoder, held, sentence), held->gold + sentence->first,
                  sentence->count);
    }
    if (findings.count)
        qsort(findings.items, findings.count, sizeof(*findings.items), compare_findings);
    set_steps(&findings, ret_steps);
    free(findings.items);
    decoder_free(&decoder);
}
