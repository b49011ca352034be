// SPDX-License-Identifier: Apache-2.0
/*
 * graph - who is named together with whom: graph.c asks, graph_format.c writes.
 */
#ifndef CLIENT_COMMAND_GRAPH_H
#define CLIENT_COMMAND_GRAPH_H

#include <stdint.h>
#include <stdio.h>

#include "client/lib/hex.h"
#include "common/status.h"

struct graph_node {
    char id[UUID_TEXT_SIZE];
    char *type;
    char *name;
    unsigned distance; /* from the nearest entity that was asked for */
};

struct graph_edge {
    size_t from; /* nodes; the one that was reached first */
    size_t to;
    int64_t articles; /* that name both */
    char first_on[16];
    char last_on[16];
    int64_t newest_article; /* article_id of the newest of them */
};

struct graph {
    struct graph_node *nodes;
    size_t node_count;
    struct graph_edge *edges;
    size_t edge_count;
    int64_t left_out; /* edges of the entities that were looked at */
};

void graph_print_dot(const struct graph *graph, FILE *out);
void graph_print_graphml(const struct graph *graph, FILE *out);
void graph_print_json(const struct graph *graph, FILE *out);
/* Drawn by Graphviz's dot. NOT_FOUND: it is not installed; BROKEN: it failed. */
enum status graph_print_svg(const struct graph *graph, FILE *out, struct error *err) MUST_CHECK;

#endif
