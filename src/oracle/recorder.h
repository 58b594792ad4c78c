#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "qtot/learner/learner.h"

namespace qtot::oracle {

/// Keeps everything that the learner shows of one update.
template <class T>
class Recorder final : public learner::Probe<T> {
 public:
  struct Rows {
    std::size_t n_columns = 0;
    std::vector<T> values;  // [rows, n_columns]

    std::size_t n_rows() const { return n_columns == 0 ? 0 : values.size() / n_columns; }
  };

  void episode(std::string_view name, std::size_t position, math::ConstMatView<T> value) override {
    std::vector<Rows>& all = episodes_[std::string(name)];
    if (all.size() <= position) all.resize(position + 1);
    Rows& rows = all[position];
    rows.n_columns = static_cast<std::size_t>(value.cols());
    for (math::Index i = 0; i < value.rows(); ++i) {
      for (math::Index j = 0; j < value.cols(); ++j) rows.values.push_back(value(i, j));
    }
  }
  void update(std::string_view name, std::span<const T> value) override {
    updates_[std::string(name)].assign(value.begin(), value.end());
  }
  void scalar(std::string_view name, math::Sum<T> value) override {
    scalars_[std::string(name)] = value;
  }

  /// Empty for an episode without steps.
  Rows rows(const std::string& name, std::size_t position) const {
    const auto found = episodes_.find(name);
    return found == episodes_.end() || position >= found->second.size() ? Rows{}
                                                                        : found->second[position];
  }
  bool has_rows(const std::string& name) const { return episodes_.contains(name); }
  const std::vector<T>& of_update(const std::string& name) const { return updates_.at(name); }
  bool has_update(const std::string& name) const { return updates_.contains(name); }
  math::Sum<T> scalar_of(const std::string& name) const {
    const auto found = scalars_.find(name);
    return found == scalars_.end() ? math::Sum<T>(0) : found->second;
  }

 private:
  std::map<std::string, std::vector<Rows>> episodes_;
  std::map<std::string, std::vector<T>> updates_;
  std::map<std::string, math::Sum<T>> scalars_;
};

}  // namespace qtot::oracle
