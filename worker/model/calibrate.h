// SPDX-License-Identifier: Apache-2.0
/*
 * calibrate - what a margin is worth: how often names with such a margin were right on articles
 * that the weights were not trained on.
 */
#ifndef WORKER_MODEL_CALIBRATE_H
#define WORKER_MODEL_CALIBRATE_H

#include "worker/model/perceptron.h"

/* weights as they are written; confidence never falls while the margin rises. */
void calibrate(const struct examples *held, const struct weights *weights,
               struct tagger_step ret_steps[TAGGER_STEPS]);

#endif
