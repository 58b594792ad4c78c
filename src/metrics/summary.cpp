#include "qtot/metrics/summary.h"

#include <nlohmann/json.hpp>

#include "qtot/base/files.h"

namespace qtot::metrics {

std::string Summary::json() const {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (const auto& [name, value] : values_) {
    nlohmann::ordered_json& entry = document[name];
    if (const Tables* tables = std::get_if<Tables>(&value)) {
      entry = nlohmann::ordered_json::object();
      for (const auto& [table_name, table] : *tables) entry[table_name] = table;
    } else {
      std::visit([&](const auto& v) { entry = v; }, value);
    }
  }
  return document.dump(2) + "\n";
}

void Summary::save(const std::filesystem::path& path) const {
  write_file_atomically(path, json());
}

}  // namespace qtot::metrics
