/* The rules of envs/two_step/two_step.cpp, number for number: a run of one has the bits of the other. */

#include <stdio.h>
#include <stdlib.h>

#include "qtot/env/plugin.h"

struct qtot_plugin_env {
  int32_t node; /* 0 first step, 1 game A, 2 game B, 3 end */
};

static const qtot_plugin_array kArrays[] = {{"s", 1, 1, 0, 3}};
static const float kPayoffB[2][2] = {{0, 1}, {1, 8}};

static int32_t create(const qtot_plugin_argument* arguments, uint32_t n_arguments,
                      qtot_plugin_env** env, char* error, uint64_t error_size) {
  (void)arguments, (void)n_arguments, (void)error, (void)error_size;
  *env = calloc(1, sizeof(**env));
  return *env == NULL;
}

static void destroy(qtot_plugin_env* env) {
  free(env);
}

static void describe(const qtot_plugin_env* env, qtot_plugin_sizes* sizes) {
  (void)env;
  sizes->n_agents = sizes->n_actions = 2;
  sizes->obs_dim = sizes->state_dim = 3;
  sizes->episode_limit = 2;
  sizes->arrays = kArrays;
  sizes->n_arrays = 1;
}

static int32_t reset(qtot_plugin_env* env, const qtot_plugin_chance* chance, char* error,
                     uint64_t error_size) {
  (void)chance, (void)error, (void)error_size;
  env->node = 0;
  return 0;
}

static int32_t step(qtot_plugin_env* env, const int32_t* joint_action,
                    const qtot_plugin_chance* chance, qtot_plugin_step* result, char* error,
                    uint64_t error_size) {
  (void)chance, (void)error, (void)error_size;
  result->terminated = env->node != 0;
  if (env->node == 0) result->reward = 0;
  if (env->node == 1) result->reward = 7;
  if (env->node == 2) result->reward = kPayoffB[joint_action[0]][joint_action[1]];
  env->node = env->node != 0 ? 3 : joint_action[0] == 0 ? 1 : 2;
  return 0;
}

static int32_t observe(const qtot_plugin_env* env, float* obs, float* state, uint8_t* avail,
                       char* error, uint64_t error_size) {
  int32_t i;
  (void)error, (void)error_size;
  for (i = 0; i < 3; ++i) obs[i] = obs[3 + i] = state[i] = env->node == i ? 1.0f : 0.0f;
  for (i = 0; i < 4; ++i) avail[i] = 1;
  return 0;
}

static void save(const qtot_plugin_env* env, double* values) {
  values[0] = env->node;
}

static int32_t load(qtot_plugin_env* env, const double* values, char* error, uint64_t error_size) {
  (void)error, (void)error_size;
  env->node = (int32_t)values[0];
  return 0;
}

static void text(const qtot_plugin_env* env, char* line, uint64_t size) {
  static const char* const kNames[] = {"first step", "game A", "game B", "end"};
  (void)snprintf(line, size, "%s", kNames[env->node]);
}

static const char* const kMaps[] = {"two_step"};
static const qtot_plugin kPlugin = {QTOT_PLUGIN_LAYOUT,
                                    "two_step_in_c",
                                    "the two-step game as a plugin",
                                    kMaps,
                                    1,
                                    NULL,
                                    0,
                                    create,
                                    destroy,
                                    describe,
                                    reset,
                                    step,
                                    observe,
                                    save,
                                    load,
                                    text,
                                    NULL};

const qtot_plugin* QTOT_PLUGIN_ENTRY(void) {
  return &kPlugin;
}
