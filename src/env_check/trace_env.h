#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env_check/tolerance.h"
#include "env_check/trace_json.h"
#include "qtot/env/env.h"

namespace qtot::env {

/// A Chance that answers as recorded, and notices when it is asked for something else.
class ScriptedChance : public Chance {
 public:
  double uniform(int site, int index) override;

  /// What was asked and is not in the recording; "" while all is well.
  const std::string& trouble() const { return trouble_; }

 protected:
  void note(const std::string& trouble) {
    if (trouble_.empty()) trouble_ = trouble;
  }

 private:
  std::string trouble_;
};

/// What a recording of one kind needs to be replayed. One entry a kind, in trace_env.cpp.
struct TraceEnv {
  std::string name;    // in the header
  std::string family;  // ours; "": the header's config says it
  /// Our arguments for the header's `config`.
  config::Map (*args)(const Json& config, const Place& place) = nullptr;
  /// Names of arrays of `s` that we call otherwise: (theirs, ours).
  std::vector<std::pair<std::string, std::string>> renamed;
  /// Words in `s` that stand for the numbers 0, 1, ...
  std::vector<std::string> words;
  /// The outcomes of chance in `line`. `ours` is a snapshot of our environment, for its sizes.
  std::unique_ptr<ScriptedChance> (*script)(const Json& config, const Json& line,
                                            const DecPomdpSpec& spec, const Snapshot& ours,
                                            const Place& place) = nullptr;
  /// `s` of a line as a snapshot of ours, where names and words do not do; NaN where nothing is recorded.
  Snapshot (*snapshot)(const Json& config, const Json& line, const Place& place) = nullptr;
  /// What need not be equal; null: nothing.
  Tolerance (*tolerance)(const Json& config, const DecPomdpSpec& spec,
                         const Place& place) = nullptr;
  /// Whether agents may choose actions that the recorded mask forbids, the rules saying what these do.
  bool plays_unavailable = false;
};

/// Throws Error that lists the known names.
const TraceEnv& trace_env(const std::string& name, const Place& place);

/// `s` of a line as a snapshot of ours; what is null is left out.
Snapshot to_snapshot(const TraceEnv& kind, const Json& config, const Json& line,
                     const Place& place);

/// A part of `config` that our rules have built in: Error unless it is `only`.
void must_equal(const Json& config, const std::string& key, const Json& only, const Place& place);

}  // namespace qtot::env
