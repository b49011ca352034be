// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/sections.h"

#include "worker/extract/document.h"

void sections_find(struct document *document)
{
    const struct text *text = &document->text;
    uint32_t at = 0;
    while (at < text->length) {
        uint32_t end = at;
        while (end < text->length && text->points[end] != '\n')
            end++;
        uint32_t first = at;
        uint32_t last = end;
        while (first < last && point_is_space(text->points[first]))
            first++;
        while (last > first && point_is_space(text->points[last - 1]))
            last--;
        at = end + 1;
        if (first == last)
            continue;
        struct section *section = document_add_section(document);
        section->kind = document->section_count == 1
                            ? NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_TITLE
                            : NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY;
        section->span = (struct span){first, last};
    }
    document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_ARTICLE;
    if (document->section_count && !document->title[0])
        document->title = document_text(document, document->sections[0].span);
}
