#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace qtot::metrics {

/// summary.json: final figures of a run, and learned tables of matrix games.
class Summary {
 public:
  using Table = std::vector<std::vector<double>>;  // rows

  void add(const std::string& name, double value) { add_value(name, value); }
  void add(const std::string& name, bool value) { add_value(name, value); }
  void add(const std::string& name, const char* text) { add_value(name, std::string(text)); }
  void add(const std::string& name, const std::string& text) { add_value(name, text); }
  void add(const std::string& name, const Table& table) { add_value(name, table); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void add(const std::string& name, T value) {
    add_value(name, static_cast<std::int64_t>(value));
  }
  /// Named tables under one key: the states of the two-step game.
  void add_tables(const std::string& name,
                  const std::vector<std::pair<std::string, Table>>& tables) {
    add_value(name, tables);
  }

  /// The JSON document: names in the order of their add(); NaN and infinities are null.
  std::string json() const;

  /// Writes it in one step (write_file_atomically).
  void save(const std::filesystem::path& path) const;

 private:
  using Tables = std::vector<std::pair<std::string, Table>>;
  using Value = std::variant<std::int64_t, double, bool, std::string, Table, Tables>;

  void add_value(const std::string& name, Value value) {
    values_.emplace_back(name, std::move(value));
  }

  std::vector<std::pair<std::string, Value>> values_;
};

}  // namespace qtot::metrics
