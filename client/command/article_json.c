// SPDX-License-Identifier: Apache-2.0
#include "client/command/article_json.h"

#include "client/command/print.h"

/* Roles say where their sentence is; a reader wants to read it. */
static void add_sentences(const struct database_article *article, json_t *extraction)
{
    json_t *roles = json_object_get(extraction, "roles");
    for (size_t i = 0; i < article->found->n_roles; i++) {
        const Newsloom__V1__Role *role = article->found->roles[i];
        size_t size = 0;
        const char *text =
            database_article_part(article, role->sentence_start, role->sentence_end, &size);
        (void)json_object_set_new(json_array_get(roles, i), "sentence", json_stringn(text, size));
    }
}

static json_t *judgements_json(const struct database_article *article)
{
    json_t *list = json_array();
    for (size_t i = 0; i < article->found->n_entities; i++)
        if (article->judgements[i].name)
            (void)json_array_append_new(list, json_pack("{si ss ss}", "entity", (int)i + 1, "is",
                                                        article->judgements[i].entity_id, "name",
                                                        article->judgements[i].name));
    return list;
}

json_t *article_json(const struct database_article *article)
{
    json_t *extraction = json_of_message(&article->found->base);
    add_sentences(article, extraction);
    json_t *value = json_pack(
        "{sI ss ss si si si ss ss ss ss ss ss ss ss so so}", "article_id",
        (json_int_t)article->article_id, "source", article->source, "key", article->key, "revision",
        (int)article->revision, "newest_revision", (int)article->newest_revision, "generation",
        (int)article->generation, "url", article->url, "title", article->title, "author",
        article->author, "publisher", article->publisher, "published", article->published,
        "reported_on", article->reported_on, "stored_at", article->stored_at, "text", article->text,
        "extraction", extraction, "judgements", judgements_json(article));
    (void)json_object_set_new(value, "duplicate_of",
                              article->duplicate_of ? json_integer(article->duplicate_of)
                                                    : json_null());
    return value;
}
