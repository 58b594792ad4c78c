#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "qtot/config/value.h"

/// Options that name themselves. A part of qtot that is configured (the trainer, an environment, a
/// mixer) has one function
///
///   void options(config::Options& o) { o.add("lr", lr, "step size of the optimiser", positive()); }
///
/// which is its whole knowledge about its keys: reading, help, the generated reference, the resolved
/// configuration and the error messages all walk this one list.
namespace qtot::config {

/// A rule says what is allowed: `holds` tests, `text` completes "must be ...".
template <class T>
struct Rule {
  std::function<bool(const T&)> holds;
  std::string text;
};
template <class T>
Rule<T> between(T low, T high);  // "in [low, high]"
template <class T>
Rule<T> at_least(T low);  // "at least low"
template <class T>
Rule<T> equal_to(T only);  // "only (qtot supports no other value)"; bool, integers, double, string
Rule<std::string> one_of(std::vector<std::string> names);
Rule<double> above(double low);  // "above low"

/// One option as the reference and `qtot config` print it.
struct OptionInfo {
  std::string key;
  std::string type;           // "integer", "number", "boolean", "text", "list of integers",
                              // "list of lists of numbers", "map"
  std::string default_value;  // text()
  std::string value;          // text() of the value in force
  std::string origin;
  std::string rule;  // "" where any value of the type will do
  std::string help;
  bool training = true;  // false: may differ when a run is resumed (D6)
};

/// Walks over options. Two uses: `Options o(map)` reads each added option from `map` (absent: keeps
/// the default that the field holds); `Options o` only lists them. `prefix` ("env_args.") stands
/// before each key in messages and infos, not in the map. A key with a dot, "cluster.stall_timeout", is
/// the entry stall_timeout of the map's map cluster. Two options of one key are a bug (abort).
///
/// An integer that does not fit its field, and a number that is not finite, are errors like a broken
/// rule. A rule without `holds` allows every value of the type.
///
/// Errors (qtot::Error), in one line each, e.g.
///   td_lambda = 1.2 (configs/algs/qmix.yaml:14): must be in [0, 1]
///   lr = "fast" (command line): expected a number, found text
///   bach_size (command line): no such key; did you mean batch_size?
///   env_args.n_stag (command line): environment stag_hunt has no such key; did you mean n_stags?
class Options {
 public:
  Options() = default;
  explicit Options(Map map, std::string prefix = "");

  void add(const std::string& key, bool& field, const std::string& help,
           const Rule<bool>& rule = {});
  void add(const std::string& key, int& field, const std::string& help, const Rule<int>& rule = {});
  void add(const std::string& key, std::int64_t& field, const std::string& help,
           const Rule<std::int64_t>& rule = {});
  void add(const std::string& key, std::uint64_t& field, const std::string& help,
           const Rule<std::uint64_t>& rule = {});
  void add(const std::string& key, double& field, const std::string& help,
           const Rule<double>& rule = {});  // integers are numbers, too
  void add(const std::string& key, std::string& field, const std::string& help,
           const Rule<std::string>& rule = {});
  void add(const std::string& key, std::vector<int>& field, const std::string& help,
           const Rule<std::vector<int>>& rule = {});
  void add(const std::string& key, std::vector<std::vector<double>>& field, const std::string& help,
           const Rule<std::vector<std::vector<double>>>& rule = {});      // e.g. payoffs
  void add(const std::string& key, Map& field, const std::string& help);  // read by somebody else

  /// Until the next call, added options are no training keys: they may differ on resume.
  void training(bool yes) { training_ = yes; }

  /// Throws for the first key of the map that no add() has named, with the nearest known key. `what`
  /// names the owner, e.g. "environment stag_hunt"; "" where the owner is clear.
  void refuse_unknown(const std::string& what) const;

  const std::vector<OptionInfo>& infos() const { return infos_; }
  /// Every added key with the value in force, in the order of the list; without the prefix.
  const Map& values() const { return values_; }

 private:
  template <class T>
  void add_option(const std::string& key, T& field, const char* type, const std::string& help,
                  const Rule<T>& rule);

  Map map_;
  std::string prefix_;
  bool training_ = true;
  std::vector<OptionInfo> infos_;
  Map values_;
};

/// Throws unless the text value of option `key` is one of `known`, for names that only a higher
/// module knows (mixers, environments): mixer = "qmx" (command line): no such mixer; did you mean
/// qmix? known: iql, qmix, vdn. An option that is not in the list is a bug and aborts.
void require_known(const std::vector<OptionInfo>& options, const std::string& key,
                   const std::vector<std::string>& known);

}  // namespace qtot::config
