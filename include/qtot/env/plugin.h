/* An environment of your own, in a shared library that qtot loads with --plugin FILE.
 *
 * The library has one function with C linkage, QTOT_PLUGIN_ENTRY, which returns a qtot_plugin: names,
 * options and functions. docs/plugins.md goes through a whole example. The rules:
 *
 * - All chance comes through the qtot_plugin_chance that reset() and step() are given, during that call. An
 *   environment may depend on nothing else: no clock, no generator of its own, no address, no static
 *   variable that changes. Then a run gives the same bits on any number of threads and ranks.
 * - Environments are made several times and used on several threads, one thread at a time each.
 * - Memory that a function is given is the caller's, for the time of the call. What a qtot_plugin or a
 *   qtot_plugin_sizes points to is the plugin's: the former stays as long as the process, the latter as
 *   long as its environment.
 * - A function that returns int32_t returns 0 when all is well, and else another number, with a sentence in
 *   `error`, which has room for `error_size` bytes, the final 0 included. No C++ exception, no longjmp
 *   and no signal may leave a function.
 * - The mode of floating-point arithmetic (rounding, subnormals) is not changed. Do not link with -ffast-math.
 *
 * Everything that a plugin returns is checked; a violation ends the work with a sentence that names the
 * file and the entry. Letters: N agents, A actions, O observation, S state. Arrays are row-major.
 */
/* NOLINTBEGIN: C, not C++ */
#ifndef QTOT_ENV_PLUGIN_H
#define QTOT_ENV_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Another number is another interface: such a plugin has to be compiled again. */
#define QTOT_PLUGIN_INTERFACE 1u

/* The function that is looked for: const qtot_plugin* QTOT_PLUGIN_ENTRY(void). Returns the same each time. */
#define QTOT_PLUGIN_ENTRY qtot_plugin_environment

#if defined(__GNUC__)
#define QTOT_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define QTOT_PLUGIN_EXPORT
#endif

/* One environment; what it is, only the plugin knows. */
typedef struct qtot_plugin_env qtot_plugin_env;

/* Draws as of env::Chance. `site`, below 256, says which decision of the rules is meant, `index`, below
 * 65536, whose; an outcome depends on nothing but the seed, the episode, the step, site and index, so the
 * same question in the same step has the same answer. */
typedef struct qtot_plugin_chance {
  void* source; /* first argument of each function */
  /* Uniform in [0, n), n >= 1. */
  uint32_t (*choose)(void* source, int32_t site, int32_t index, uint32_t n);
  /* 1 with probability p in [0, 1], else 0. */
  int32_t (*happens)(void* source, int32_t site, int32_t index, double p);
  /* Uniform in [0, 1). */
  double (*uniform)(void* source, int32_t site, int32_t index);
  /* Puts the n items into a uniformly drawn order. */
  void (*shuffle)(void* source, int32_t site, int32_t* items, uint32_t n);
} qtot_plugin_chance;

/* ---- options ----------------------------------------------------------------------------------- */

typedef int32_t qtot_plugin_type;
#define QTOT_PLUGIN_INTEGER 0
#define QTOT_PLUGIN_NUMBER 1
#define QTOT_PLUGIN_BOOLEAN 2
#define QTOT_PLUGIN_TEXT 3

/* A key of env_args. `map_name` is not among them: it is the names in qtot_plugin.maps. */
typedef struct qtot_plugin_option {
  const char* key; /* lower-case letters, digits and _ */
  qtot_plugin_type type;
  const char* default_value;  /* "3", "0.5", "True" or "False", any text */
  double lowest, highest;     /* of an integer or a number, both allowed; 0, 0: any value */
  const char* const* choices; /* [n_choices] the texts that are allowed; NULL: any text */
  uint32_t n_choices;
  const char* help; /* a line, not empty */
} qtot_plugin_option;

/* The value of an option, one that was left out included. */
typedef struct qtot_plugin_argument {
  const char* key;
  const char* text; /* "3", "0.5", "True", "grid" */
  int64_t integer;  /* of an integer; 0 or 1 of a boolean; else 0 */
  double number;    /* of a number or an integer; else 0 */
} qtot_plugin_argument;

/* ---- sizes ------------------------------------------------------------------------------------- */

/* One array of a saved state. */
typedef struct qtot_plugin_array {
  const char* name; /* lower-case letters, digits and _ */
  uint32_t size;
  int32_t is_integer;     /* 1: whole numbers only */
  double lowest, highest; /* what its numbers may be; 0, 0: any finite number */
} qtot_plugin_array;

/* The same throughout an environment's life, and the same for the same arguments. */
typedef struct qtot_plugin_sizes {
  int32_t n_agents;      /* N */
  int32_t n_actions;     /* A, of each agent */
  int32_t obs_dim;       /* O, of each agent */
  int32_t state_dim;     /* S */
  int32_t episode_limit; /* qtot cuts an episode after so many steps */
  int32_t reports_wins;  /* 1: episodes can be won */
  int32_t pays_agents;   /* 1: the rules pay each agent its own reward */
  /* [N] or NULL: where agents differ, how many of the A and O are theirs. Their other actions are never
   * available, the rest of their observation is 0. */
  const int32_t* n_actions_of;
  const int32_t* obs_dim_of;
  const qtot_plugin_array* arrays; /* [n_arrays] of save() and load(), in their order */
  uint32_t n_arrays;
} qtot_plugin_sizes;

/* What a joint action led to. */
typedef struct qtot_plugin_step {
  float reward;          /* of the team */
  int32_t terminated;    /* 1: the rules ended the episode */
  int32_t won;           /* 1: and the team has won; only where reports_wins */
  double* agent_rewards; /* [N] to write, where pays_agents; else NULL */
} qtot_plugin_step;

/* ---- the plugin -------------------------------------------------------------------------------- */

/* Which header the plugin was compiled with: QTOT_PLUGIN_LAYOUT. */
typedef struct qtot_plugin_layout {
  uint32_t interface_version;
  uint32_t size_of_plugin, size_of_chance, size_of_option, size_of_argument;
  uint32_t size_of_array, size_of_sizes, size_of_step;
} qtot_plugin_layout;

typedef struct qtot_plugin {
  qtot_plugin_layout layout; /* QTOT_PLUGIN_LAYOUT */

  const char* name;        /* of the environment: lower-case letters, digits and _ */
  const char* summary;     /* a line */
  const char* const* maps; /* [n_maps] at least one; the first is the default of map_name */
  uint32_t n_maps;
  const qtot_plugin_option* options; /* [n_options] */
  uint32_t n_options;

  /* Makes an environment. `arguments` are map_name and then the options, all of them, in order. */
  int32_t (*create)(const qtot_plugin_argument* arguments, uint32_t n_arguments,
                    qtot_plugin_env** env, char* error, uint64_t error_size);
  void (*destroy)(qtot_plugin_env* env);
  /* Fills `sizes`, which is all 0. */
  void (*describe)(const qtot_plugin_env* env, qtot_plugin_sizes* sizes);

  /* Starts an episode. */
  int32_t (*reset)(qtot_plugin_env* env, const qtot_plugin_chance* chance, char* error,
                   uint64_t error_size);
  /* Plays a step. joint_action [N]: of available actions. Not called after the end. */
  int32_t (*step)(qtot_plugin_env* env, const int32_t* joint_action,
                  const qtot_plugin_chance* chance, qtot_plugin_step* result, char* error,
                  uint64_t error_size);
  /* Writes every entry of obs [N * O], state [S] and avail [N * A] (0 or 1). Every agent always has an
   * available action, also after the end. */
  int32_t (*observe)(const qtot_plugin_env* env, float* obs, float* state, uint8_t* avail,
                     char* error, uint64_t error_size);

  /* The whole state as numbers, array behind array; load() is the inverse, and leaves the environment as
   * it is when it returns an error. qtot has checked the numbers against sizes.arrays. How many steps the
   * episode has had, and whether it has ended, qtot keeps itself. */
  void (*save)(const qtot_plugin_env* env, double* values);
  int32_t (*load)(qtot_plugin_env* env, const double* values, char* error, uint64_t error_size);

  /* Optional, NULL where there is none: where things stand, in one line; what people call an action. Both
   * write at most `size` bytes, the final 0 included. */
  void (*text)(const qtot_plugin_env* env, char* text, uint64_t size);
  void (*action_name)(const qtot_plugin_env* env, int32_t agent, int32_t action, char* text,
                      uint64_t size);
} qtot_plugin;

#define QTOT_PLUGIN_LAYOUT                                                                   \
  {                                                                                          \
    QTOT_PLUGIN_INTERFACE, sizeof(qtot_plugin), sizeof(qtot_plugin_chance),                  \
        sizeof(qtot_plugin_option), sizeof(qtot_plugin_argument), sizeof(qtot_plugin_array), \
        sizeof(qtot_plugin_sizes), sizeof(qtot_plugin_step)                                  \
  }

QTOT_PLUGIN_EXPORT const qtot_plugin* QTOT_PLUGIN_ENTRY(void);

#ifdef __cplusplus
}
#endif

#endif
/* NOLINTEND */
