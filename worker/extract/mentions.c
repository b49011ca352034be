// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/mentions.h"

#include "worker/extract/document.h"
#include "worker/extract/reasons.h"
#include "worker/extract/search.h"
#include "worker/extract/tagger.h"

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION
#define DATE         NEWSLOOM__V1__ENTITY_TYPE__DATE

enum { SHORT_NAME_MOST = 6, DATE_CERTAINTY = 100 };

static uint32_t token_at(const struct reading *r, uint32_t start)
{
    uint32_t low = 0, high = r->token_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->tokens[middle].span.end <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void flag_sentence(struct search *search, const struct sentence *sentence)
{
    const struct document *document = search->r->document;
    Newsloom__V1__SectionKind kind = document->sections[sentence->section].kind;
    uint32_t end = sentence->first_token + sentence->token_count;
    uint32_t words = 0, capitals = 0;
    bool is_first = true;
    for (uint32_t i = sentence->first_token; i < end; i++) {
        if (!reading_has(search->r, i, SHAPE_WORD))
            continue;
        words++;
        capitals += reading_has(search->r, i, SHAPE_ALL_CAPITALS);
        if (is_first)
            search->flags[i] |= TOKEN_FIRST;
        is_first = false;
    }
    unsigned flags = words >= 4 && capitals * 10 >= words * 7 ? TOKEN_SHOUTED : 0;
    if (kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_METADATA)
        flags |= TOKEN_METADATA;
    if (kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_TITLE)
        flags |= TOKEN_TITLE;
    for (uint32_t i = sentence->first_token; i < end; i++)
        search->flags[i] |= (uint8_t)flags;
}

static void flag_tokens(struct search *search)
{
    const struct document *document = search->r->document;
    for (uint32_t s = 0; s < document->sentence_count; s++)
        flag_sentence(search, &document->sentences[s]);
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const struct mention *mention = &document->mentions[m];
        for (uint32_t i = token_at(search->r, mention->span.start);
             i < search->r->token_count && search->r->tokens[i].span.start < mention->span.end; i++)
            search->flags[i] |= TOKEN_IN_DATE;
    }
}

static void propose_dates(struct search *search)
{
    const struct document *document = search->r->document;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const struct mention *mention = &document->mentions[m];
        uint32_t first = token_at(search->r, mention->span.start);
        uint32_t end = token_at(search->r, mention->span.end);
        search_propose(search, DATE, first, end, DATE_CERTAINTY);
    }
}

/* What the first pass recognised, wherever it stands again. */
static void propose_names(struct search *search, uint32_t at)
{
    if (!search_is_capital(search, at) && !search_has_flag(search, at, TOKEN_SHOUTED))
        return;
    uint32_t stop = search_sentence_end(search, at);
    for (uint32_t end = at + 1; end <= stop && end - at <= SHORT_NAME_MOST; end++) {
        uint32_t weight = 0;
        Newsloom__V1__EntityType type = names_type(search->names, at, end, &weight);
        if (!weight)
            continue;
        bool is_single = end == at + 1;
        if (type == LOCATION && at > 0 && reading_is(search->r, at - 1, "tiếng"))
            continue;
        bool is_shouted = search_has_flag(search, at, TOKEN_SHOUTED);
        if (is_shouted && is_single)
            continue;
        if (is_single && type == PERSON && search_is_glued(search, at) && at > 0 &&
            !reading_has(search->r, at - 1, SHAPE_PUNCTUATION))
            continue;
        bool is_doubtful = is_single && search_has_flag(search, at, TOKEN_FIRST) &&
                           reading_length(search->r, at, CATEGORY_STOP) &&
                           !reading_length(search->r, end, CATEGORY_PERSON_VERB);
        uint32_t certainty = type == PERSON && is_single ? 64 : 76;
        if (is_doubtful)
            certainty = 15;
        search_propose(search, type, at, end, certainty);
    }
}

static void propose_by_rules(struct search *search, uint32_t at)
{
    persons_propose(search, at);
    locations_propose(search, at);
    organizations_propose(search, at);
    laws_propose(search, at);
    named_events_propose(search, at);
    crimes_propose(search, at);
}

/* First by the rules; once names are known, they join what the rules proposed. */
static void propose_all(struct search *search)
{
    if (!search->names)
        propose_dates(search);
    for (uint32_t i = 0; i < search->r->token_count; i++) {
        if (!reading_has(search->r, i, SHAPE_WORD | SHAPE_NUMBER))
            continue;
        if (search->names)
            propose_names(search, i);
        else
            propose_by_rules(search, i);
    }
}

/* A full name answers for its last syllables, a foreign one for each of its words. */
static void learn_person(struct names *names, const struct search *search,
                         const struct candidate *name)
{
    uint32_t words = 0, last = name->first;
    bool is_foreign = false;
    for (uint32_t i = name->first; i < name->end; i++) {
        if (reading_has(search->r, i, SHAPE_PUNCTUATION))
            continue;
        words++;
        last = i;
        is_foreign = is_foreign || !reading_has(search->r, i, SHAPE_VIETNAMESE);
    }
    names_add(names, name->first, name->end, PERSON, name->certainty);
    if (words < 2 || search_is_initial(search, last))
        return;
    names_add(names, last, last + 1, PERSON, name->certainty);
    if (words >= 3 && !is_foreign && reading_has(search->r, last - 1, SHAPE_WORD))
        names_add(names, last - 1, last + 1, PERSON, name->certainty);
    if (is_foreign && !reading_has(search->r, name->first, SHAPE_VIETNAMESE))
        names_add(names, name->first, name->first + 1, PERSON, name->certainty / 2);
}

static void learn_place(struct names *names, const struct search *search,
                        const struct candidate *name)
{
    const struct phrase_match *head = reading_match(search->r, name->first, CATEGORY_PLACE_HEAD);
    if (name->end - name->first <= SHORT_NAME_MOST)
        names_add(names, name->first, name->end, LOCATION, name->certainty);
    if (!head || head->value == PLACE_HEAD_STREET)
        return;
    uint32_t first = name->first + head->length;
    if (first + 1 < name->end && name->end - first <= SHORT_NAME_MOST &&
        search_is_capital(search, first))
        names_add(names, first, name->end, LOCATION, name->certainty / 2);
}

static void learn(struct search *search, const struct candidate *chosen, uint32_t count)
{
    struct names *names = names_new(search->r);
    for (uint32_t i = 0; i < count; i++) {
        const struct candidate *name = &chosen[i];
        if (name->certainty < 50)
            continue;
        if (name->type == PERSON)
            learn_person(names, search, name);
        else if (name->type == LOCATION)
            learn_place(names, search, name);
        else if (name->type == ORGANIZATION && name->end - name->first <= SHORT_NAME_MOST)
            names_add(names, name->first, name->end, ORGANIZATION, name->certainty);
    }
    search->names = names;
}

static uint32_t sentence_of(const struct document *document, uint32_t token)
{
    uint32_t low = 0, high = document->sentence_count;
    while (low + 1 < high) {
        uint32_t middle = (low + high) / 2;
        if (document->sentences[middle].first_token <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Replace the mentions by the chosen ones; a date keeps what dates_find() knew of it. unit makes
 * thousandths of certainties. */
static void keep(struct search *search, const struct candidate *chosen, uint32_t count,
                 uint32_t unit)
{
    struct document *document = search->r->document;
    uint32_t date_count = document->mention_count;
    struct mention *dates =
        arena_copy(document->arena, document->mentions, date_count * sizeof(*dates));
    uint32_t next_date = 0;
    document->mention_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct candidate *name = &chosen[i];
        struct span span = {search->r->tokens[name->first].span.start,
                            search->r->tokens[name->end - 1].span.end};
        struct mention *mention = document_add_mention(document);
        if (name->type == DATE) {
            while (next_date < date_count && dates[next_date].span.end <= span.start)
                next_date++;
            *mention = dates[next_date];
            continue;
        }
        uint32_t sentence = sentence_of(document, name->first);
        *mention = (struct mention){.type = name->type,
                                    .span = span,
                                    .section = document->sentences[sentence].section,
                                    .sentence = sentence,
                                    .value = "",
                                    .date_from = "",
                                    .date_to = "",
                                    .confidence = (uint16_t)(name->certainty * unit)};
    }
}

/* Where the dates stand: for each token, the end of the date that begins there, or 0. */
static uint32_t *date_ends(const struct search *search)
{
    const struct document *document = search->r->document;
    uint32_t *ends = arena_take(document->arena, search->r->token_count + 1, sizeof(*ends));
    for (uint32_t m = 0; m < document->mention_count; m++) {
        uint32_t first = token_at(search->r, document->mentions[m].span.start);
        ends[first] = token_at(search->r, document->mentions[m].span.end);
    }
    return ends;
}

/* The end of the name that begins here; it holds a date whole or ends before it. */
static uint32_t name_end(const struct search *search, const struct verdict *verdicts,
                         const uint32_t *dates, uint32_t first)
{
    uint32_t stop = search_sentence_end(search, first);
    uint32_t end = first + 1;
    unsigned inside = verdicts[first].label + 1U;
    while (end < stop && verdicts[end].label == inside)
        end++;
    for (uint32_t i = first + 1; i < end; i++)
        if (dates[i] > end)
            return i;
    return end;
}

/* A rank or a form of address by itself, right before a person's name: it is theirs, no name. "Anh"
 * is a country, too. */
static bool is_title_of_next(const struct search *search, const struct verdict *verdicts,
                             uint32_t first, uint32_t end)
{
    if (end == search_sentence_end(search, first) || verdicts[end].label != LABEL_BEGIN(TAG_PERSON))
        return false;
    bool is_person = verdicts[first].label == LABEL_BEGIN(TAG_PERSON);
    return reading_length(search->r, first, CATEGORY_RANK) == end - first ||
           (is_person && reading_length(search->r, first, CATEGORY_HONORIFIC) == end - first);
}

/* The names that the tagger finds, and the dates between them. */
static struct candidate *decide(const struct search *search, const struct tagger *tagger,
                                const struct verdict *verdicts, uint32_t *count)
{
    const struct document *document = search->r->document;
    const uint32_t *dates = date_ends(search);
    struct candidate *result =
        arena_room(document->arena, search->r->token_count + 1, sizeof(*result));
    *count = 0;
    for (uint32_t i = 0, end = 0; i < search->r->token_count; i = end) {
        bool is_name = verdicts[i].label % 2 == 1;
        end = is_name ? name_end(search, verdicts, dates, i) : i + 1;
        if (dates[i] && (!is_name || dates[i] > end)) {
            end = dates[i];
            result[(*count)++] = (struct candidate){.first = i, .end = end, .type = DATE};
        } else if (is_name && !is_title_of_next(search, verdicts, i, end)) {
            int32_t margin = tagger_margin(verdicts, i, end, search_sentence_end(search, i));
            result[(*count)++] = (struct candidate){
                .first = i,
                .end = end,
                .type = tag_type((enum tag)(verdicts[i].label / 2)),
                .certainty = tagger_confidence(tagger, margin),
            };
        }
    }
    return result;
}

const struct candidate *mentions_propose(struct document *document,
                                         const struct knowledge *knowledge,
                                         struct search **ret_search, uint32_t *ret_count)
{
    document_sort_mentions(document);
    struct search *search = search_new(reading_of(document, knowledge));
    flag_tokens(search);
    propose_all(search);
    const struct candidate *chosen = search_choose(search, ret_count);
    learn(search, chosen, *ret_count);
    propose_all(search);
    *ret_search = search;
    return search_choose(search, ret_count);
}

void mentions_find(struct document *document, const struct knowledge *knowledge)
{
    struct search *search = NULL;
    uint32_t count = 0;
    const struct candidate *chosen = mentions_propose(document, knowledge, &search, &count);
    const struct tagger *tagger = knowledge_tagger(knowledge);
    if (!tagger) {
        keep(search, chosen, count, 10);
        return;
    }
    const struct clue *clues = clues_find(search, chosen, count);
    const struct verdict *verdicts = tagger_decide(tagger, document, clues);
    chosen = decide(search, tagger, verdicts, &count);
    keep(search, chosen, count, 1);
    if (document->explain)
        reasons_find(search, tagger, clues, verdicts);
}
