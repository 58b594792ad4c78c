#include "qtot/metrics/digests.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "metrics/text.h"
#include "qtot/base/error.h"

namespace qtot::metrics {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;

using Json = nlohmann::ordered_json;

std::int64_t integer_at(const Json& object, const char* key, const std::string& place) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    throw Error(place + ": expected an integer \"" + key + "\"");
  }
  return found->get<std::int64_t>();
}

Fingerprint fingerprint_in(const Json& value, const std::string& place) {
  if (!value.is_string()) throw Error(place + ": expected fingerprints as texts");
  return Fingerprint::from_hex(value.get<std::string>(), place);
}

DigestRecord parsed(std::string_view line, const std::string& place) {
  const Json object = Json::parse(line, nullptr, false);  // no exception: discarded when not JSON
  if (!object.is_object()) throw Error(place + ": expected a JSON object, found another text");
  const auto fingerprint = object.find("fingerprint");
  const auto parts = object.find("parts");
  if (fingerprint == object.end() || parts == object.end() || !parts->is_object()) {
    throw Error(place + ": expected a \"fingerprint\" and an object \"parts\"");
  }
  DigestRecord record{.update = integer_at(object, "update", place),
                      .t_env = integer_at(object, "t_env", place),
                      .fingerprint = fingerprint_in(*fingerprint, place),
                      .parts = {}};
  for (const auto& [name, value] : parts->items()) {
    record.parts.emplace_back(name, fingerprint_in(value, place));
  }
  return record;
}

const Fingerprint* find(const DigestRecord& record, const std::string& name) {
  for (const auto& [part, fingerprint] : record.parts) {
    if (part == name) return &fingerprint;
  }
  return nullptr;
}

// Names of a in their order, then those that b alone has.
std::vector<std::string> differing_parts(const DigestRecord& a, const DigestRecord& b) {
  std::vector<std::string> names;
  for (const auto& [name, fingerprint] : a.parts) {
    const Fingerprint* other = find(b, name);
    if (other == nullptr || *other != fingerprint) names.push_back(name);
  }
  for (const auto& part : b.parts) {
    if (find(a, part.first) == nullptr) names.push_back(part.first);
  }
  return names;
}

}  // namespace

void DigestLog::write(const DigestRecord& record) {
  std::string line = "{\"update\":" + std::to_string(record.update) +
                     ",\"t_env\":" + std::to_string(record.t_env) + ",\"fingerprint\":\"" +
                     record.fingerprint.hex() + "\",\"parts\":{";
  const char* comma = "";
  for (const auto& [name, fingerprint] : record.parts) {
    line += comma;
    append_json_string(line, name);
    line += ":\"" + fingerprint.hex() + '"';
    comma = ",";
  }
  line += "}}\n";
  file_.append(line);
}

std::uint64_t DigestLog::sync() {
  file_.sync();
  return file_.n_bytes();
}

std::vector<DigestRecord> read_digests(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMaxBytes);
  std::string_view rest = text;
  std::vector<DigestRecord> records;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string place = path.string() + ":" + std::to_string(records.size() + 1);
    records.push_back(parsed(rest.substr(0, end), place));
    const std::size_t n = records.size();
    if (n > 1 && records[n - 1].update <= records[n - 2].update) {
      throw Error(place + ": expected an update after " + std::to_string(records[n - 2].update) +
                  ", found " + std::to_string(records[n - 1].update));
    }
    rest.remove_prefix(end + 1);
  }
  return records;
}

DigestComparison compare_digests(const std::vector<DigestRecord>& a,
                                 const std::vector<DigestRecord>& b) {
  DigestComparison result;
  auto other = b.begin();
  for (const DigestRecord& record : a) {
    while (other != b.end() && other->update < record.update) ++other;
    if (other == b.end()) break;
    if (other->update != record.update) continue;
    ++result.n_compared;
    if (other->fingerprint == record.fingerprint && other->t_env == record.t_env) continue;
    result.first_difference = DigestDifference{
        .update = record.update, .t_env = record.t_env, .parts = differing_parts(record, *other)};
    break;
  }
  return result;
}

}  // namespace qtot::metrics
