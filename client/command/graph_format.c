// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/command/graph.h"
#include "client/command/markup.h"
#include "client/command/print.h"

#define WIDEST 6.0 /* points of an edge */

/* ---- dot ----------------------------------------------------------------------------------- */

/* A quoted string that is also an escString: a backslash would begin an escape (\N is the node's
 * name), so it is doubled; control characters have no place in a picture. */
static void print_quoted(const char *text, FILE *out)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
    (void)fputc('"', out);
}

static const char *shape_of(const char *type)
{
    static const struct {
        const char *type;
        const char *look;
    } looks[] = {
        {"PERSON", "shape=ellipse fillcolor=\"#ffe08a\""},
        {"ORGANIZATION", "shape=box fillcolor=\"#b5e4f4\""},
        {"LOCATION", "shape=house fillcolor=\"#bfe8bd\""},
        {"LAW", "shape=note fillcolor=\"#cdd9fb\""},
        {"EVENT", "shape=hexagon fillcolor=\"#f7cfe0\""},
        {"CRIME", "shape=octagon fillcolor=\"#ffcabd\""},
    };
    for (size_t i = 0; i < COUNT_OF(looks); i++)
        if (strcmp(looks[i].type, type) == 0)
            return looks[i].look;
    return "shape=ellipse";
}

static int64_t heaviest(const struct graph *graph)
{
    int64_t most = 1;
    for (size_t i = 0; i < graph->edge_count; i++)
        most = graph->edges[i].articles > most ? graph->edges[i].articles : most;
    return most;
}

void graph_print_dot(const struct graph *graph, FILE *out)
{
    double most = log2((double)heaviest(graph));
    (void)fputs("graph newsloom {\n"
                "  graph [layout=neato overlap=false splines=true charset=\"UTF-8\" labelloc=b",
                out);
    if (graph->left_out)
        (void)fprintf(out, " label=\"%" PRId64 " edges are left out\"", graph->left_out);
    (void)fputs("];\n  node [style=filled fontname=\"sans-serif\"];\n"
                "  edge [fontname=\"sans-serif\" fontsize=10 color=\"#707070\"];\n",
                out);
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        (void)fprintf(out, "  \"%s\" [label=", node->id);
        print_quoted(node->name, out);
        (void)fputs(" tooltip=", out);
        print_quoted(node->type, out);
        (void)fprintf(out, " %s%s];\n", shape_of(node->type),
                      node->distance == 0 ? " penwidth=3" : "");
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        (void)fprintf(out,
                      "  \"%s\" -- \"%s\" [label=\"%" PRId64 "\" weight=%" PRId64
                      " penwidth=%.2f tooltip=\"%s to %s, newest article_id %" PRId64 "\"];\n",
                      graph->nodes[edge->from].id, graph->nodes[edge->to].id, edge->articles,
                      edge->articles,
                      1 + (most > 0 ? (WIDEST - 1) * log2((double)edge->articles) / most : 0),
                      edge->first_on, edge->last_on, edge->newest_article);
    }
    (void)fputs("}\n", out);
}

/* ---- graphml ------------------------------------------------------------------------------- */

static void print_key(const char *id, const char *of, const char *type, FILE *out)
{
    (void)fprintf(out, "  <key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n", id, of,
                  id, type);
}

void graph_print_graphml(const struct graph *graph, FILE *out)
{
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
                out);
    print_key("left_out", "graph", "long", out);
    print_key("label", "node", "string", out);
    print_key("type", "node", "string", out);
    print_key("distance", "node", "int", out);
    print_key("weight", "edge", "long", out);
    print_key("first_on", "edge", "string", out);
    print_key("last_on", "edge", "string", out);
    print_key("newest_article", "edge", "long", out);
    (void)fprintf(out,
                  "  <graph id=\"newsloom\" edgedefault=\"undirected\">\n"
                  "    <data key=\"left_out\">%" PRId64 "</data>\n",
                  graph->left_out);
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        (void)fprintf(out, "    <node id=\"%s\"><data key=\"label\">", node->id);
        markup_puts(node->name, out);
        (void)fprintf(
            out, "</data><data key=\"type\">%s</data><data key=\"distance\">%u</data></node>\n",
            node->type, node->distance);
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        (void)fprintf(out,
                      "    <edge source=\"%s\" target=\"%s\"><data key=\"weight\">%" PRId64
                      "</data><data key=\"first_on\">%s</data><data key=\"last_on\">%s</data>"
                      "<data key=\"newest_article\">%" PRId64 "</data></edge>\n",
                      graph->nodes[edge->from].id, graph->nodes[edge->to].id, edge->articles,
                      edge->first_on, edge->last_on, edge->newest_article);
    }
    (void)fputs("  </graph>\n</graphml>\n", out);
}

/* ---- json ---------------------------------------------------------------------------------- */

void graph_print_json(const struct graph *graph, FILE *out)
{
    json_t *nodes = json_array();
    json_t *edges = json_array();
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        (void)json_array_append_new(nodes, json_pack("{ss ss ss si}", "entity_id", node->id, "type",
                                                     node->type, "name", node->name, "distance",
                                                     (int)node->distance));
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        (void)json_array_append_new(
            edges, json_pack("{ss ss sI ss ss sI}", "entity_id", graph->nodes[edge->from].id,
                             "other_id", graph->nodes[edge->to].id, "articles",
                             (json_int_t)edge->articles, "first_on", edge->first_on, "last_on",
                             edge->last_on, "newest_article", (json_int_t)edge->newest_article));
    }
    json_t *value = json_pack("{so so sI}", "entities", nodes, "edges", edges, "left_out",
                              (json_int_t)graph->left_out);
    json_print_line(&value, out);
}

/* ---- svg ----------------------------------------------------------------------------------- */

/* The graph as dot's standard input; below 0: there is no room for it. */
static int dot_source(const struct graph *graph)
{
    int fd = memfd_create("graph", MFD_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");
    if (!file) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    graph_print_dot(graph, file);
    bool written = ferror(file) == 0;
    if (fclose(file) != 0 || !written || lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

enum status graph_print_svg(const struct graph *graph, FILE *out, struct error *err)
{
    char program[] = "dot";
    char format[] = "-Tsvg";
    char *const words[] = {program, format, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int how = 0;
    int source = dot_source(graph);
    if (source < 0)
        return error_set_errno(err, STATUS_AGAIN, "could not hold the graph for dot");
    (void)fflush(out);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, source, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    int failed = posix_spawnp(&child, program, &actions, NULL, words, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(source);
    if (failed == ENOENT)
        return error_set(err, STATUS_NOT_FOUND,
                         "svg is drawn by Graphviz's dot, which is not installed (apt install "
                         "graphviz); --format dot, graphml and json need nothing");
    errno = failed;
    if (failed)
        return error_set_errno(err, STATUS_AGAIN, "could not start Graphviz's dot");
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return error_set(err, STATUS_BROKEN, "Graphviz's dot failed: the picture is not complete");
    return STATUS_OK;
}
