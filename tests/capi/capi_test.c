/* The C interface from a C program: argv[1] is tests/data. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qtot/capi/qtot.h"

static int n_failed = 0;

#define EXPECT(condition)                                                                     \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      ++n_failed;                                                                             \
      fprintf(stderr, "%s:%d: %s [%s]\n", __FILE__, __LINE__, #condition, qtot_last_error()); \
    }                                                                                         \
  } while (0)

/* The call fails as it should, and the sentence has `part` in it. */
#define EXPECT_ERROR(call, status, part)                                             \
  do {                                                                               \
    EXPECT((call) == (status));                                                      \
    if (strstr(qtot_last_error(), (part)) == NULL) {                                 \
      ++n_failed;                                                                    \
      fprintf(stderr, "%s:%d: expected \"%s\" in: %s\n", __FILE__, __LINE__, (part), \
              qtot_last_error());                                                    \
    }                                                                                \
  } while (0)

static char* path_of(const char* folder, const char* name) {
  const size_t size = strlen(folder) + strlen(name) + 2;
  char* path = malloc(size);
  if (path == NULL) exit(1);
  (void)snprintf(path, size, "%s/%s", folder, name);
  return path;
}

static unsigned char* bytes_of(const char* path, uint64_t* n_bytes) {
  FILE* file = fopen(path, "rb");
  unsigned char* bytes = NULL;
  long size = 0;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0) exit(1);
  rewind(file);
  bytes = malloc((size_t)size);
  if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) exit(1);
  (void)fclose(file);
  *n_bytes = (uint64_t)size;
  return bytes;
}

static void test_stored_case_agrees(const char* data) {
  char* path = path_of(data, "vectors/pymarl_vdn.npz");
  uint64_t n_bytes = 0;
  unsigned char* bytes = bytes_of(path, &n_bytes);
  qtot_case* input = NULL;
  char* json = NULL;
  int32_t agrees = 0;

  EXPECT(qtot_case_load(path, &input) == QTOT_OK);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F64, NULL, &json, &agrees) == QTOT_OK && agrees == 1);
  EXPECT(json != NULL && strstr(json, "\"agrees\": true") != NULL);
  qtot_text_free(json);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F32, "certified", NULL, &agrees) == QTOT_OK &&
         agrees == 1);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F64, "f64=1e-30", NULL, &agrees) == QTOT_OK &&
         agrees == 0);
  qtot_case_free(input);

  EXPECT(qtot_case_parse(bytes, n_bytes, "bytes", &input) == QTOT_OK);
  memset(bytes, 0, (size_t)n_bytes); /* the case does not look at them again */
  free(bytes);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F64, "pass", NULL, &agrees) == QTOT_OK && agrees == 1);

  /* another discount: the stored numbers no longer fit, and go back to fitting */
  EXPECT(qtot_case_set_key(input, "gamma=0.5") == QTOT_OK);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F64, "pass", NULL, &agrees) == QTOT_OK && agrees == 0);
  EXPECT(qtot_case_set_key(input, "gamma=0.99") == QTOT_OK);
  EXPECT(qtot_oracle_diagnose(input, &json, &agrees) == QTOT_OK && agrees == 1);
  EXPECT(json != NULL && strstr(json, "\"explanations\"") != NULL);
  qtot_text_free(json);
  qtot_case_free(input);
  free(path);
}

static void test_file_of_one_part_agrees(const char* data) {
  char* path = path_of(data, "vectors/unit_mixer_vdn.npz");
  qtot_case* input = NULL;
  int32_t agrees = 0;
  EXPECT(qtot_case_load(path, &input) == QTOT_OK);
  EXPECT(qtot_oracle_check(input, QTOT_DTYPE_F64, NULL, NULL, &agrees) == QTOT_OK && agrees == 1);
  EXPECT_ERROR(qtot_oracle_check(input, QTOT_DTYPE_F64, "certified", NULL, NULL), QTOT_BAD_INPUT,
               "one part");
  qtot_case_free(input);
  free(path);
}

static void set_floats(qtot_case* input, const char* name, uint64_t n0, uint64_t n1,
                       const float* values) {
  uint64_t shape[2];
  shape[0] = n0;
  shape[1] = n1;
  EXPECT(qtot_case_set_array(input, name, QTOT_FLOAT32, shape, n1 > 0 ? 2 : 1, values) == QTOT_OK);
}

/* One agent, one step that ends the episode, a network of zeros but for the last bias: Q of action 1 is
 * 1.5 whatever is seen, the reward and so the target 1. */
static qtot_case* tiny_case(void) {
  static const float zeros[6] = {0};
  static const float bias[2] = {0.25F, 1.5F};
  static const float reward[2] = {1, 0};
  static const int8_t ones[4] = {1, 1, 1, 1};
  static const int8_t terminated[2] = {1, 0};
  static const int64_t actions[2] = {1, 0};
  static const uint64_t of_slots[3] = {1, 2, 1};
  static const uint64_t of_agents[4] = {1, 2, 1, 1};
  static const uint64_t of_actions[4] = {1, 2, 1, 2};
  qtot_case* input = NULL;
  EXPECT(qtot_case_new("tiny", &input) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/state", QTOT_FLOAT32, of_slots, 3, zeros) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/obs", QTOT_FLOAT32, of_agents, 4, zeros) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/actions", QTOT_INT64, of_agents, 4, actions) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/avail_actions", QTOT_INT8, of_actions, 4, ones) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/reward", QTOT_FLOAT32, of_slots, 3, reward) == QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/terminated", QTOT_BOOL, of_slots, 3, terminated) ==
         QTOT_OK);
  EXPECT(qtot_case_set_array(input, "in/filled", QTOT_INT8, of_slots, 3, ones) == QTOT_OK);
  set_floats(input, "param/agent.fc1.weight", 1, 1, zeros);
  set_floats(input, "param/agent.fc1.bias", 1, 0, zeros);
  set_floats(input, "param/agent.rnn.weight_ih", 3, 1, zeros);
  set_floats(input, "param/agent.rnn.weight_hh", 3, 1, zeros);
  set_floats(input, "param/agent.rnn.bias_ih", 3, 0, zeros);
  set_floats(input, "param/agent.rnn.bias_hh", 3, 0, zeros);
  set_floats(input, "param/agent.fc2.weight", 2, 1, zeros);
  set_floats(input, "param/agent.fc2.bias", 2, 0, bias);
  EXPECT(qtot_case_set_meta(input,
                            "{\"preset\": \"strict\", \"args\": {\"mixer\": \"vdn\", "
                            "\"rnn_hidden_dim\": 1, \"obs_agent_id\": false, "
                            "\"obs_last_action\": false, \"td_lambda\": 0}}") == QTOT_OK);
  return input;
}

static void test_case_from_arrays_gives_the_numbers(void) {
  qtot_case* input = tiny_case();
  qtot_step* step = NULL;
  qtot_tensor tensor;
  uint64_t n_tensors = 0;
  uint64_t i = 0;
  int has_loss = 0;
  EXPECT(qtot_oracle_step(input, QTOT_DTYPE_WIDE, &step) == QTOT_OK);
  EXPECT(qtot_step_find(step, "loss", &tensor) == QTOT_OK);
  EXPECT(tensor.rank == 0 && tensor.size == 1 && tensor.values[0] == 0.25);
  EXPECT(tensor.rest != NULL && tensor.rest[0] == 0);
  qtot_step_free(step);

  EXPECT(qtot_oracle_step(input, QTOT_DTYPE_F64, &step) == QTOT_OK);
  qtot_case_free(input); /* the step stands on its own */
  EXPECT(qtot_step_find(step, "agent_q", &tensor) == QTOT_OK);
  EXPECT(tensor.rank == 4 && tensor.size == 4 && tensor.rest == NULL);
  EXPECT(tensor.shape[0] == 1 && tensor.shape[1] == 2 && tensor.shape[2] == 1 &&
         tensor.shape[3] == 2);
  EXPECT(tensor.values[0] == 0.25 && tensor.values[1] == 1.5);
  EXPECT(qtot_step_find(step, "grad/agent.fc2.bias", &tensor) == QTOT_OK);
  EXPECT(tensor.values[0] == 0 && tensor.values[1] == 1); /* d (q - 1)^2 / dq at 1.5 */

  EXPECT(qtot_step_count(step, &n_tensors) == QTOT_OK && n_tensors > 20);
  for (i = 0; i < n_tensors; ++i) {
    EXPECT(qtot_step_tensor(step, i, &tensor) == QTOT_OK);
    has_loss = has_loss || strcmp(tensor.name, "loss") == 0;
  }
  EXPECT(has_loss);
  EXPECT_ERROR(qtot_step_tensor(step, n_tensors, &tensor), QTOT_BAD_INPUT, "none of number");
  EXPECT_ERROR(qtot_step_find(step, "lost", &tensor), QTOT_BAD_INPUT, "no tensor \"lost\"");
  qtot_step_free(step);
}

static void test_wrong_arguments_are_named(void) {
  const uint64_t shape[2] = {2, 3};
  const uint64_t huge[3] = {UINT64_MAX, UINT64_MAX, 2};
  const float values[6] = {0};
  qtot_case* input = NULL;
  qtot_case* untouched = NULL;
  qtot_step* step = NULL;

  EXPECT_ERROR(qtot_case_load("no/such/file.npz", &untouched), QTOT_BAD_INPUT, "no/such/file.npz");
  EXPECT_ERROR(qtot_case_load(NULL, &untouched), QTOT_BAD_INPUT, "path is NULL");
  EXPECT_ERROR(qtot_case_parse(values, sizeof values, "mine", &untouched), QTOT_BAD_INPUT, "mine");
  EXPECT(untouched == NULL);
  EXPECT_ERROR(qtot_case_new("new", NULL), QTOT_BAD_INPUT, "result is NULL");

  EXPECT(qtot_case_new("new", &input) == QTOT_OK);
  EXPECT_ERROR(qtot_case_set_array(input, "in/obs", 13, shape, 2, values), QTOT_BAD_INPUT,
               "in/obs: element type 13");
  EXPECT_ERROR(qtot_case_set_array(input, "in/obs", QTOT_FLOAT32, shape, 17, values),
               QTOT_BAD_INPUT, "rank 17");
  EXPECT_ERROR(qtot_case_set_array(input, "in/obs", QTOT_FLOAT32, huge, 3, values), QTOT_BAD_INPUT,
               "2 GiB");
  EXPECT_ERROR(qtot_case_set_array(input, "in/obs", QTOT_FLOAT32, shape, 2, NULL), QTOT_BAD_INPUT,
               "data is NULL");
  EXPECT_ERROR(qtot_case_set_array(input, "", QTOT_FLOAT32, shape, 2, values), QTOT_BAD_INPUT,
               "name is empty");
  EXPECT_ERROR(qtot_oracle_step(input, QTOT_DTYPE_F64, &step), QTOT_BAD_INPUT,
               "new: has no member in/");
  EXPECT_ERROR(qtot_oracle_step(input, 3, &step), QTOT_BAD_INPUT, "dtype 3");
  EXPECT_ERROR(qtot_oracle_check(input, QTOT_DTYPE_F64, "tight", NULL, NULL), QTOT_BAD_INPUT,
               "\"tight\"");
  EXPECT(step == NULL);
  qtot_case_free(input);

  input = tiny_case();
  EXPECT_ERROR(qtot_oracle_check(input, QTOT_DTYPE_F64, NULL, NULL, NULL), QTOT_BAD_INPUT,
               "no outputs");
  EXPECT(qtot_case_set_meta(input, "{\"args\": ") == QTOT_OK);
  EXPECT_ERROR(qtot_oracle_step(input, QTOT_DTYPE_F64, &step), QTOT_BAD_INPUT, "meta");
  EXPECT_ERROR(qtot_case_set_key(input, "gamma"), QTOT_BAD_INPUT, "gamma");
  EXPECT(qtot_case_set_meta(input, "{}") == QTOT_OK);
  EXPECT(qtot_case_set_key(input, "gama=0.5") == QTOT_OK);
  EXPECT_ERROR(qtot_oracle_step(input, QTOT_DTYPE_F64, &step), QTOT_BAD_INPUT,
               "did you mean gamma?");
  qtot_case_free(input);

  qtot_case_free(NULL);
  qtot_step_free(NULL);
  qtot_text_free(NULL);
}

static void test_lambda_returns(void) {
  /* gamma 0.5, lambda 0.5: R[t] = r[t] + 0.25 R[t+1] + 0.25 V[t+1] */
  const double rewards[6] = {1, 2, 4, 1, 2, NAN};
  const double next_values[6] = {8, 16, 32, 8, 16, NAN};
  const uint8_t terminated[2] = {1, 0};
  const uint8_t unclear[2] = {1, 7};
  const uint64_t lengths[2] = {3, 2};
  const uint64_t too_long[2] = {3, 4};
  double returns[6] = {-1, -1, -1, -1, -1, -1};
  EXPECT(qtot_lambda_returns(2, 3, rewards, next_values, terminated, lengths, 0.5, 0.5, returns) ==
         QTOT_OK);
  EXPECT(returns[2] == 4 && returns[1] == 2 + 1 + 4 && returns[0] == 1 + 7.0 / 4 + 2);
  EXPECT(returns[5] == 0 && returns[4] == 2 + 4 + 4 && returns[3] == 1 + 10.0 / 4 + 2);

  returns[0] = -1;
  EXPECT_ERROR(
      qtot_lambda_returns(2, 3, rewards, next_values, terminated, too_long, 0.5, 0.5, returns),
      QTOT_BAD_INPUT, "lengths[1] is 4, but there are 3 steps");
  EXPECT_ERROR(qtot_lambda_returns(2, 3, rewards, next_values, unclear, lengths, 0.5, 0.5, returns),
               QTOT_BAD_INPUT, "terminated[1]");
  EXPECT_ERROR(
      qtot_lambda_returns(2, 3, rewards, next_values, terminated, lengths, 0.5, 1.5, returns),
      QTOT_BAD_INPUT, "td_lambda");
  EXPECT_ERROR(qtot_lambda_returns(2, 3, rewards, NULL, terminated, lengths, 0.5, 0.5, returns),
               QTOT_BAD_INPUT, "next_values is NULL");
  EXPECT(returns[0] == -1);
}

static void test_other_returns(void) {
  const double rewards[6] = {1, 2, 4, 1, 2, NAN};
  const double next_values[6] = {8, 16, 32, 8, 16, NAN};
  const double next_qs[6] = {4, 8, NAN, 4, NAN, NAN};
  const double next_traces[6] = {0.5, 1, NAN, 0, NAN, NAN};
  const uint8_t terminated[2] = {1, 0};
  const uint64_t lengths[2] = {3, 2};
  double returns[6] = {-1, -1, -1, -1, -1, -1};
  EXPECT(qtot_corrected_returns(2, 3, rewards, next_values, next_qs, next_traces, terminated,
                                lengths, 0.5, returns) == QTOT_OK);
  EXPECT(returns[2] == 4 && returns[1] == 2 + 0.5 * (16 + 4 - 8));
  EXPECT(returns[0] == 1 + 0.5 * (8 + 0.5 * (8 - 4)));
  EXPECT(returns[5] == 0 && returns[4] == 2 + 8 && returns[3] == 1 + 4);
  EXPECT_ERROR(qtot_corrected_returns(2, 3, rewards, next_values, NULL, next_traces, terminated,
                                      lengths, 0.5, returns),
               QTOT_BAD_INPUT, "next_qs is NULL");

  EXPECT(qtot_n_step_returns(2, 3, rewards, next_values, terminated, lengths, 0.5, 2, returns) ==
         QTOT_OK);
  EXPECT(returns[2] == 4 && returns[1] == 2 + 2 && returns[0] == 1 + 1 + 4);
  EXPECT(returns[5] == 0 && returns[4] == 2 + 8 && returns[3] == 1 + 1 + 4);
  EXPECT(qtot_n_step_returns(2, 3, rewards, next_values, terminated, lengths, 0.5, UINT64_MAX,
                             returns) == QTOT_OK);
  EXPECT(returns[0] == 1 + 1 + 1);
  EXPECT_ERROR(
      qtot_n_step_returns(2, 3, rewards, next_values, terminated, lengths, 0.5, 0, returns),
      QTOT_BAD_INPUT, "n_step: must be at least 1");
}

int main(int n_words, char** words) {
  if (n_words != 2) return 2;
  EXPECT(qtot_abi_version() == QTOT_ABI_VERSION);
  EXPECT(qtot_version()[0] != '\0');
  EXPECT(strcmp(qtot_last_error(), "") == 0);
  test_stored_case_agrees(words[1]);
  test_file_of_one_part_agrees(words[1]);
  test_case_from_arrays_gives_the_numbers();
  test_wrong_arguments_are_named();
  test_lambda_returns();
  test_other_returns();
  if (n_failed > 0) fprintf(stderr, "%d failed\n", n_failed);
  return n_failed > 0 ? 1 : 0;
}
