#pragma once

#include <string>
#include <vector>

#include "qtot/report/run_record.h"

namespace qtot::report {

/// Runs that are summarised together.
struct Group {
  std::string panel;  // the environment: what its curve shares a picture with
  std::string label;  // what tells it from the others of its panel
  std::string name;   // from all others
  /// Runs that differ only in their seed, by ascending seed; more than one such set where the group was
  /// formed by keys that leave others free.
  std::vector<std::vector<const RunRecord*>> strata;

  std::size_t n_runs() const;
};

/// Groups the runs: with an empty `group_by` by all training keys but the seed, otherwise by the keys it
/// names. The result, in the order of environment, name and keys, does not depend on the order of `runs`,
/// which must outlive it. Throws Error for a key that no run has and for two runs that are the same run.
std::vector<Group> group_runs(const std::vector<RunRecord>& runs,
                              const std::vector<std::string>& group_by);

/// One short text for each item, from the values of its keys: those of `always`, and then of the others, in
/// the order of the items' keys, whichever tells more of them apart. Keys of `bare` show their value alone.
std::vector<std::string> short_labels(const std::vector<KeyTexts>& items,
                                      const std::vector<std::string>& always,
                                      const std::vector<std::string>& bare);

}  // namespace qtot::report
