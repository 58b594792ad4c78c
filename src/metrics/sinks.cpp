#include "qtot/metrics/sinks.h"

#include <string>

#include "metrics/text.h"

namespace qtot::metrics {
namespace {

// RFC 4180: quotes only where the text needs them.
void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::uint64_t Sink::sync() {
  file_.sync();
  return file_.n_bytes();
}

JsonlSink::JsonlSink(const std::filesystem::path& path, std::uint64_t keep_bytes)
    : Sink(path, keep_bytes) {}

void JsonlSink::write(const Record& record) {
  append(json_line(record));
}

CsvSink::CsvSink(const std::filesystem::path& path, std::uint64_t keep_bytes)
    : Sink(path, keep_bytes) {
  if (keep_bytes == 0) append("t_env,episode,update,name,value\n");
}

void CsvSink::write(const Record& record) {
  const std::string place = std::to_string(record.t_env) + ',' + std::to_string(record.episode) +
                            ',' + std::to_string(record.update) + ',';
  std::string lines;
  for (const auto& [name, number] : record.values) {
    lines += place;
    append_csv_field(lines, name);
    lines += ',';
    append_number(lines, number);
    lines += '\n';
  }
  append(lines);
}

}  // namespace qtot::metrics
