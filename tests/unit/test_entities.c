// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"
#include "worker/extract/document.h"
#include "worker/extract/entities.h"
#include "worker/extract/identity.h"

static const struct entity *entity_named(const struct document *document, const char *name)
{
    for (uint32_t i = 0; i < document->entity_count; i++)
        if (strcmp(document->entities[i].name, name) == 0)
            return &document->entities[i];
    fail_msg("no entity is called \"%s\"", name);
    return NULL;
}

static void a_short_form_joins_its_full_name(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Ông Vi Văn Chớp về làng. Hôm sau ông Chớp đi chợ, ông Chớp mua gà.");
    const struct entity *person = entity_named(&document, "Vi Văn Chớp");
    assert_int_equal(person->mention_count, 3);
    assert_int_equal(person->resolution, NEWSLOOM__V1__RESOLUTION__RESOLUTION_RULE);
}

static void an_abbreviation_joins_the_body_before_its_bracket(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Công ty cổ phần Gạch Sao Mai (GSMX) vay tiền. Sau đó GSMX phá sản.");
    assert_int_equal(entity_named(&document, "Công ty cổ phần Gạch Sao Mai")->mention_count, 3);
}

static void a_place_has_its_code_with_and_without_head_word(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(arena, "Mưa to ở tỉnh Nghệ An. Ở Nghệ An gió mạnh.");
    const struct entity *place = entity_named(&document, "Nghệ An");
    assert_int_equal(place->mention_count, 2);
    assert_string_equal(place->country, "VN");
    assert_string_equal(place->code, "VN-22");
    assert_int_equal(place->resolution, NEWSLOOM__V1__RESOLUTION__RESOLUTION_TABLE);
}

static void an_id_is_a_uuid_of_version_8(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(arena, "Họ ở Nghệ An.");
    const uint8_t *id = entity_named(&document, "Nghệ An")->id;
    assert_int_equal(id[6] & 0xF0, 0x80);
    assert_int_equal(id[8] & 0xC0, 0x80);
}

static void the_same_place_has_one_id_in_every_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Trời mưa ở Nghệ An.");
    struct document other = find_all(arena, "Tỉnh Nghệ An có đường mới.");
    assert_memory_equal(entity_named(&one, "Nghệ An")->id, entity_named(&other, "Nghệ An")->id, 16);
}

static void two_people_of_one_name_are_not_one(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Ông Trần Văn Bưởi bán cá.");
    struct document other = find_all(arena, "Ông Trần Văn Bưởi dạy học.");
    assert_memory_not_equal(entity_named(&one, "Trần Văn Bưởi")->id,
                            entity_named(&other, "Trần Văn Bưởi")->id, 16);
}

static void a_post_joins_a_person_across_articles(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Giám đốc Công ty Gạch Sao Mai Trần Văn Bưởi nói.");
    struct document other =
        find_all(arena, "Ông Trần Văn Bưởi, Giám đốc Công ty Gạch Sao Mai, vắng mặt.");
    assert_memory_equal(entity_named(&one, "Trần Văn Bưởi")->id,
                        entity_named(&other, "Trần Văn Bưởi")->id, 16);
}

static void a_short_body_belongs_to_its_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Cán bộ của Công an tỉnh đến nhà.");
    struct document other = find_all(arena, "Cán bộ của Công an tỉnh họp.");
    assert_memory_not_equal(entity_named(&one, "Công an tỉnh")->id,
                            entity_named(&other, "Công an tỉnh")->id, 16);
}

/* A short article whose names are marked: "Theo [ORG BCA] ở [LOC Nghệ An]". */
static struct document read_marked(struct arena *arena, const char *marked_text)
{
    static const struct {
        const char *mark;
        Newsloom__V1__EntityType type;
    } marks[] = {{"[PER ", NEWSLOOM__V1__ENTITY_TYPE__PERSON},
                 {"[ORG ", NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION},
                 {"[LOC ", NEWSLOOM__V1__ENTITY_TYPE__LOCATION},
                 {"[LAW ", NEWSLOOM__V1__ENTITY_TYPE__LAW}};
    struct mention found[16] = {0};
    uint32_t count = 0, points = 0;
    char *plain = arena_take(arena, strlen(marked_text) + 1, 1);
    size_t size = 0;
    for (const char *at = marked_text; *at;) {
        bool is_mark = false;
        for (size_t i = 0; i < COUNT_OF(marks); i++)
            if (strncmp(at, marks[i].mark, strlen(marks[i].mark)) == 0) {
                found[count] = (struct mention){.type = marks[i].type, .span.start = points};
                at += strlen(marks[i].mark);
                is_mark = true;
            }
        if (is_mark)
            continue;
        if (*at == ']') {
            found[count++].span.end = points;
            at++;
            continue;
        }
        points += (*at & 0xC0) != 0x80;
        plain[size++] = *at++;
    }
    struct document document = read_text(arena, plain);
    for (uint32_t i = 0; i < count; i++) {
        while (found[i].sentence + 1 < document.sentence_count &&
               document.sentences[found[i].sentence + 1].span.start <= found[i].span.start)
            found[i].sentence++;
        found[i].value = found[i].date_from = found[i].date_to = "";
        *document_add_mention(&document) = found[i];
    }
    entities_join(&document, shared_knowledge());
    return document;
}

static const struct entity *entity_of(const struct document *document, uint32_t mention)
{
    return &document->entities[document->mentions[mention].entity - 1];
}

struct pair {
    const char *one;
    const char *other;
};

/* The first names of two articles. */
static bool are_one(struct pair pair)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one =
        read_marked(arena, arena_format(arena, "Theo %s, trời mưa to.", pair.one));
    struct document other =
        read_marked(arena, arena_format(arena, "Hôm qua ở %s có tin mới.", pair.other));
    return memcmp(entity_of(&one, 0)->id, entity_of(&other, 0)->id, 16) == 0;
}

static void names_of_one_thing_have_one_id(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"[ORG Bộ Công an]", "[ORG Bộ Công an Việt Nam]"},
        {"[ORG Bộ Công an]", "[ORG BCA]"},
        {"[ORG Bộ Công an]", "[ORG Bộ CA]"},
        {"[ORG Bộ Công an]", "[ORG BỘ CÔNG AN]"},
        {"[ORG Bộ Công an]", "[ORG Bộ Công an nước Cộng hòa xã hội chủ nghĩa Việt Nam]"},
        {"[ORG Bộ Công an Trung Quốc]", "[ORG Bộ Công an nước Cộng hòa Nhân dân Trung Hoa]"},
        {"[ORG UBND tỉnh Nghệ An]", "[ORG Ủy ban nhân dân tỉnh Nghệ An]"},
        {"[ORG UBND tỉnh Nghệ An]", "[ORG UBND Nghệ An]"},
        {"[ORG Công an tỉnh Nghệ An]", "[ORG Công an Nghệ An]"},
        {"[ORG Công an tỉnh Nghệ An]", "[ORG CA tỉnh Nghệ An]"},
        {"[ORG TAND TP Hà Nội]", "[ORG Tòa án nhân dân thành phố Hà Nội]"},
        {"[ORG TAND TP Hà Nội]", "[ORG TAND Hà Nội]"},
        {"[ORG Công an TP.HCM]", "[ORG Công an Thành phố Hồ Chí Minh]"},
        {"[ORG Công an TP.HCM]", "[ORG CATP Hồ Chí Minh]"},
        {"[ORG Công an TP. Vinh]", "[ORG Công an thành phố Vinh]"},
        {"[ORG Công an Đắk Lắk]", "[ORG Công an tỉnh Đắc Lắc]"},
        {"[ORG Liên Hiệp Quốc]", "[ORG Liên hợp quốc]"},
        {"[ORG LHQ]", "[ORG Liên hợp quốc]"},
        {"[ORG Hội đồng Bảo an LHQ]", "[ORG Hội đồng Bảo an Liên Hợp Quốc]"},
        {"[ORG Interpol]", "[ORG Tổ chức Cảnh sát hình sự quốc tế]"},
        {"[ORG INTERPOL]", "[ORG Tổ chức Cảnh sát hình sự quốc tế Interpol]"},
        {"[ORG Văn phòng Interpol Việt Nam]", "[ORG Interpol Việt Nam]"},
        {"[ORG TTXVN]", "[ORG Thông tấn xã Việt Nam]"},
        {"[ORG Bộ GD-ĐT]", "[ORG Bộ Giáo dục và Đào tạo]"},
        {"[ORG Bộ GD&ĐT]", "[ORG Bộ GDĐT]"},
        {"[ORG Sở LĐ-TB&XH Hà Tĩnh]", "[ORG Sở Lao động - Thương binh và Xã hội tỉnh Hà Tĩnh]"},
        {"[ORG Bộ Lao động, Thương binh và Xã hội]", "[ORG Bộ LĐTBXH]"},
        {"[ORG Bộ NN&PTNT]", "[ORG Bộ Nông nghiệp và Phát triển nông thôn]"},
        {"[ORG Bộ VHTT&DL]", "[ORG Bộ Văn hóa, Thể thao và Du lịch]"},
        {"[ORG Cục Cảnh sát phòng, chống tội phạm ma túy]",
         "[ORG Cục Cảnh sát phòng chống tội phạm ma tuý]"},
        {"[ORG Cục Cảnh sát hình sự]", "[ORG C02]"},
        {"[ORG Cục Cảnh sát hình sự - Bộ Công an]", "[ORG Cục C45]"},
        {"[ORG Phòng PC45 Công an Hà Nội]", "[ORG Phòng Cảnh sát hình sự Công an TP Hà Nội]"},
        {"[ORG Phòng CSGT Công an Quảng Ninh]", "[ORG Phòng PC08 Công an tỉnh Quảng Ninh]"},
        {"[ORG Cơ quan CSĐT Công an tỉnh Thái Bình]",
         "[ORG Cơ quan Cảnh sát điều tra Công an Thái Bình]"},
        {"[ORG VKSND tối cao]", "[ORG Viện Kiểm sát nhân dân Tối cao]"},
        {"[ORG TANDTC]", "[ORG Tòa án nhân dân tối cao]"},
        {"[ORG Quân khu IV]", "[ORG Quân khu 4]"},
        {"[ORG BĐBP tỉnh Lào Cai]", "[ORG Bộ đội Biên phòng Lào Cai]"},
        {"[ORG Bộ CHQS tỉnh Gia Lai]", "[ORG Bộ Chỉ huy quân sự tỉnh Gia Lai]"},
        {"[ORG Ngân hàng Nhà nước]", "[ORG Ngân hàng Nhà nước Việt Nam]"},
        {"[ORG Vietcombank]", "[ORG Ngân hàng TMCP Ngoại thương Việt Nam]"},
        {"[ORG Công ty CP Gạch Sao Mai]", "[ORG CTCP Gạch Sao Mai]"},
        {"[ORG Công ty TNHH \"Mây Hồng\"]", "[ORG Công ty trách nhiệm hữu hạn Mây Hồng]"},
        {"[ORG Đại sứ quán Mỹ]", "[ORG Đại sứ quán Hoa Kỳ]"},
        {"[ORG Trường ĐH Luật Hà Nội]", "[ORG Đại học Luật Hà Nội]"},
        {"[ORG BV Bạch Mai]", "[ORG Bệnh viện Bạch Mai]"},
        {"[ORG EVN]", "[ORG Tập đoàn Điện lực Việt Nam]"},
        {"[ORG ASEAN]", "[ORG Hiệp hội các quốc gia Đông Nam Á]"},
        {"[ORG EU]", "[ORG Liên minh châu Âu]"},
        {"[LOC Mỹ]", "[LOC Hoa Kỳ]"},
        {"[LOC TP.HCM]", "[LOC TP Hồ Chí Minh]"},
        {"[LOC Sài Gòn]", "[LOC thành phố Hồ Chí Minh]"},
        {"[LOC Úc]", "[LOC Australia]"},
        {"[LOC Ukraine]", "[LOC Ukraina]"},
        {"[LOC Đắk Lắk]", "[LOC tỉnh Đắc Lắc]"},
        {"[LOC Saudi Arabia]", "[LOC Ả Rập Xê-út]"},
        {"[LOC huyện Đô Lương]", "[LOC Đô Lương]"},
        {"[LOC Khánh Hòa]", "[LOC Khánh Hoà]"},
        {"[LAW BLHS]", "[LAW Bộ luật Hình sự]"},
        {"[LAW Luật Phòng, chống tham nhũng]", "[LAW Luật Phòng chống tham nhũng]"},
    };
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (!are_one(pairs[i])) {
            print_error("%s and %s are two\n", pairs[i].one, pairs[i].other);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

static void names_of_two_things_have_two_ids(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"[ORG Bộ Công an]", "[ORG Bộ Công an Trung Quốc]"},
        {"[ORG Bộ Ngoại giao]", "[ORG Bộ Ngoại giao Nga]"},
        {"[ORG Bộ Quốc phòng Lào]", "[ORG Bộ Quốc phòng Campuchia]"},
        {"[ORG Bộ Quốc phòng Mỹ]", "[ORG Bộ Quốc phòng]"},
        {"[ORG Công an tỉnh Nghệ An]", "[ORG Công an tỉnh Hà Tĩnh]"},
        {"[ORG Công an tỉnh Bắc Giang]", "[ORG Công an thành phố Bắc Giang]"},
        {"[ORG UBND tỉnh Nghệ An]", "[ORG HĐND tỉnh Nghệ An]"},
        {"[ORG UBND tỉnh Điện Biên]", "[ORG UBND huyện Điện Biên]"},
        {"[ORG Công an tỉnh Nghệ An]", "[ORG Phòng CSHS Công an tỉnh Nghệ An]"},
        {"[ORG Công an tỉnh]", "[ORG Công an tỉnh]"},
        {"[ORG UBND xã]", "[ORG UBND xã]"},
        {"[ORG UBND xã Tân Lập], [LOC tỉnh Yên Bái]",
         "[ORG UBND xã Tân Lập], [LOC tỉnh Bình Phước]"},
        {"[ORG UBND xã Tân Lập]", "[ORG UBND xã Tân Lập]"},
        {"[ORG Công an huyện Châu Thành], [LOC tỉnh Bến Tre]",
         "[ORG Công an huyện Châu Thành], [LOC tỉnh Tiền Giang]"},
        {"[ORG PC45]", "[ORG PC45]"},
        {"[ORG C45]", "[ORG C46]"},
        {"[ORG TAND tối cao]", "[ORG VKSND tối cao]"},
        {"[ORG Đại sứ quán Mỹ tại Lào]", "[ORG Đại sứ quán Mỹ tại Thái Lan]"},
        {"[ORG Đại sứ quán Việt Nam tại Lào]", "[ORG Đại sứ quán Lào tại Việt Nam]"},
        {"[ORG Đảng Cộng sản Việt Nam]", "[ORG Đảng Cộng sản Trung Quốc]"},
        {"[ORG Quân khu 4]", "[ORG Quân khu 5]"},
        {"[ORG Ngân hàng TMCP Sài Gòn]", "[ORG Ngân hàng TMCP Sài Gòn - Hà Nội]"},
        {"[ORG Công ty cổ phần Sao Mai]", "[ORG Công ty TNHH Sao Mai]"},
        {"[ORG Interpol]", "[ORG Europol]"},
        {"[ORG Interpol]", "[ORG Interpol Việt Nam]"},
        {"[ORG Liên đoàn Bóng đá Việt Nam]", "[ORG Liên đoàn Bóng đá Thái Lan]"},
        {"[PER Trần Văn Bưởi]", "[PER Trần Văn Bưởi]"},
        {"[PER Trần Văn Bưởi]", "[PER Lê Văn Bưởi]"},
        {"[PER Bưởi]", "[PER Trần Văn Bưởi]"},
        {"[LOC Triều Tiên]", "[LOC Hàn Quốc]"},
        {"[LOC tỉnh Thanh Hóa]", "[LOC thành phố Thanh Hóa]"},
        {"[LOC tỉnh Điện Biên]", "[LOC huyện Điện Biên]"},
        {"[LOC xã Tân Lập], [LOC tỉnh Yên Bái]", "[LOC xã Tân Lập], [LOC tỉnh Bình Phước]"},
        {"[LOC xã Tân Lập]", "[LOC xã Tân Lập]"},
        {"[LOC đường Lê Lợi]", "[LOC đường Lê Lợi]"},
        {"[LOC Hà Nội]", "[LOC phường Hà Nội]"},
        {"[LOC Sài Gòn]", "[LOC sông Sài Gòn]"},
        {"[LOC Bắc Giang]", "[LOC Bắc Ninh]"},
        {"[LOC Hà Tây]", "[LOC Hà Nội]"},
        {"[LOC Mỹ]", "[LOC Châu Mỹ]"},
        {"[LOC Congo]", "[LOC Cộng hòa Dân chủ Congo]"},
    };
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (are_one(pairs[i])) {
            print_error("%s and %s are one\n", pairs[i].one, pairs[i].other);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

static void an_article_explains_its_short_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_one; /* the first name and the last */
    } articles[] = {
        {"[ORG GSMX] vay tiền. Hôm nay [ORG Công ty cổ phần Gạch Sao Mai X] ([ORG GSMX]) phá sản.",
         true},
        {"[ORG GSMX] vay tiền. Hôm nay [ORG Công ty cổ phần Gạch Sao Mai X] (gọi tắt là [ORG "
         "GSMX]) phá sản. Còn [ORG Công ty cổ phần Gạch Sao Mai X] im lặng.",
         true},
        {"[ORG Tổ chức Cảnh sát hình sự quốc tế] ([ORG Interpol]) họp.", true},
        {"[ORG VVKT] ([ORG Viện Vật liệu Kỹ thuật]) mở cửa.", true},
        {"[ORG Công an tỉnh] vào cuộc. Theo [ORG Công an tỉnh Nghệ An], trời mưa.", true},
        {"[ORG Công an tỉnh] vào cuộc. Theo [ORG Công an Nghệ An], trời mưa.", true},
        {"[ORG Ủy ban nhân dân tỉnh Nghệ An] họp. Sau đó [ORG UBND tỉnh] ra thông báo.", true},
        {"[ORG Công an tỉnh] và [ORG Công an tỉnh Hà Tĩnh] phối hợp với [ORG Công an tỉnh Nghệ "
         "An].",
         false},
        {"[ORG Cục Đối ngoại] ([ORG BCA]) họp.", false},
        {"[ORG Bộ Công an] ([ORG C02]) họp.", false},
        {"[ORG C02] ([ORG Bộ Công an]) họp.", false},
        {"[ORG Phòng Cảnh sát hình sự] ([ORG PC02]) họp.", true},
        {"[ORG Công an xã Tân Lập] họp. [ORG Công an xã Tân Lập], [LOC huyện Lục Yên]. Theo [ORG "
         "Công an xã Tân Lập].",
         true},
        {"Ông [PER Trần Văn Bưởi] gặp ông [PER Lê Văn Bưởi].", false},
        {"Ông [PER Trần Văn Bưởi] gặp ông [PER Trần Đình Lâm].", false},
    };
    for (size_t i = 0; i < COUNT_OF(articles); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct document document = read_marked(arena, articles[i].text);
        uint32_t last = document.mention_count - 1;
        if ((document.mentions[0].entity == document.mentions[last].entity) != articles[i].is_one)
            fail_msg("%s: should be %s", articles[i].text, articles[i].is_one ? "one" : "two");
    }
}

static void a_body_is_shown_by_its_full_name(void **state)
{
    (void)state;
    static const struct pair shown[] = {
        {"[ORG BCA]", "Bộ Công an"},
        {"[ORG UBND tỉnh Nghệ An]", "Ủy ban nhân dân tỉnh Nghệ An"},
        {"[ORG Phòng CSGT Công an TP Vinh]", "Phòng Cảnh sát giao thông Công an thành phố Vinh"},
        {"[ORG TTXVN]", "Thông tấn xã Việt Nam"},
        {"[ORG Công ty Gạch Sao Mai]", "Công ty Gạch Sao Mai"},
        {"[LOC Mỹ]", "Hoa Kỳ"},
        {"[LOC TP Bắc Giang]", "thành phố Bắc Giang"},
    };
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct document document =
            read_marked(arena, arena_format(arena, "Theo %s.", shown[i].one));
        assert_string_equal(entity_of(&document, 0)->name, shown[i].other);
    }
}

static void a_place_has_the_code_of_its_province(void **state)
{
    (void)state;
    static const struct pair codes[] = {
        {"[LOC Mỹ]", "US"},
        {"[LOC Bắc Giang]", "VN-54"},
        {"[LOC TP Bắc Giang]", "VN-54"},
        {"[LOC huyện Đô Lương]", "VN-22"},
        {"[LOC Sài Gòn]", "VN-SG"},
        {"[LOC huyện Quảng Ninh]", "VN-24"},
        {"[LOC xã Ở Đâu]", ""},
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct document document = read_marked(arena, arena_format(arena, "Ở %s.", codes[i].one));
        assert_string_equal(entity_of(&document, 0)->code, codes[i].other);
    }
}

/* Whoever changes the rules so that one of these keys changes raises the version, too. */
static void keys_change_with_their_version_only(void **state)
{
    (void)state;
    static const struct pair keys[] = {
        {"[ORG UBND tỉnh Nghệ An]", "ủy ban nhân dân nghệ an"},
        {"[ORG Bộ GD&ĐT]", "bộ giáo dục đào tạo"},
        {"[ORG Cục Hàng không Việt Nam]", "cục hàng không"},
        {"[ORG Đại sứ quán Mỹ tại Việt Nam]", "đại sứ quán hoa kỳ tại việt nam"},
        {"[LOC TP.HCM]", "VN-SG|Thành phố Hồ Chí Minh"},
        {"[LOC TP Thanh Hóa]", "VN-21|thành phố Thanh Hóa"},
        {"[LOC xã Tân Lập], [LOC tỉnh Yên Bái]", "xã tân lập|VN-06"},
        {"[ORG UBND xã Tân Lập], [LOC tỉnh Yên Bái]", "ủy ban nhân dân xã tân lập|VN-06"},
        {"[LAW BLHS]", "bộ luật hình sự"},
    };
    assert_int_equal(IDENTITY_KEY_VERSION, 2);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct document document = read_marked(arena, arena_format(arena, "Theo %s.", keys[i].one));
        assert_string_equal(entity_of(&document, 0)->canonical_key, keys[i].other);
        assert_int_equal(entity_of(&document, 0)->key_version, IDENTITY_KEY_VERSION);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_form_joins_its_full_name),
        cmocka_unit_test(an_abbreviation_joins_the_body_before_its_bracket),
        cmocka_unit_test(a_place_has_its_code_with_and_without_head_word),
        cmocka_unit_test(an_id_is_a_uuid_of_version_8),
        cmocka_unit_test(the_same_place_has_one_id_in_every_article),
        cmocka_unit_test(two_people_of_one_name_are_not_one),
        cmocka_unit_test(a_post_joins_a_person_across_articles),
        cmocka_unit_test(a_short_body_belongs_to_its_article),
        cmocka_unit_test(names_of_one_thing_have_one_id),
        cmocka_unit_test(names_of_two_things_have_two_ids),
        cmocka_unit_test(an_article_explains_its_short_names),
        cmocka_unit_test(a_body_is_shown_by_its_full_name),
        cmocka_unit_test(a_place_has_the_code_of_its_province),
        cmocka_unit_test(keys_change_with_their_version_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
