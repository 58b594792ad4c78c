#pragma once

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "qtot/config/value.h"

namespace qtot::yaml {

/// Builds a value from the events of yaml-cpp's parser. Limits are checked as the events arrive, so
/// that the parser is stopped before it nests or allocates further.
class Builder final : public YAML::EventHandler {
 public:
  /// `origin_of(line)` names a place; lines count from 1.
  explicit Builder(std::function<std::string(int)> origin_of) : origin_of_(std::move(origin_of)) {}

  /// The document's value; "nothing" for an empty one.
  config::Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  struct Open {  // a list or map whose end has not come yet
    config::Value value;
    std::set<std::string> keys;  // of a map
    std::string key;             // of a map: whose value comes next
    bool has_key = false;
  };

  void check_plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const;
  void open(const YAML::Mark& mark, config::Value value);
  void close();
  void add_key(const config::Value& key);
  void add(config::Value value);
  bool expects_key() const;
  std::string origin(const YAML::Mark& mark) const { return origin_of_(mark.line + 1); }

  std::function<std::string(int)> origin_of_;
  std::vector<Open> open_;
  config::Value root_;
  int n_documents_ = 0;
};

}  // namespace qtot::yaml
