#include "qtot/env_check/trace_record.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "env_check/comparison.h"
#include "env_check/draws.h"
#include "env_check/trace_json.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/env/env.h"
#include "qtot/env/uniform_play.h"

namespace qtot::env {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{2} << 30;  // what check_trace() reads

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

// JSON's -0 is an integer, which has no sign.
constexpr const char* kMinusZero = "-0.0";

std::string text_of(double x) {
  return x == 0 && std::signbit(x) ? kMinusZero : number_text(x);
}

std::string text_of(float x) {
  if (x == 0 && std::signbit(x)) return kMinusZero;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x);
  return {text.data(), end.ptr};
}

std::string text_of(int x) {
  return std::to_string(x);
}

std::string text_of(std::uint8_t x) {
  return x != 0 ? "1" : "0";
}

template <class T>
std::string list_of(std::span<const T> numbers) {
  std::string out = "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) out += (i > 0 ? "," : "") + text_of(numbers[i]);
  return out + "]";
}

// A list for each agent: the first lengths[agent] of its `cols` numbers.
template <class T>
std::string table_of(const std::vector<T>& numbers, const std::vector<std::size_t>& lengths,
                     std::size_t cols) {
  std::string out = "[";
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    if (row > 0) out += ',';
    out += list_of(std::span<const T>(numbers).subspan(row * cols, lengths[row]));
  }
  return out + "]";
}

std::string gzipped(const std::string& bytes, const std::string& path) {
  constexpr int kGzip = 15 + 16;  // largest window, gzip's frame, whose time stamp zlib leaves at 0
  constexpr int kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw Error(path + ": no memory to compress it", ExitCode::kFailed);
  }
  std::vector<Bytef> in(bytes.begin(), bytes.end());
  std::vector<Bytef> out(deflateBound(&stream, static_cast<uLong>(in.size())));
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  const std::size_t n = out.size() - stream.avail_out;
  deflateEnd(&stream);
  if (code != Z_STREAM_END) {
    throw Error(path + ": cannot be compressed", ExitCode::kFailed);
  }
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n)};
}

class Recorder {
 public:
  Recorder(const std::string& path, const RecordOptions& options)
      : path_(path),
        options_(options),
        named_(find_named(options.env, options.env_args)),
        env_(named_.family->make(named_.args)),
        spec_(env_->spec()),
        observed_(spec_) {
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      obs_dims_.push_back(size(env_->obs_dim_of(agent)));
    }
    n_actions_.assign(size(spec_.n_agents), size(spec_.n_actions));
    joint_action_.resize(size(spec_.n_agents));
  }

  RecordReport run() {
    append_header();
    for (int ticket = 0; ticket < options_.n_episodes; ++ticket) play(ticket);
    const std::string gz = ".gz";
    const bool compresses = path_.ends_with(gz);
    write_file_atomically(path_, compresses ? gzipped(text_, path_) : text_);
    return report_;
  }

 private:
  void append_header() {
    report_.env = "qtot";
    const Json config = {{"family", named_.family->name}, {"env_args", to_json(named_.args)}};
    const Json header = {{"k", "header"},
                         {"env", report_.env},
                         {"ref", "qtot"},
                         {"float_obs", "float32"},
                         {"float_state", "float32"},
                         {"record_seed", options_.seed},
                         {"n_agents", spec_.n_agents},
                         {"n_actions", spec_.n_actions},
                         {"obs", obs_dims_.front()},
                         {"state", spec_.state_dim},
                         {"config", config}};
    text_ += header.dump() + "\n";
  }

  void play(int ticket) {
    const auto episode = static_cast<std::uint64_t>(ticket);
    PhiloxChance first(options_.seed, math::Stream::kReset, episode, 0);
    env_->reset(first);
    text_ += R"({"k":"reset","ep":)" + std::to_string(ticket) + R"(,"seed":)" +
             std::to_string(options_.seed);
    append_moment();
    for (std::uint32_t t = 0; !env_->has_ended(); ++t) step(episode, t);
    ++report_.n_episodes;
  }

  void step(std::uint64_t episode, std::uint32_t t) {
    PhiloxChance acting(options_.seed, math::Stream::kExploration, episode, t);
    PhiloxChance source(options_.seed, math::Stream::kStep, episode, t);
    RecordingChance chance(source);
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      const auto avail = std::span<const std::uint8_t>(observed_.avail)
                             .subspan(size(agent) * size(spec_.n_actions), size(spec_.n_actions));
      joint_action_[size(agent)] = uniform_action(avail, agent, acting);
    }
    const StepResult result = env_->step(joint_action_, chance);
    const std::span<const double> rewards = env_->agent_rewards();
    text_ += R"({"k":"step","a":)" + list_of(std::span<const Action>(joint_action_)) + R"(,"r":)" +
             (rewards.empty() ? "[" + text_of(result.reward) + "]" : list_of(rewards)) +
             R"(,"term":)" + (result.terminated ? "1" : "0") + R"(,"trunc":)" +
             (result.truncated ? "1" : "0") + R"(,"u":{"draws":[)" + chance.text() + "]}";
    if (env_->reports_wins())
      text_ += std::string(R"(,"x":{"won":)") + (result.won ? "true}" : "false}");
    append_moment();
    ++report_.n_steps;
  }

  // The rest of a line: what is after the reset or the step.
  void append_moment() {
    text_ += R"(,"s":{)";
    const char* comma = "";
    for (const auto& [name, numbers] : env_->snapshot()) {
      text_ += comma + ("\"" + name + "\":") + list_of(std::span<const double>(numbers));
      comma = ",";
    }
    observed_.read(*env_);
    text_ += R"(},"obs":)" + table_of(observed_.obs, obs_dims_, size(spec_.obs_dim)) +
             R"(,"state":)" + list_of(std::span<const float>(observed_.global_state)) +
             R"(,"avail":)" + table_of(observed_.avail, n_actions_, size(spec_.n_actions)) + "}\n";
    if (text_.size() > kMaxBytes) {
      throw Error(path_ + ": larger than 2 GiB, which nobody could check; record fewer episodes",
                  ExitCode::kFailed);
    }
  }

  std::string path_;
  RecordOptions options_;
  NamedEnv named_;
  std::unique_ptr<Env> env_;
  DecPomdpSpec spec_;
  Observed observed_;
  std::vector<std::size_t> obs_dims_;   // of each agent
  std::vector<std::size_t> n_actions_;  // columns of the mask, for each agent
  std::vector<Action> joint_action_;
  std::string text_;
  RecordReport report_;
};

}  // namespace

RecordReport record_trace(const std::string& path, const RecordOptions& options) {
  return Recorder(path, options).run();
}

}  // namespace qtot::env
