// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-train - makes the tagger's model from the corpus.
 *
 * One article of ten is held back to measure and to calibrate by; the model that is written has
 * learned from all of them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "worker/model/calibrate.h"
#include "worker/model/evaluate.h"
#include "worker/model/model_writer.h"
#include "worker/model/swaps.h"
#include "worker/model/unaccented.h"

enum { FOLDS = 10, TESTS_MOST = 4, UNACCENTED_EACH = 8 };

static const char usage[] =
    "usage: newsloom-train [--output MODEL] [--test FILE]… CORPUS\n"
    "\n"
    "Train the tagger from the annotated articles of the folder CORPUS, and print what it reaches\n"
    "on the articles that it was not shown.\n"
    "\n"
    "  -o, --output MODEL   write the model, trained on all articles\n"
    "  -t, --test FILE      measure on this file, too\n"
    "  -f, --fold N         hold back articles N, N + 10, … (0 to 9, default 3)\n"
    "  -a, --augment SHARE  add so many percent of the articles once more, with other names\n"
    "  -c, --curve          measure with less of the corpus, and without each family of features\n"
    "  -s, --set NAME=N     rounds, orders, margin, least, rows, seed, families (a mask)\n"
    "  -h, --help           print this and exit\n";

struct plan {
    struct schedule schedule;
    unsigned families;
    unsigned fold;
    const char *corpus;
    const char *output;
    const char *tests[TESTS_MOST];
    unsigned test_count;
    unsigned share;   /* of the articles shown, in percent */
    unsigned augment; /* so many percent of the articles shown come again with other names */
    bool wants_curve;
};

static bool set_number(struct plan *plan, const char *text)
{
    const char *sign = strchr(text, '=');
    size_t size = sign ? (size_t)(sign - text) : 0;
    char *end = NULL;
    unsigned long value = sign ? strtoul(sign + 1, &end, 0) : 0;
    if (!sign || end == sign + 1 || *end || value > UINT32_MAX)
        return false;
    if (strncmp(text, "rounds", size) == 0)
        plan->schedule.rounds = (unsigned)value;
    else if (strncmp(text, "orders", size) == 0)
        plan->schedule.orders = (unsigned)value;
    else if (strncmp(text, "margin", size) == 0)
        plan->schedule.margin = (int32_t)value;
    else if (strncmp(text, "least", size) == 0)
        plan->schedule.least = (unsigned)value;
    else if (strncmp(text, "rows", size) == 0)
        plan->schedule.rows = (uint32_t)value;
    else if (strncmp(text, "seed", size) == 0)
        plan->schedule.seed = value;
    else if (strncmp(text, "families", size) == 0)
        plan->families = (unsigned)value;
    else
        return false;
    return true;
}

enum use { USE_NOT, USE_SHOWN, USE_HELD };

static enum use use_of(const struct plan *plan, uint32_t article, bool has_shown)
{
    if (!has_shown || article % FOLDS == plan->fold)
        return USE_HELD;
    /* 61 is prime to 100, so that a share is spread over all files */
    return article * 61 % 100 < plan->share ? USE_SHOWN : USE_NOT;
}

/* Some of the articles shown once more, with names of the others; of these each eighth as those
 * write who type no diacritics. */
static void add_swapped(struct examples *shown, const struct plan *plan,
                        const struct corpus *corpus, const struct knowledge *knowledge)
{
    struct name_pool *pool = name_pool_new();
    uint64_t state = plan->schedule.seed;
    for (uint32_t i = 0; i < corpus->count && plan->augment; i++)
        if (use_of(plan, i, true) == USE_SHOWN)
            name_pool_add(pool, &corpus->articles[i], knowledge);
    for (uint32_t i = 0; i < corpus->count; i++) {
        unsigned times = plan->augment / 100 + (next_random(&state) % 100 < plan->augment % 100);
        for (unsigned n = 0; n < times && use_of(plan, i, true) == USE_SHOWN; n++) {
            CLEANUP(arena_free) struct arena *arena = arena_new(0);
            struct corpus_article article =
                swap_names(pool, &corpus->articles[i], knowledge, &state, arena);
            if (next_random(&state) % UNACCENTED_EACH == 0)
                article = unaccented(&article, arena);
            examples_add(shown, &article, knowledge, plan->families);
        }
    }
    name_pool_free(&pool);
}

static enum status add_articles(struct examples *shown, struct examples *held,
                                const struct plan *plan, const char *path, struct error *err)
{
    struct corpus *corpus = NULL;
    enum status status = corpus_read(path, &corpus, err);
    if (status != STATUS_OK)
        return status;
    struct knowledge *knowledge = knowledge_open_untrained();
    for (uint32_t i = 0; i < corpus->count; i++) {
        enum use use = use_of(plan, i, shown != NULL);
        struct examples *examples = use == USE_SHOWN ? shown : use == USE_HELD ? held : NULL;
        if (examples)
            examples_add(examples, &corpus->articles[i], knowledge, plan->families);
    }
    if (shown)
        add_swapped(shown, plan, corpus, knowledge);
    knowledge_close(&knowledge);
    corpus_free(&corpus);
    return STATUS_OK;
}

static void print_both(const struct examples *examples, const struct weights *weights,
                       const char *name)
{
    char label[64];
    struct tally rules = evaluate_rules(examples), tagger = evaluate_weights(examples, weights);
    (void)snprintf(label, sizeof(label), "%.40s, rules", name);
    tally_print(&rules, label);
    (void)snprintf(label, sizeof(label), "%.40s, tagger", name);
    tally_print(&tagger, label);
}

static void print_steps(const struct tagger_step *steps)
{
    printf("margin and share of right names:");
    for (unsigned i = 0; i < TAGGER_STEPS; i++)
        printf(" %d:.%03u", steps[i].margin, steps[i].confidence);
    printf("\n");
}

/* Train on the articles that are shown; the weights are as a model holds them. */
static struct weights train(const struct examples *shown, const struct plan *plan)
{
    struct weights weights = weights_train(shown, &plan->schedule);
    weights_quantise(&weights);
    return weights;
}

static enum status measure_tests(const struct plan *plan, const struct weights *weights,
                                 struct error *err)
{
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < plan->test_count && status == STATUS_OK; i++) {
        struct examples test = {0};
        const char *name = strrchr(plan->tests[i], '/');
        status = add_articles(NULL, &test, plan, plan->tests[i], err);
        if (status == STATUS_OK)
            print_both(&test, weights, name ? name + 1 : plan->tests[i]);
        examples_free(&test);
    }
    return status;
}

/* What weights reach that were trained without the articles held back; their calibration. */
static enum status measure(const struct plan *plan, struct tagger_step *ret_steps,
                           struct error *err)
{
    struct examples shown = {0}, held = {0};
    enum status status = add_articles(&shown, &held, plan, plan->corpus, err);
    if (status != STATUS_OK)
        return status;
    struct weights weights = train(&shown, plan);
    printf("%u sentences shown, %u held back, %u features, %u marks misaligned, %u cut\n",
           shown.sentence_count, held.sentence_count, weights.lexicon.count - 1,
           shown.misaligned + held.misaligned, shown.broken + held.broken);
    print_both(&held, &weights, "held back");
    calibrate(&held, &weights, ret_steps);
    status = measure_tests(plan, &weights, err);
    weights_free(&weights);
    examples_free(&shown);
    examples_free(&held);
    return status;
}

/* Less of the corpus, then less to see. */
static enum status measure_curve(const struct plan *plan, struct error *err)
{
    static const unsigned shares[] = {5, 10, 25, 50, 75, 100};
    struct tagger_step steps[TAGGER_STEPS];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(shares) && status == STATUS_OK; i++) {
        struct plan part = *plan;
        part.share = shares[i];
        printf("\n%u%% of the articles: ", part.share);
        status = measure(&part, steps, err);
    }
    for (unsigned family = 0; family < FAMILY_COUNT && status == STATUS_OK; family++) {
        struct plan part = *plan;
        part.families &= ~(1U << family);
        printf("\nwithout %s: ", feature_family_names[family]);
        status = measure(&part, steps, err);
    }
    return status;
}

static enum status write_model(const struct plan *plan, const struct tagger_step *steps,
                               struct error *err)
{
    struct examples all = {0};
    struct plan whole = *plan;
    whole.fold = FOLDS;
    enum status status = add_articles(&all, NULL, &whole, plan->corpus, err);
    if (status != STATUS_OK)
        return status;
    struct weights weights = train(&all, plan);
    size_t size = 0;
    char hex[DIGEST_HEX_SIZE];
    void *bytes = model_bytes(&weights, steps, &size);
    const struct tagger_header *header = bytes;
    printf("digest %s\n", digest_hex(header->digest, hex));
    status = model_write(plan->output, bytes, size, err);
    free(bytes);
    weights_free(&weights);
    examples_free(&all);
    return status;
}

/* EX_OK to go on, -1 to end well, else the exit status. */
static int parse_options(int argc, char **argv, struct plan *plan)
{
    static const struct option table[] = {
        {"output", required_argument, NULL, 'o'},  {"test", required_argument, NULL, 't'},
        {"fold", required_argument, NULL, 'f'},    {"set", required_argument, NULL, 's'},
        {"augment", required_argument, NULL, 'a'}, {"curve", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int option = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    while ((option = getopt_long(argc, argv, "o:t:f:s:a:ch", table, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        }
        if (option == 'o')
            plan->output = optarg;
        else if (option == 'c')
            plan->wants_curve = true;
        else if (option == 't' && plan->test_count < TESTS_MOST)
            plan->tests[plan->test_count++] = optarg;
        else if (option == 'f' && optarg[0] >= '0' && optarg[0] <= '9' && !optarg[1])
            plan->fold = (unsigned)(optarg[0] - '0');
        else if (option == 'a' && strlen(optarg) <= 3 &&
                 strspn(optarg, "0123456789") == strlen(optarg))
            plan->augment = (unsigned)strtoul(optarg, NULL, 10);
        else if (option != 's' || !set_number(plan, optarg))
            return EX_USAGE;
    }
    plan->corpus = argv[optind];
    return optind + 1 == argc ? EX_OK : EX_USAGE;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct plan plan = {
        .schedule =
            {.rounds = 14, .orders = 1, .margin = 150, .least = 2, .rows = 60000, .seed = 1},
        .families = FAMILIES_ALL,
        .fold = 3,
        .share = 100,
        .augment = 100,
    };
    int parsed = parse_options(argc, argv, &plan);
    if (parsed == EX_USAGE)
        (void)fputs(usage, stderr);
    if (parsed != EX_OK)
        return parsed < 0 ? EX_OK : parsed;
    struct tagger_step steps[TAGGER_STEPS] = {{0, 0}};
    enum status status =
        plan.wants_curve ? measure_curve(&plan, &err) : measure(&plan, steps, &err);
    if (status == STATUS_OK && !plan.wants_curve)
        print_steps(steps);
    if (status == STATUS_OK && plan.output)
        status = write_model(&plan, steps, &err);
    if (status != STATUS_OK)
        (void)fprintf(stderr, "newsloom-train: %s\n", err.text);
    return status == STATUS_OK ? EX_OK : status_exit_code(status);
}
