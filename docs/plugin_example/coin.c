/* An environment of its own library: each round a coin is thrown, and the team is paid 1 when both agents
 * name its side. On the map `blind` agent 1 does not see the coin. docs/plugins.md goes through it. */

#include <qtot/env/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_AGENTS = 2, N_ACTIONS = 2, OBS_DIM = 2, STATE_DIM = 2, MAX_ROUNDS = 100 };
enum { SITE_THROW = 0 }; /* the decisions that are left to chance */
enum { HEADS = 0, TAILS = 1 };

struct qtot_plugin_env {
  int32_t is_blind;
  int32_t n_rounds;
  double heads; /* probability */
  int32_t side; /* of the coin that lies there */
  int32_t round;
  int32_t n_hits;
  qtot_plugin_array arrays[3]; /* of save and load */
};

/* ---- making one ---- */

static int32_t create(const qtot_plugin_argument* arguments, uint32_t n_arguments,
                      qtot_plugin_env** env, char* error, uint64_t error_size) {
  qtot_plugin_env* const made = calloc(1, sizeof(*made));
  (void)n_arguments; /* map_name, rounds, heads: as declared below */
  if (made == NULL) {
    (void)snprintf(error, error_size, "out of memory");
    return 1;
  }
  made->is_blind = strcmp(arguments[0].text, "blind") == 0;
  made->n_rounds = (int32_t)arguments[1].integer;
  made->heads = arguments[2].number;
  made->arrays[0] =
      (qtot_plugin_array){.name = "side", .size = 1, .is_integer = 1, .highest = TAILS};
  made->arrays[1] =
      (qtot_plugin_array){.name = "round", .size = 1, .is_integer = 1, .highest = made->n_rounds};
  made->arrays[2] =
      (qtot_plugin_array){.name = "n_hits", .size = 1, .is_integer = 1, .highest = made->n_rounds};
  *env = made;
  return 0;
}

static void destroy(qtot_plugin_env* env) {
  free(env);
}

static void describe(const qtot_plugin_env* env, qtot_plugin_sizes* sizes) {
  sizes->n_agents = N_AGENTS;
  sizes->n_actions = N_ACTIONS;
  sizes->obs_dim = OBS_DIM;
  sizes->state_dim = STATE_DIM;
  sizes->episode_limit = env->n_rounds;
  sizes->reports_wins = 1;
  sizes->arrays = env->arrays;
  sizes->n_arrays = 3;
}

/* ---- the rules ---- */

static void throw_coin(qtot_plugin_env* env, const qtot_plugin_chance* chance) {
  env->side = chance->happens(chance->source, SITE_THROW, 0, env->heads) ? HEADS : TAILS;
}

static int32_t reset(qtot_plugin_env* env, const qtot_plugin_chance* chance, char* error,
                     uint64_t error_size) {
  (void)error, (void)error_size; /* nothing can go wrong */
  env->round = 0;
  env->n_hits = 0;
  throw_coin(env, chance);
  return 0;
}

static int32_t step(qtot_plugin_env* env, const int32_t* joint_action,
                    const qtot_plugin_chance* chance, qtot_plugin_step* result, char* error,
                    uint64_t error_size) {
  const int32_t hit = joint_action[0] == env->side && joint_action[1] == env->side;
  (void)error, (void)error_size;
  env->n_hits += hit;
  ++env->round;
  result->reward = (float)hit;
  result->terminated = env->round == env->n_rounds;
  result->won = result->terminated && env->n_hits == env->n_rounds;
  throw_coin(env, chance);
  return 0;
}

static int32_t observe(const qtot_plugin_env* env, float* obs, float* state, uint8_t* avail,
                       char* error, uint64_t error_size) {
  const float left = (float)(env->n_rounds - env->round) / (float)env->n_rounds;
  int32_t agent, action;
  (void)error, (void)error_size;
  for (agent = 0; agent < N_AGENTS; ++agent) {
    const int32_t sees = agent == 0 || !env->is_blind;
    obs[agent * OBS_DIM] = sees ? (float)(1 - 2 * env->side) : 0.0f; /* 1, -1; 0: unseen */
    obs[agent * OBS_DIM + 1] = left;
    for (action = 0; action < N_ACTIONS; ++action) avail[agent * N_ACTIONS + action] = 1;
  }
  state[0] = (float)(1 - 2 * env->side);
  state[1] = left;
  return 0;
}

/* ---- snapshots, and what people see ---- */

static void save(const qtot_plugin_env* env, double* values) {
  values[0] = env->side;
  values[1] = env->round;
  values[2] = env->n_hits;
}

static int32_t load(qtot_plugin_env* env, const double* values, char* error, uint64_t error_size) {
  if (values[2] > values[1]) {
    (void)snprintf(error, error_size, "n_hits: more hits than rounds");
    return 1;
  }
  env->side = (int32_t)values[0];
  env->round = (int32_t)values[1];
  env->n_hits = (int32_t)values[2];
  return 0;
}

static void text(const qtot_plugin_env* env, char* line, uint64_t size) {
  (void)snprintf(line, size, "round %d of %d: %s, %d hits", (int)env->round, (int)env->n_rounds,
                 env->side == HEADS ? "heads" : "tails", (int)env->n_hits);
}

static void action_name(const qtot_plugin_env* env, int32_t agent, int32_t action, char* name,
                        uint64_t size) {
  (void)env, (void)agent;
  (void)snprintf(name, size, "%s", action == HEADS ? "heads" : "tails");
}

/* ---- what qtot is told ---- */

static const char* const kMaps[] = {"coin", "blind"};

static const qtot_plugin_option kOptions[] = {
    {.key = "rounds",
     .type = QTOT_PLUGIN_INTEGER,
     .default_value = "5",
     .lowest = 1,
     .highest = MAX_ROUNDS,
     .help = "throws of an episode"},
    {.key = "heads",
     .type = QTOT_PLUGIN_NUMBER,
     .default_value = "0.5",
     .highest = 1,
     .help = "probability of heads"},
};

static const qtot_plugin kPlugin = {.layout = QTOT_PLUGIN_LAYOUT,
                                    .name = "coin",
                                    .summary = "both agents name the side of a coin",
                                    .maps = kMaps,
                                    .n_maps = 2,
                                    .options = kOptions,
                                    .n_options = 2,
                                    .create = create,
                                    .destroy = destroy,
                                    .describe = describe,
                                    .reset = reset,
                                    .step = step,
                                    .observe = observe,
                                    .save = save,
                                    .load = load,
                                    .text = text,
                                    .action_name = action_name};

const qtot_plugin* QTOT_PLUGIN_ENTRY(void) {
  return &kPlugin;
}
