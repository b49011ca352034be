// SPDX-License-Identifier: Apache-2.0
#include "worker/model/examples.h"

#include <stdlib.h>
#include <string.h>

#include "worker/extract/dates.h"
#include "worker/extract/document.h"
#include "worker/extract/features.h"
#include "worker/extract/mentions.h"
#include "worker/extract/sentences.h"
#include "worker/extract/tokens.h"
#include "worker/extract/viterbi.h"

struct document corpus_document(const struct corpus_article *article,
                                const struct article_input *input, struct arena *arena)
{
    struct document document = {
        .arena = arena,
        .input = input,
        .title = "",
        .author = "",
        .published = article->published,
        .language = "vi",
        .page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_ARTICLE,
        .text = text_view(arena, article->text, article->size),
    };
    for (uint32_t i = 0; i < article->section_count; i++)
        *document_add_section(&document) = article->sections[i];
    sentences_find(&document);
    tokens_find(&document);
    dates_find(&document);
    return document;
}

uint8_t *corpus_labels(const struct corpus_article *article, const struct document *document,
                       struct examples *tally)
{
    uint8_t *labels = arena_take(document->arena, document->token_count + 1, 1);
    uint32_t token = 0;
    for (uint32_t i = 0; i < article->annotation_count; i++) {
        const struct annotation *annotation = &article->annotations[i];
        enum tag tag = tag_of(annotation->type);
        while (token < document->token_count &&
               document->tokens[token].span.end <= annotation->span.start)
            token++;
        uint32_t first = token, last = token;
        for (; token < document->token_count &&
               document->tokens[token].span.start < annotation->span.end;
             token++) {
            last = token;
            if (tag != TAG_COUNT)
                labels[token] = (uint8_t)(token == first ? LABEL_BEGIN(tag) : LABEL_INSIDE(tag));
        }
        tally->misaligned += first == token ||
                             document->tokens[first].span.start != annotation->span.start ||
                             document->tokens[last].span.end != annotation->span.end;
    }
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        uint8_t *label = &labels[document->sentences[s].first_token];
        if (!document->sentences[s].token_count || !*label || *label % 2)
            continue;
        tally->broken++;
        *label = (uint8_t)(*label - 1); /* what follows a cut begins a name of its own */
    }
    return labels;
}

static void grow(struct examples *examples, uint32_t tokens)
{
    size_t most = examples->feature_count + (size_t)tokens * FEATURE_MOST;
    if (most > examples->feature_room) {
        examples->feature_room = most * 2;
        examples->features =
            memory_resize(examples->features, examples->feature_room, sizeof(*examples->features));
    }
    if (examples->token_count + tokens + 1 > examples->token_room) {
        examples->token_room = (examples->token_count + tokens + 1) * 2;
        examples->first_feature = memory_resize(examples->first_feature, examples->token_room,
                                                sizeof(*examples->first_feature));
        examples->gold = memory_resize(examples->gold, examples->token_room, 1);
        examples->rules = memory_resize(examples->rules, examples->token_room, 1);
    }
    if (examples->sentence_count == examples->sentence_room) {
        examples->sentence_room = examples->sentence_room ? examples->sentence_room * 2 : 1024;
        examples->sentences = memory_resize(examples->sentences, examples->sentence_room,
                                            sizeof(*examples->sentences));
    }
}

static void add_sentence(struct examples *examples, const struct sentence *sentence,
                         const struct clue *clues, const uint8_t *labels, unsigned families)
{
    uint32_t first = sentence->first_token, end = first + sentence->token_count;
    if (sentence->token_count == 0 || sentence->token_count > VITERBI_LONGEST)
        return;
    grow(examples, sentence->token_count);
    examples->sentences[examples->sentence_count++] =
        (struct example){examples->token_count, sentence->token_count, examples->article_count};
    for (uint32_t i = first; i < end; i++) {
        uint32_t token = examples->token_count++;
        examples->first_feature[token] = examples->feature_count;
        examples->feature_count += features_of(clues, first, end, i, families,
                                               examples->features + examples->feature_count);
        examples->gold[token] = labels[i];
        examples->rules[token] = clues[i].rule == LABEL_DATE ? LABEL_OUTSIDE : clues[i].rule;
    }
    examples->first_feature[examples->token_count] = examples->feature_count;
}

void examples_add(struct examples *examples, const struct corpus_article *article,
                  const struct knowledge *knowledge, unsigned families)
{
    const struct article_input input = ARTICLE_INPUT_INIT;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = corpus_document(article, &input, arena);
    struct search *search = NULL;
    uint32_t count = 0;
    const struct candidate *chosen = mentions_propose(&document, knowledge, &search, &count);
    const struct clue *clues = clues_find(search, chosen, count);
    const uint8_t *labels = corpus_labels(article, &document, examples);
    for (uint32_t s = 0; s < document.sentence_count; s++)
        add_sentence(examples, &document.sentences[s], clues, labels, families);
    examples->article_count++;
}

void examples_free(struct examples *examples)
{
    free(examples->sentences);
    free(examples->features);
    free(examples->first_feature);
    free(examples->gold);
    free(examples->rules);
    *examples = (struct examples){0};
}
