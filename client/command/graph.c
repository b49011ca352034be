// SPDX-License-Identifier: Apache-2.0
#include "client/command/graph.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/chosen_entity.h"
#include "client/command/database.h"
#include "client/command/invocation.h"

#define DEPTH_MAX      5
#define LIMIT_FALLBACK 30

/* The pairs of some entities ($1) with all others, by article: days $2 to $3, others of type $4,
 * near copies left out when $5. */
#define PAIRS                                                                                      \
    "WITH named AS ("                                                                              \
    "  SELECT DISTINCT em.entity_id, m.article_id, m.reported_on"                                  \
    "  FROM unnest($1::uuid[]) f (id) JOIN newsloom.entity_member em ON em.entity_id = f.id"       \
    "  JOIN newsloom.mention m ON m.entity_id = em.member_id"                                      \
    "  WHERE m.reported_on BETWEEN coalesce($2::date, '-infinity') AND coalesce($3::date, "        \
    "'infinity')), kept AS ("                                                                      \
    "  SELECT n.* FROM named n JOIN newsloom.current_article a USING (article_id)"                 \
    "  WHERE a.duplicate_of IS NULL OR NOT $5::boolean), pair AS ("                                \
    "  SELECT k.entity_id, coalesce(r.to_entity_id, m.entity_id) AS other_id,"                     \
    "         count(DISTINCT k.article_id) AS articles, min(k.reported_on) AS first_on,"           \
    "         max(k.reported_on) AS last_on,"                                                      \
    "         (array_agg(k.article_id ORDER BY k.reported_on DESC, k.article_id DESC))[1] AS "     \
    "newest"                                                                                       \
    "  FROM kept k JOIN newsloom.mention m ON m.article_id = k.article_id AND m.entity_id IS NOT " \
    "NULL"                                                                                         \
    "  LEFT JOIN newsloom.entity_redirect r"                                                       \
    "  ON r.from_entity_id = m.entity_id AND r.undone_at IS NULL"                                  \
    "  WHERE coalesce(r.to_entity_id, m.entity_id) <> k.entity_id GROUP BY 1, 2), fit AS ("        \
    "  SELECT p.*, o.type, o.name FROM pair p JOIN newsloom.entity o ON o.entity_id = p.other_id"  \
    "  WHERE $4::newsloom.entity_type IS NULL OR o.type = $4::newsloom.entity_type"                \
    "  OR p.other_id = ANY ($6::uuid[]))"

/* The heaviest $7 of each; $6: entities whose type does not matter, for they were asked for. */
static const char ask_edges[] =
    PAIRS " SELECT entity_id, other_id, type, name, articles, first_on, last_on, newest,"
          " total > $7::bigint AND $7::bigint > 0"
          " FROM (SELECT f.*, count(*) OVER (PARTITION BY entity_id) AS total,"
          "       row_number() OVER (PARTITION BY entity_id"
          "           ORDER BY articles DESC, last_on DESC, other_id) AS place FROM fit f) ranked"
          " WHERE place <= $7::bigint OR $7::bigint = 0 ORDER BY entity_id, place";
static const char ask_total[] =
    PAIRS " SELECT count(*) FROM (SELECT DISTINCT least(entity_id, other_id),"
          " greatest(entity_id, other_id) FROM fit) e";

struct search_plan {
    const char *from;
    const char *until;
    const char *type;
    char *roots;
    char limit[24];
    bool no_copies;
    int64_t depth;
};

struct growing {
    struct graph graph;
    size_t node_room;
    size_t edge_room;
    json_t *node_index; /* id: number */
    json_t *edge_index; /* "id id", the lesser first */
    unsigned distance;  /* of what is being asked */
    bool is_cut;        /* some entity has more edges than were handed out */
};

/* ---- growing ------------------------------------------------------------------------------- */

static size_t node_of(struct growing *growing, const char *id, const char *type, const char *name)
{
    struct graph *graph = &growing->graph;
    json_t *known = json_object_get(growing->node_index, id);
    if (known)
        return (size_t)json_integer_value(known);
    if (graph->node_count == growing->node_room) {
        growing->node_room = 2 * growing->node_room + 64;
        graph->nodes = memory_resize(graph->nodes, growing->node_room, sizeof(*graph->nodes));
    }
    struct graph_node *node = &graph->nodes[graph->node_count];
    *node = (struct graph_node){
        .type = text_copy(type), .name = text_copy(name), .distance = growing->distance};
    (void)snprintf(node->id, sizeof(node->id), "%s", id);
    (void)json_object_set_new(growing->node_index, id, json_integer((json_int_t)graph->node_count));
    return graph->node_count++;
}

static bool is_new_edge(struct growing *growing, const char *a, const char *b)
{
    char key[2 * UUID_TEXT_SIZE];
    bool in_order = strcmp(a, b) < 0;
    (void)snprintf(key, sizeof(key), "%.36s %.36s", in_order ? a : b, in_order ? b : a);
    if (json_object_get(growing->edge_index, key))
        return false;
    (void)json_object_set_new(growing->edge_index, key, json_true());
    return true;
}

static enum status take_edge(void *context, const PGresult *result, int row, struct error *err)
{
    struct growing *growing = context;
    struct graph *graph = &growing->graph;
    (void)err;
    if (row < 0)
        return STATUS_OK;
    const char *from = PQgetvalue(result, row, 0);
    const char *to = PQgetvalue(result, row, 1);
    growing->is_cut = growing->is_cut || *PQgetvalue(result, row, 8) == 't';
    size_t to_node = node_of(growing, to, PQgetvalue(result, row, 2), PQgetvalue(result, row, 3));
    if (!is_new_edge(growing, from, to))
        return STATUS_OK;
    if (graph->edge_count == growing->edge_room) {
        growing->edge_room = 2 * growing->edge_room + 64;
        graph->edges = memory_resize(graph->edges, growing->edge_room, sizeof(*graph->edges));
    }
    struct graph_edge *edge = &graph->edges[graph->edge_count++];
    *edge = (struct graph_edge){
        .from = (size_t)json_integer_value(json_object_get(growing->node_index, from)),
        .to = to_node,
        .articles = strtoll(PQgetvalue(result, row, 4), NULL, 10),
        .newest_article = strtoll(PQgetvalue(result, row, 7), NULL, 10)};
    (void)snprintf(edge->first_on, sizeof(edge->first_on), "%s", PQgetvalue(result, row, 5));
    (void)snprintf(edge->last_on, sizeof(edge->last_on), "%s", PQgetvalue(result, row, 6));
    return STATUS_OK;
}

/* "{id,id}" of the nodes between two distances. */
static char *nodes_between(const struct graph *graph, unsigned first, unsigned last)
{
    char *text = memory_new(graph->node_count * UUID_TEXT_SIZE + 3);
    size_t used = 0;
    text[used++] = '{';
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].distance >= first && graph->nodes[i].distance <= last)
            used += (size_t)sprintf(text + used, "%s%s", used > 1 ? "," : "", graph->nodes[i].id);
    text[used] = '}';
    return text;
}

static enum status count_left_out(PGconn *connection, const struct search_plan *plan,
                                  struct growing *growing, struct error *err)
{
    PGresult *result = NULL;
    char *looked_at = nodes_between(&growing->graph, 0, (unsigned)plan->depth - 1);
    const char *const parameters[] = {
        looked_at, plan->from, plan->until, plan->type, plan->no_copies ? "t" : "f", plan->roots};
    enum status status =
        database_ask(connection, ask_total, parameters, COUNT_OF(parameters), &result, err);
    if (status == STATUS_OK)
        growing->graph.left_out =
            strtoll(PQgetvalue(result, 0, 0), NULL, 10) - (int64_t)growing->graph.edge_count;
    database_clear(&result);
    free(looked_at);
    return status;
}

static enum status grow(PGconn *connection, const struct search_plan *plan, struct growing *growing,
                        struct error *err)
{
    enum status status = STATUS_OK;
    for (unsigned d = 0; d < plan->depth && status == STATUS_OK; d++) {
        char *frontier = nodes_between(&growing->graph, d, d);
        const char *const parameters[] = {
            frontier,    plan->from, plan->until, plan->type, plan->no_copies ? "t" : "f",
            plan->roots, plan->limit};
        growing->distance = d + 1;
        if (frontier[1] != '}')
            status = database_each(connection, ask_edges, parameters, COUNT_OF(parameters),
                                   take_edge, growing, err);
        free(frontier);
    }
    if (status == STATUS_OK && growing->is_cut)
        status = count_left_out(connection, plan, growing, err);
    return status;
}

/* ---- the command line ---------------------------------------------------------------------- */

typedef void print_graph(const struct graph *graph, FILE *out);
static const struct {
    const char *name;
    print_graph *print; /* NULL: drawn */
} formats[] = {
    {"dot", graph_print_dot},
    {"graphml", graph_print_graphml},
    {"json", graph_print_json},
    {"svg", NULL},
};

static enum status read_plan(const struct invocation *invocation, struct search_plan *plan,
                             size_t *ret_format, struct error *err)
{
    const char *format = invocation_text(invocation, "format");
    int64_t limit = LIMIT_FALLBACK;
    plan->depth = 1;
    plan->no_copies = invocation_has(invocation, "no-copies");
    for (*ret_format = 0; *ret_format < COUNT_OF(formats); (*ret_format)++)
        if (strcmp(format ? format : "dot", formats[*ret_format].name) == 0)
            break;
    if (*ret_format == COUNT_OF(formats))
        return error_set(err, STATUS_INVALID, "--format is dot, graphml, json or svg");
    enum status status = invocation_number(invocation, "depth", &plan->depth, err);
    if (status == STATUS_OK)
        status = invocation_number(invocation, "limit", &limit, err);
    if (status == STATUS_OK)
        status = invocation_day(invocation, "from", &plan->from, err);
    if (status == STATUS_OK)
        status = invocation_day(invocation, "until", &plan->until, err);
    if (status == STATUS_OK)
        status = entity_type_parse(invocation_text(invocation, "type"), &plan->type, err);
    if (status == STATUS_OK && (plan->depth < 1 || plan->depth > DEPTH_MAX))
        status = error_set(err, STATUS_INVALID, "--depth is 1 to %d", DEPTH_MAX);
    if (status == STATUS_OK && limit < 0)
        status = error_set(err, STATUS_INVALID, "--limit is a number, or 0 for all");
    if (status == STATUS_OK && !invocation_has(invocation, "entity"))
        status = error_set(err, STATUS_INVALID, "name an entity: --entity NAME or --entity ID");
    (void)snprintf(plan->limit, sizeof(plan->limit), "%" PRId64, limit);
    return status;
}

static void graph_done(struct growing *growing)
{
    for (size_t i = 0; i < growing->graph.node_count; i++) {
        free(growing->graph.nodes[i].type);
        free(growing->graph.nodes[i].name);
    }
    free(growing->graph.nodes);
    free(growing->graph.edges);
    json_decref(growing->node_index);
    json_decref(growing->edge_index);
}

static enum status draw(const struct graph *graph, size_t format, const struct search_plan *plan,
                        struct error *err)
{
    if (graph->left_out)
        (void)fprintf(stderr,
                      "newsloom graph: %" PRId64 " edges of these entities are left out, the "
                      "lightest of each%s: --limit N takes more, --limit 0 all\n",
                      graph->left_out, plan->depth > 1 ? ", and what lies behind them" : "");
    if (!formats[format].print)
        return graph_print_svg(graph, stdout, err);
    formats[format].print(graph, stdout);
    return STATUS_OK;
}

static int run_graph(struct invocation *invocation)
{
    struct error err;
    struct search_plan plan = {0};
    struct growing growing = {.node_index = json_object(), .edge_index = json_object()};
    struct chosen_entities chosen = {.count = 0};
    PGconn *connection = NULL;
    size_t format = 0;
    enum status status = read_plan(invocation, &plan, &format, &err);
    if (status != STATUS_OK || invocation->operand_count) {
        graph_done(&growing);
        return complain_usage(invocation, "%s",
                              status != STATUS_OK ? err.text : "graph takes options alone");
    }
    status = database_open(&connection, invocation, &err);
    if (status == STATUS_OK)
        status = chosen_entities_find(connection, invocation, NULL, &chosen, &err);
    for (size_t i = 0; i < chosen.count; i++)
        (void)node_of(&growing, chosen.entities[i].id, chosen.entities[i].type,
                      chosen.entities[i].name);
    plan.roots = chosen_entities_array(&chosen);
    if (status == STATUS_OK)
        status = grow(connection, &plan, &growing, &err);
    database_close(&connection);
    if (status == STATUS_OK)
        status = draw(&growing.graph, format, &plan, &err);
    int code = status == STATUS_OK ? EX_OK : complain(invocation, &err);
    free(plan.roots);
    chosen_entities_done(&chosen);
    graph_done(&growing);
    return code;
}

static const struct option options[] = {
    {"entity", 'e', "NAME|ID", "whom or what to begin with; may be given several times"},
    {"depth", 'd', "N", "1: with whom it is named; 2: and with whom these are; up to 5 (1)"},
    {"type", 't', "TYPE", "only with others of this type: PERSON, ORGANIZATION, …"},
    {"from", 0, "DAY", "only articles reported on this day or later"},
    {"until", 0, "DAY", "only articles reported on this day or before"},
    {"no-copies", 0, NULL, "leave near copies of an earlier article out"},
    {"limit", 'n', "N",
     "the heaviest N edges of each entity (30; 0: all); it says what is left out"},
    {"format", 'f', "dot|graphml|json|svg",
     "for Graphviz, Gephi and the like, a program, a browser (dot)"},
};

static const struct example examples[] = {
    {"newsloom graph --entity 'Bộ Công an' --format svg >bo-cong-an.svg",
     "a picture; needs Graphviz"},
    {"newsloom graph --entity 'Bộ Công an' --type PERSON --from 2024-01-01 --format graphml",
     "people named with it since then"},
    {"newsloom graph --entity 'Lê Hữu Khang' --depth 2 --limit 10 --format json",
     "and whom these are named with"},
};

const struct verb verb_graph = {
    .name = "graph",
    .purpose = "draw who is named together with whom",
    .operands = "--entity NAME|ID",
    .about = "Entities are nodes; an edge weighs as many articles as name both, in their newest "
             "revision, and says\nthe first and last day and the newest of these articles "
             "(`newsloom show ARTICLE_ID`). A name that\nseveral entities have is not chosen from: "
             "they are listed with their ids. The database is database.url.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_graph,
};
