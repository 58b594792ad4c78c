#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "env_check/trace_env.h"
#include "env_check/trace_json.h"

/// The outcomes of chance of one step in our own recordings: `u.draws`, a list in the order in which
/// the rules asked. An entry is
///
///   ["choose", site, index, n, outcome]   ["happens", site, index, 0 or 1]
///   ["uniform", site, index, outcome]     ["shuffle", site, [the items in their order]]
namespace qtot::env {

/// Passes every question on to `source` and keeps the answers as JSON.
class RecordingChance final : public Chance {
 public:
  explicit RecordingChance(Chance& source) : source_(source) {}

  std::uint32_t choose(int site, int index, std::uint32_t n) override;
  bool happens(int site, int index, double p) override;
  double uniform(int site, int index) override;
  void shuffle(int site, std::span<int> items) override;

  /// The entries so far, parted by commas.
  const std::string& text() const { return text_; }

 private:
  void append(const std::string& entry);

  Chance& source_;
  std::string text_;
};

/// Answers as `u.draws` of `line` says. Throws Error for what is no such list.
std::unique_ptr<ScriptedChance> draws_script(const Json& config, const Json& line,
                                             const DecPomdpSpec& spec, const Snapshot& ours,
                                             const Place& place);

}  // namespace qtot::env
