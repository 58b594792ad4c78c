/* The oracle for programs in C and for whatever calls C.
 *
 * Every function but the four that cannot fail returns a qtot_status; where it is not QTOT_OK,
 * qtot_last_error() has one sentence that says what was wrong, and no output argument was written. No
 * C++ exception leaves the library. Memory is the library's unless a parameter says otherwise, and goes
 * back through the _free function of its type, each of which takes NULL. Arrays are in C order (row
 * major). Different threads may use different handles at the same time, never the same one.
 *
 * The binary interface: libqtot_c.so.1. A later library with the same number keeps every function,
 * struct and constant of this header as it is and may only add to them. docs/c_api.md has an example.
 */
/* NOLINTBEGIN: C, not C++ */
#ifndef QTOT_CAPI_QTOT_H
#define QTOT_CAPI_QTOT_H

#include <stdint.h>

#if defined(__GNUC__)
#define QTOT_API __attribute__((visibility("default")))
#else
#define QTOT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define QTOT_ABI_VERSION 1u

/* What became of a call. */
typedef int32_t qtot_status;
#define QTOT_OK 0
#define QTOT_FAILED 1    /* the work could not be done: the numbers ran away */
#define QTOT_BAD_INPUT 2 /* an argument, a file or a configuration is wrong */
#define QTOT_NO_MEMORY 3

/* In which arithmetic a case is computed. */
typedef int32_t qtot_dtype;
#define QTOT_DTYPE_F32 0
#define QTOT_DTYPE_F64 1
#define QTOT_DTYPE_WIDE 2 /* 113 bits */

/* Types of array elements; QTOT_BOOL is a byte that is 0 or 1. */
typedef int32_t qtot_element;
#define QTOT_FLOAT16 0
#define QTOT_BFLOAT16 1
#define QTOT_FLOAT32 2
#define QTOT_FLOAT64 3
#define QTOT_INT8 4
#define QTOT_INT16 5
#define QTOT_INT32 6
#define QTOT_INT64 7
#define QTOT_UINT8 8
#define QTOT_UINT16 9
#define QTOT_UINT32 10
#define QTOT_UINT64 11
#define QTOT_BOOL 12

/* A batch, a network with its weights, a configuration, and perhaps somebody's results. */
typedef struct qtot_case qtot_case;
/* Every tensor of one learner step. */
typedef struct qtot_step qtot_step;

/* One tensor of a step; everything lies in the step and lives as long. */
typedef struct qtot_tensor {
  const char* name;      /* as in case files: "agent_q", "grad/mixer.V.0.weight" */
  uint64_t rank;         /* 0 for a scalar, which has one value */
  const uint64_t* shape; /* [rank] */
  uint64_t size;         /* product of shape */
  const double* values;  /* [size] */
  const double* rest; /* [size] of QTOT_DTYPE_WIDE: what rounding to double left over; else NULL */
} qtot_tensor;

/* ---- cannot fail ------------------------------------------------------------------------------- */

/* QTOT_ABI_VERSION of the library. */
QTOT_API uint32_t qtot_abi_version(void);
/* "0.1.0" */
QTOT_API const char* qtot_version(void);
/* The sentence of this thread's last call that failed, until its next one that does; "" before. */
QTOT_API const char* qtot_last_error(void);
/* For text that a function handed out; NULL does nothing. */
QTOT_API void qtot_text_free(char* text);

/* ---- cases ------------------------------------------------------------------------------------- */

/* Reads an npz file (docs/oracle_from_pymarl.md says how to write one). What is inside is checked when
 * it is first used. */
QTOT_API qtot_status qtot_case_load(const char* path, qtot_case** result);
/* The same from memory, which may be freed afterwards; `source` is the name in messages. */
QTOT_API qtot_status qtot_case_parse(const void* bytes, uint64_t n_bytes, const char* source,
                                     qtot_case** result);
/* A case without members. `source` is its name in messages. */
QTOT_API qtot_status qtot_case_new(const char* source, qtot_case** result);
/* Copies an array into the case, or replaces the one of this name: "in/obs", "param/agent.fc1.weight",
 * "tparam/...", "f64/q_tot". `shape` is [rank], rank at most 16, and may be NULL for rank 0; `data` has
 * the product of shape elements and may be NULL when that is 0. At most 2 GiB. */
QTOT_API qtot_status qtot_case_set_array(qtot_case* input, const char* name, qtot_element element,
                                         const uint64_t* shape, uint64_t rank, const void* data);
/* The case's `meta`: {"preset": "strict", "args": {"gamma": 0.99, "mixer": "qmix", ...}} */
QTOT_API qtot_status qtot_case_set_meta(qtot_case* input, const char* json);
/* Replaces a key of the configuration, in the command line's words: "gamma=0.9". Later ones win. */
QTOT_API qtot_status qtot_case_set_key(qtot_case* input, const char* assignment);
QTOT_API void qtot_case_free(qtot_case* input);

/* ---- the oracle -------------------------------------------------------------------------------- */

/* One step of the learner, and the parameters after one and after five, in arithmetic `dtype`. */
QTOT_API qtot_status qtot_oracle_step(qtot_case* input, qtot_dtype dtype, qtot_step** result);
/* How many tensors there are. */
QTOT_API qtot_status qtot_step_count(const qtot_step* step, uint64_t* n_tensors);
/* Tensor i in dataflow order, i below the count. */
QTOT_API qtot_status qtot_step_tensor(const qtot_step* step, uint64_t i, qtot_tensor* tensor);
/* The tensor of this name; QTOT_BAD_INPUT when there is none. */
QTOT_API qtot_status qtot_step_find(const qtot_step* step, const char* name, qtot_tensor* tensor);
QTOT_API void qtot_step_free(qtot_step* step);

/* Compares with the results that are stored in the case, which may be that of a single part (a mixer, a
 * GRU cell, ...).
 *
 * tolerance  "pass" or NULL, "certified", or numbers of the pass rule: "value=1e-5,gradient=1e-3"
 * json       the report, as `qtot oracle check --json` prints it for a case; free it with
 *            qtot_text_free(). NULL if it is not wanted
 * agrees     1 when all tensors agree, else 0. NULL if it is not wanted */
QTOT_API qtot_status qtot_oracle_check(qtot_case* input, qtot_dtype dtype, const char* tolerance,
                                       char** json, int32_t* agrees);
/* Searches quirks and common mistakes for what explains stored results that disagree.
 *
 * json       {"agrees", "explained", "explanations": [...], ...}; free it with qtot_text_free()
 * explained  1 when the results agree or an explanation reproduces them, else 0; may be NULL */
QTOT_API qtot_status qtot_oracle_diagnose(qtot_case* input, char** json, int32_t* explained);

/* ---- parts ------------------------------------------------------------------------------------- */

/* Peng's lambda-returns of B episodes of at most T steps, in arrays of the caller:
 *
 *   R[t] = r[t] + gamma (lambda R[t+1] + (1 - lambda) V[t+1]),   R[L] = V[L], or 0 when terminated
 *
 * rewards      [B, T]  r[t]
 * next_values  [B, T]  V[t+1] in column t
 * terminated   [B]     1 when nothing follows the last step, 0 when only a time limit ended it; the
 *                      value behind a terminal step is not read
 * lengths      [B]     L of each episode, at most T; NULL: all T. What lies behind is not read
 * gamma, td_lambda     in [0, 1]
 * returns      [B, T]  0 from L on; may not overlap the inputs */
QTOT_API qtot_status qtot_lambda_returns(uint64_t n_episodes, uint64_t n_steps,
                                         const double* rewards, const double* next_values,
                                         const uint8_t* terminated, const uint64_t* lengths,
                                         double gamma, double td_lambda, double* returns);

/* Off-policy corrected returns, of arrays like those of qtot_lambda_returns():
 *
 *   G[t] = r[t] + gamma (V[t+1] + c[t+1] (G[t+1] - Q[t+1])),   c[L] = 0, V[L] = 0 when terminated
 *
 * next_qs      [B, T]  Q[t+1] of the stored action in column t
 * next_traces  [B, T]  c[t+1], at least 0, of the caller's making: with pi and mu the probabilities of that
 *                      action under the target policy and when it was taken, lambda (Harutyunyan), lambda
 *                      where it is greedy (Watkins), lambda pi (tree backup), lambda min(1, pi / mu)
 *                      (Retrace), lambda pi / mu (importance sampling)
 *
 * Column L - 1 of next_qs and next_traces is not read. */
QTOT_API qtot_status qtot_corrected_returns(uint64_t n_episodes, uint64_t n_steps,
                                            const double* rewards, const double* next_values,
                                            const double* next_qs, const double* next_traces,
                                            const uint8_t* terminated, const uint64_t* lengths,
                                            double gamma, double* returns);

/* n-step returns, of the same arrays: m = min(n_step, L - t) discounted rewards and gamma^m V[t + m], which
 * is 0 at L when terminated.
 *
 * n_step  at least 1 */
QTOT_API qtot_status qtot_n_step_returns(uint64_t n_episodes, uint64_t n_steps,
                                         const double* rewards, const double* next_values,
                                         const uint8_t* terminated, const uint64_t* lengths,
                                         double gamma, uint64_t n_step, double* returns);

#ifdef __cplusplus
}
#endif

#endif
/* NOLINTEND */
