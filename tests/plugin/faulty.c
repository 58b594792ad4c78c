/* A plugin with every type of option and with agents that differ and are paid apart, that asks chance for all
 * it has; and, where QTOT_TEST_FAULT is set while it is loaded, one with that single fault. */

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qtot/env/plugin.h"

static char plugin_name[64] = "faulty_none";

static int fault(const char* name) {
  return strcmp(plugin_name + strlen("faulty_"), name) == 0;
}

enum { N = 3, A = 4, O = 5, S = 8 };

struct qtot_plugin_env {
  int32_t order[N];
  double drawn[3];
  const qtot_plugin_chance* kept; /* of an earlier call, which is a fault */
  char arguments[256];
};

static const int32_t kActions[N] = {4, 2, 1};
static const int32_t kObs[N] = {5, 5, 2};
static const int32_t kTooMany[N] = {4, 5, 1};
static const qtot_plugin_array kArrays[] = {{"order", N, 1, 0, N - 1}, {"drawn", 3, 0, 0, 0}};
static const qtot_plugin_array kTwice[] = {{"order", N, 1, 0, N - 1}, {"order", 3, 0, 0, 0}};

static int32_t create(const qtot_plugin_argument* arguments, uint32_t n_arguments,
                      qtot_plugin_env** env, char* error, uint64_t error_size) {
  uint32_t i;
  if (fault("create_refuses")) {
    (void)snprintf(error, error_size, "no board of\nthis size");
    return 7;
  }
  if (fault("create_is_silent")) return 1;
  if (fault("create_makes_nothing")) return 0;
  *env = calloc(1, sizeof(**env));
  if (*env == NULL) return 1;
  for (i = 0; i < n_arguments; ++i) {
    char* const text = (*env)->arguments;
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof((*env)->arguments) - used, "%s=%s/%d/%g ", arguments[i].key,
                   arguments[i].text, (int)arguments[i].integer, arguments[i].number);
  }
  return 0;
}

static void destroy(qtot_plugin_env* env) {
  free(env);
}

static void describe(const qtot_plugin_env* env, qtot_plugin_sizes* sizes) {
  (void)env;
  sizes->n_agents = fault("no_agents") ? 0 : N;
  sizes->n_actions = fault("many_actions") ? 2000000000 : A;
  sizes->obs_dim = fault("large_product") ? 1 << 20 : O;
  if (fault("large_product")) sizes->n_agents = 1 << 16;
  sizes->state_dim = S;
  sizes->episode_limit = 4;
  sizes->reports_wins = fault("flag_of_sizes") ? 2 : fault("won_unreported") ? 0 : 1;
  sizes->pays_agents = 1;
  sizes->n_actions_of = fault("too_many_of_an_agent") ? kTooMany : kActions;
  sizes->obs_dim_of = kObs;
  sizes->arrays = fault("array_twice") ? kTwice : kArrays;
  sizes->n_arrays = 2;
}

static int32_t reset(qtot_plugin_env* env, const qtot_plugin_chance* chance, char* error,
                     uint64_t error_size) {
  int32_t i;
  if (fault("reset_fails")) {
    (void)snprintf(error, error_size, "the board is broken");
    return 1;
  }
  for (i = 0; i < N; ++i) env->order[i] = i;
  for (i = 0; i < 3; ++i) env->drawn[i] = 0;
  if (fault("reset_arithmetic")) (void)fesetround(FE_UPWARD);
  chance->shuffle(chance->source, fault("site") ? 256 : 3, env->order, N);
  if (fault("index")) (void)chance->uniform(chance->source, 0, 65536);
  if (fault("no_choice")) (void)chance->choose(chance->source, 0, 0, 0);
  if (fault("probability")) (void)chance->happens(chance->source, 0, 0, NAN);
  env->kept = chance;
  return 0;
}

static int32_t step(qtot_plugin_env* env, const int32_t* joint_action,
                    const qtot_plugin_chance* chance, qtot_plugin_step* result, char* error,
                    uint64_t error_size) {
  int32_t i;
  (void)joint_action;
  if (fault("step_fails")) {
    memset(error, 'x', error_size); /* without an end */
    return 1;
  }
  env->drawn[0] = chance->choose(chance->source, 0, 1, 1000);
  env->drawn[1] = chance->happens(chance->source, 1, 2, 0.5);
  env->drawn[2] = chance->uniform(chance->source, 2, 3);
  if (!fault("reward_unwritten")) result->reward = fault("reward_infinite") ? INFINITY : 0.5f;
  if (!fault("terminated_unwritten")) result->terminated = fault("terminated_odd") ? 3 : 0;
  if (!fault("won_unwritten") && !fault("won_unreported")) result->won = fault("won_alone") ? 1 : 0;
  if (fault("won_unreported")) result->won = result->terminated = 1;
  for (i = 0; i < (fault("agent_unpaid") ? N - 1 : N); ++i) result->agent_rewards[i] = i;
  return 0;
}

static int32_t observe(const qtot_plugin_env* env, float* obs, float* state, uint8_t* avail,
                       char* error, uint64_t error_size) {
  int32_t i, j;
  (void)error, (void)error_size;
  if (fault("chance_outside")) (void)env->kept->uniform(env->kept->source, 0, 0);
  for (i = 0; i < N; ++i) {
    for (j = 0; j < O; ++j) obs[i * O + j] = j < kObs[i] ? (float)env->order[i] : 0.0f;
    for (j = 0; j < A; ++j) avail[i * A + j] = j < kActions[i];
  }
  for (i = 0; i < S; ++i) state[i] = i < 3 ? (float)env->drawn[i] : 0.0f;
  if (fault("obs_unwritten")) obs[7] = NAN;
  if (fault("obs_behind")) obs[2 * O + 3] = 1;
  if (fault("state_infinite")) state[3] = -INFINITY;
  if (fault("avail_odd")) avail[5] = 2;
  if (fault("avail_behind")) avail[2 * A + 1] = 1;
  if (fault("nothing_available")) avail[2 * A] = 0;
  return 0;
}

static void save(const qtot_plugin_env* env, double* values) {
  int32_t i;
  for (i = 0; i < N; ++i) values[i] = fault("save_outside") ? N : env->order[i];
  for (i = 0; i < (fault("save_unwritten") ? 2 : 3); ++i) values[N + i] = env->drawn[i];
}

static int32_t load(qtot_plugin_env* env, const double* values, char* error, uint64_t error_size) {
  int32_t i;
  if (fault("load_fails")) {
    (void)snprintf(error, error_size, "order: nobody stands there");
    return 1;
  }
  for (i = 0; i < N; ++i) env->order[i] = (int32_t)values[i];
  for (i = 0; i < 3; ++i) env->drawn[i] = values[N + i];
  return 0;
}

static void text(const qtot_plugin_env* env, char* line, uint64_t size) {
  (void)snprintf(line, size, "%s", env->arguments);
}

static void action_name(const qtot_plugin_env* env, int32_t agent, int32_t action, char* name,
                        uint64_t size) {
  (void)env;
  if (!fault("nameless_action")) (void)snprintf(name, size, "%d:%d", (int)agent, (int)action);
}

static const char* const kMaps[] = {"small", "large"};
static const char* const kChoices[] = {"grid", "vector"};
static qtot_plugin_option options[] = {
    {"size", QTOT_PLUGIN_INTEGER, "3", 1, 9, NULL, 0, "of the board"},
    {"speed", QTOT_PLUGIN_NUMBER, "0.5", 0, 0, NULL, 0, "of all"},
    {"wraps", QTOT_PLUGIN_BOOLEAN, "True", 0, 0, NULL, 0, "whether the board has no rim"},
    {"view", QTOT_PLUGIN_TEXT, "grid", 0, 0, kChoices, 2, "what is seen"},
    {"label", QTOT_PLUGIN_TEXT, "", 0, 0, NULL, 0, "any text"}};
static qtot_plugin plugin = {QTOT_PLUGIN_LAYOUT,
                             plugin_name,
                             "a plugin to test with",
                             kMaps,
                             2,
                             options,
                             5,
                             create,
                             destroy,
                             describe,
                             reset,
                             step,
                             observe,
                             save,
                             load,
                             text,
                             action_name};

__attribute__((constructor)) static void choose_fault(void) {
  const char* const chosen = getenv("QTOT_TEST_FAULT");
  if (chosen != NULL) (void)snprintf(plugin_name, sizeof(plugin_name), "faulty_%s", chosen);
  /* as the start-up code of -ffast-math changes how subnormal numbers are treated */
  if (fault("arithmetic")) (void)fesetround(FE_UPWARD);
}

const qtot_plugin* QTOT_PLUGIN_ENTRY(void) {
  if (fault("returns_nothing")) return NULL;
  if (fault("other_version")) plugin.layout.interface_version = 2;
  if (fault("other_layout")) ++plugin.layout.size_of_step;
  if (fault("bad_name")) plugin.name = "Faulty one";
  if (fault("name_taken")) plugin.name = "two_step";
  if (fault("no_summary")) plugin.summary = "";
  if (fault("no_maps")) plugin.n_maps = 0;
  if (fault("no_step")) plugin.step = NULL;
  if (fault("bad_key")) options[1].key = "Speed";
  if (fault("key_twice")) options[1].key = "size";
  if (fault("key_map_name")) options[1].key = "map_name";
  if (fault("no_help")) options[2].help = NULL;
  if (fault("bad_type")) options[2].type = 4;
  if (fault("bad_integer")) options[0].default_value = "3.5";
  if (fault("bad_number")) options[1].default_value = "fast";
  if (fault("bad_boolean")) options[2].default_value = "yes";
  if (fault("bad_choice")) options[3].default_value = "sphere";
  if (fault("bad_bounds")) options[0].highest = 2;
  return &plugin;
}
