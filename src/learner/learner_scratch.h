#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "learner/episode_pass.h"
#include "learner/target_cache.h"
#include "qtot/base/check.h"
#include "qtot/learner/learner.h"
#include "qtot/math/reduce.h"

namespace qtot::learner {

template <class T>
class Learner<T>::Scratch {
 public:
  Scratch(std::size_t n_params, std::size_t n_workers)
      : gradient(n_params), memories(n_workers), n_params_(n_params), leaf_parts_(n_workers) {}

  // `mine`: the positions whose gradients are computed here
  void plan(core::Batch batch, Positions mine, std::span<const double> weights,
            const LearnerConfig& config) {
    QTOT_CHECK_GE(batch.size(), 1U);
    QTOT_CHECK(mine.first <= mine.end && mine.end <= batch.size());
    first_ = mine.first;
    QTOT_CHECK(weights.empty() || weights.size() == batch.size());
    longest = config.padded_length;
    for (const core::Episode* episode : batch) longest = std::max(longest, episode->length());
    plans.clear();
    n_valid = 0;
    for (std::size_t b = 0; b < batch.size(); ++b) {
      plans.push_back(plan_episode(*batch[b], longest, config));
      if (!weights.empty()) plans.back().weight = weights[b];
      n_valid += plans.back().mask.size();
    }
    // the longest first, so that no worker is left with a long one at the end
    order.resize(mine.count());
    std::iota(order.begin(), order.end(), mine.first);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return plans[a].n_steps != plans[b].n_steps ? plans[a].n_steps > plans[b].n_steps : a < b;
    });
    sums.assign(batch.size(), {});
    if (leaves_.size() < mine.count() * n_params_) leaves_.resize(mine.count() * n_params_);
    column_.resize(batch.size());
  }

  // Cuts the episodes that have a step into groups of about `together`, but into enough of them that
  // every worker has several. Who is with whom shows in no bit.
  void form_groups(std::size_t together, std::size_t n_workers) {
    tasks_.clear();
    for (const std::size_t b : order) {
      if (plans[b].n_steps == 0) {
        std::fill_n(leaf(b), n_params_, T(0));
      } else {
        tasks_.push_back({.plan = &plans[b],
                          .position = b,
                          .gradient = leaf(b),
                          .sums = &sums[b],
                          .target_utilities = {}});
      }
    }
    constexpr std::size_t kPerWorker = 4;
    const std::size_t smallest = (tasks_.size() + together - 1) / together;
    n_groups_ = std::min(tasks_.size(), std::max(smallest, kPerWorker * n_workers));
  }

  // Where the episodes' target utilities are kept; `tickets` [B] are their names.
  void find_target_utilities(TargetCache<T>& cache, std::span<const core::Ticket> tickets,
                             int n_actions) {
    cache.begin();
    for (EpisodeTask<T>& task : tasks_) {
      const auto n_rows = (static_cast<std::size_t>(task.plan->n_steps) + 1) *
                          static_cast<std::size_t>(task.plan->episode->spec().n_agents);
      task.target_utilities =
          cache.find_or_add(tickets[task.position], n_rows * static_cast<std::size_t>(n_actions));
    }
  }
  std::size_t n_groups() const { return n_groups_; }
  std::span<const EpisodeTask<T>> group(std::size_t i) const {
    const std::size_t begin = i * tasks_.size() / n_groups_;
    const std::size_t end = (i + 1) * tasks_.size() / n_groups_;
    return std::span<const EpisodeTask<T>>(tasks_).subspan(begin, end - begin);
  }

  // Parameters [first, first + size) of the sum of some own leaves that are a node of the tree.
  void sum_subtree(const math::Subtree& subtree, std::size_t first, std::size_t size, T* out,
                   std::size_t worker) {
    std::vector<const T*>& parts = leaf_parts_[worker];
    parts.resize(subtree.count);
    for (std::size_t i = 0; i < subtree.count; ++i) parts[i] = leaf(subtree.first + i) + first;
    math::tree_sum<T>(parts, size, out);
  }

  // a figure of the episodes, summed over the batch by the same tree as the gradients
  math::Sum<T> total(math::Sum<T> EpisodeSums<T>::*figure) {
    for (std::size_t b = 0; b < sums.size(); ++b) column_[b] = sums[b].*figure;
    return math::tree_sum(std::span<const math::Sum<T>>(column_));
  }

  std::vector<EpisodePlan> plans;       // [B]
  std::vector<std::size_t> order;       // own positions, in the order of work
  std::vector<EpisodeSums<T>> sums;     // [B]
  std::int64_t n_valid = 0;             // steps that the loss counts
  int longest = 0;                      // T of the padded batch
  std::vector<T> gradient;              // [P]
  std::vector<PassMemory<T>> memories;  // one a worker

 private:
  T* leaf(std::size_t position) { return leaves_.data() + (position - first_) * n_params_; }

  std::size_t n_params_;
  std::size_t first_ = 0;  // own position
  std::vector<T> leaves_;  // [own positions, P] gradients of single episodes
  std::vector<std::vector<const T*>> leaf_parts_;  // one a worker: where a chunk's leaves lie
  std::vector<math::Sum<T>> column_;               // [B]
  std::vector<EpisodeTask<T>> tasks_;
  std::size_t n_groups_ = 0;
};

}  // namespace qtot::learner
