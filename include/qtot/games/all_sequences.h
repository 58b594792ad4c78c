#pragma once

#include <vector>

#include "qtot/core/episode.h"
#include "qtot/env/env.h"

namespace qtot::games {

/// A batch of episodes in which every sequence of joint actions stands exactly once, joint actions in
/// ascending order: uniform data without sampling. For games without chance that end by themselves after
/// a few steps; all actions are taken for available.
class AllSequences {
 public:
  /// Throws Error for more than 10,000 sequences.
  explicit AllSequences(env::Env& env);
  AllSequences(const AllSequences&) = delete;
  AllSequences& operator=(const AllSequences&) = delete;

  core::Batch batch() const { return batch_; }
  int size() const { return static_cast<int>(batch_.size()); }

 private:
  using JointAction = std::vector<core::Action>;

  void visit(env::Env& env, std::vector<JointAction>& path);

  std::vector<core::Episode> episodes_;
  std::vector<const core::Episode*> batch_;
};

}  // namespace qtot::games
