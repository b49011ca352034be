// SPDX-License-Identifier: Apache-2.0
#include "worker/model/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(name) NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_##name
#define TYPE(name) NEWSLOOM__V1__ENTITY_TYPE__##name

enum { LINES_MOST = 2000, MARKS_MOST = 8000 };

static const struct {
    const char *name;
    Newsloom__V1__EntityType type;
} types[] = {
    {"PER", TYPE(PERSON)},  {"ORG", TYPE(ORGANIZATION)}, {"LOC", TYPE(LOCATION)},
    {"DATE", TYPE(DATE)},   {"LAW", TYPE(LAW)},          {"EVT", TYPE(EVENT)},
    {"CRIME", TYPE(CRIME)},
};

/* What is being read. */
struct reader {
    struct corpus *corpus;
    const char *path;
    unsigned line;
    struct corpus_article *article; /* NULL: between two */
    char *text;                     /* of the article, as large as the file */
    uint32_t length;                /* code points of it */
    bool has_title;
};

struct corpus_article *corpus_add(struct corpus *corpus)
{
    if (corpus->count == corpus->room) {
        uint32_t room = corpus->room ? corpus->room * 2 : 64;
        struct corpus_article *articles = arena_take(corpus->arena, room, sizeof(*articles));
        if (corpus->count)
            memcpy(articles, corpus->articles, corpus->count * sizeof(*articles));
        corpus->articles = articles;
        corpus->room = room;
    }
    return &corpus->articles[corpus->count++];
}

static enum status fail(const struct reader *reader, struct error *err, const char *why)
{
    return error_set(err, STATUS_INVALID, "cannot read the corpus: %s:%u: %s", reader->path,
                     reader->line, why);
}

static void put(struct reader *reader, const char *bytes, size_t size)
{
    struct corpus_article *article = reader->article;
    memcpy(reader->text + article->size, bytes, size);
    article->size += size;
    for (size_t i = 0; i < size; i++)
        reader->length += ((unsigned char)bytes[i] & 0xc0) != 0x80;
}

static bool type_named(const char *name, size_t size, Newsloom__V1__EntityType *ret_type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strlen(types[i].name) == size && memcmp(types[i].name, name, size) == 0) {
            *ret_type = types[i].type;
            return true;
        }
    return false;
}

/* "[TYPE text]" or "[DATE=value text]"; leaves *line behind it. */
static enum status read_mark(struct reader *reader, const char **line, struct error *err)
{
    struct corpus_article *article = reader->article;
    const char *name = *line + 1;
    const char *end = strchr(name, ']');
    size_t name_size = strcspn(name, " ]");
    size_t type_size = strcspn(name, " =]");
    struct annotation annotation = {0};
    if (!end || name + name_size + 1 >= end || !type_named(name, type_size, &annotation.type))
        return fail(reader, err, "a mark that is none");
    if (article->annotation_count == MARKS_MOST)
        return fail(reader, err, "too many marks in one article");
    annotation.span.start = reader->length;
    put(reader, name + name_size + 1, (size_t)(end - name) - name_size - 1);
    annotation.span.end = reader->length;
    article->annotations[article->annotation_count++] = annotation;
    *line = end + 1;
    return STATUS_OK;
}

static Newsloom__V1__SectionKind kind_of(struct reader *reader, char label)
{
    bool is_lead = label == 'T' && reader->has_title;
    reader->has_title = reader->has_title || label == 'T';
    switch (label) {
    case 'T':
        return is_lead ? KIND(LEAD) : KIND(TITLE);
    case 'M':
        return KIND(METADATA);
    case 'C':
        return KIND(CAPTION);
    case 'R':
        return KIND(JUNK);
    default:
        return KIND(BODY);
    }
}

static enum status read_text_line(struct reader *reader, const char *line, struct error *err)
{
    struct corpus_article *article = reader->article;
    if (article->section_count == LINES_MOST)
        return fail(reader, err, "too many lines in one article");
    struct section *section = &article->sections[article->section_count++];
    section->kind = kind_of(reader, line[0]);
    for (line += 2; *line == ' '; line++)
        put(reader, line, 1);
    section->span.start = reader->length;
    while (*line) {
        if (*line == '[') {
            enum status status = read_mark(reader, &line, err);
            if (status != STATUS_OK)
                return status;
            continue;
        }
        size_t size = strcspn(line, "[");
        put(reader, line, size);
        line += size;
    }
    section->span.end = reader->length;
    put(reader, "\n", 1);
    return STATUS_OK;
}

static void finish_article(struct reader *reader)
{
    struct arena *arena = reader->corpus->arena;
    struct corpus_article *article = reader->article;
    if (article) {
        article->text = arena_text(arena, reader->text, article->size);
        article->sections =
            arena_copy(arena, article->sections, article->section_count * sizeof(struct section));
        article->annotations = arena_copy(arena, article->annotations,
                                          article->annotation_count * sizeof(struct annotation));
    }
    reader->article = NULL;
}

static enum status begin_article(struct reader *reader, const char *line, struct error *err,
                                 struct section *sections, struct annotation *annotations)
{
    finish_article(reader);
    size_t size = strcspn(line + 2, " ");
    if (line[1] != ' ' || line[2 + size] != ' ' || (size != 1 && size != 10))
        return fail(reader, err, "a header is \"= DATE SOURCE\"");
    struct arena *arena = reader->corpus->arena;
    reader->article = corpus_add(reader->corpus);
    *reader->article = (struct corpus_article){
        .place = arena_format(arena, "%s:%u", reader->path, reader->line),
        .published = size == 10 ? arena_text(arena, line + 2, size) : "",
        .sections = sections,
        .annotations = annotations,
    };
    reader->length = 0;
    reader->has_title = false;
    return STATUS_OK;
}

static enum status read_line(struct reader *reader, const char *line, struct section *sections,
                             struct annotation *annotations, struct error *err)
{
    if (line[0] == '=')
        return begin_article(reader, line, err, sections, annotations);
    if (line[0] == 0 || line[strspn(line, " \r")] == 0) {
        finish_article(reader);
        return STATUS_OK;
    }
    if (line[0] == '#' && !reader->article)
        return STATUS_OK;
    if (!reader->article || !strchr("TMBCR", line[0]) || line[1] != '|')
        return fail(reader, err, "a line begins with T, M, B, C or R and |, after a header");
    return read_text_line(reader, line, err);
}

static enum status read_bytes(struct corpus *corpus, const char *path, char *bytes,
                              struct error *err)
{
    struct reader reader = {.corpus = corpus, .path = path, .text = memory_new(strlen(bytes) + 1)};
    struct section *sections = memory_new(LINES_MOST * sizeof(*sections));
    struct annotation *annotations = memory_new(MARKS_MOST * sizeof(*annotations));
    enum status status = STATUS_OK;
    while (*bytes && status == STATUS_OK) {
        char *end = bytes + strcspn(bytes, "\n");
        bool is_last = *end == 0;
        *end = 0;
        reader.line++;
        status = read_line(&reader, bytes, sections, annotations, err);
        bytes = is_last ? end : end + 1;
    }
    finish_article(&reader);
    free(reader.text);
    free(sections);
    free(annotations);
    return status;
}

static enum status read_file(struct corpus *corpus, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, STATUS_NOT_FOUND, "could not open \"%.150s\"", path);
    char *bytes = NULL;
    size_t room = 0;
    ssize_t size = getdelim(&bytes, &room, 0, file); /* text files hold no NUL */
    (void)fclose(file);
    const char *name = strrchr(path, '/');
    enum status status = STATUS_OK;
    if (size > 0)
        status = read_bytes(corpus, arena_format(corpus->arena, "%s", name ? name + 1 : path),
                            bytes, err);
    free(bytes);
    return status;
}

static int is_annotated(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".ann") == 0;
}

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum status corpus_read(const char *path, struct corpus **ret_corpus, struct error *err)
{
    struct corpus *corpus = memory_new(sizeof(*corpus));
    struct dirent **entries = NULL;
    enum status status = STATUS_OK;
    corpus->arena = arena_new(0);
    int count = scandir(path, &entries, is_annotated, by_name);
    if (count < 0 && errno != ENOTDIR)
        status = error_set_errno(err, STATUS_NOT_FOUND, "could not open \"%.150s\"", path);
    else if (count < 0)
        status = read_file(corpus, path, err);
    for (int i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = read_file(corpus,
                               arena_format(corpus->arena, "%s/%s", path, entries[i]->d_name), err);
        free(entries[i]);
    }
    free(entries);
    if (status != STATUS_OK)
        corpus_free(&corpus);
    *ret_corpus = corpus;
    return status;
}

void corpus_free(struct corpus **corpus_p)
{
    if (*corpus_p)
        arena_free(&(*corpus_p)->arena);
    free(*corpus_p);
    *corpus_p = NULL;
}
