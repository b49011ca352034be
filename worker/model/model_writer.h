// SPDX-License-Identifier: Apache-2.0
/*
 * model_writer - trained weights as the flat file that tagger_model.h reads.
 *
 * Weights are divided until the largest fits; all by the same number, so the order of sequences
 * stays as it was but for roundings.
 */
#ifndef WORKER_MODEL_MODEL_WRITER_H
#define WORKER_MODEL_MODEL_WRITER_H

#include "worker/extract/tagger_model.h"
#include "worker/model/perceptron.h"

/* Divide in place. */
void weights_quantise(struct weights *weights);

/* The bytes of the file, freed with free(); steps is the calibration. */
void *model_bytes(const struct weights *weights, const struct tagger_step steps[TAGGER_STEPS],
                  size_t *ret_size);

/* Write the file whole or not at all. */
enum status model_write(const char *path, const void *bytes, size_t size,
                        struct error *err) MUST_CHECK;

#endif
