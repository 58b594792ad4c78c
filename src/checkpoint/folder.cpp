#include "qtot/checkpoint/folder.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "checkpoint/frame.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/checkpoint/checkpoint.h"

namespace qtot::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDigits = 12;  // of t_env in a name: 10^12 steps sort as text, too
constexpr std::string_view kSuffix = ".qtot";
constexpr std::string_view kSavedSuffix = "_saved.qtot";
constexpr std::size_t kKept = 2;

struct Entry {
  std::int64_t t_env = 0;
  Keep keep = Keep::kLastTwo;
  fs::path path;
};

std::string file_name(std::int64_t t_env, Keep keep) {
  std::string digits = std::to_string(t_env);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits + std::string(keep == Keep::kAlways ? kSavedSuffix : kSuffix);
}

// Nothing for a name that file_name() does not give.
std::optional<Entry> entry_of(const fs::path& path) {
  const std::string name = path.filename().string();
  Entry entry{.t_env = 0, .keep = Keep::kLastTwo, .path = path};
  const auto end = std::from_chars(name.data(), name.data() + name.size(), entry.t_env);
  if (end.ec != std::errc() || entry.t_env < 0) return std::nullopt;
  if (name.ends_with(kSavedSuffix)) entry.keep = Keep::kAlways;
  if (name != file_name(entry.t_env, entry.keep)) return std::nullopt;
  return entry;
}

bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".") && name.ends_with(".qtot.tmp");
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    paths.push_back(it->path());
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    throw Error("cannot read the folder " + folder.string() + ": " + failed.message());
  }
  return paths;
}

// Newest first; of one step, the one that stays first.
std::vector<Entry> entries_in(const fs::path& folder) {
  std::vector<Entry> entries;
  for (const fs::path& path : files_in(folder)) {
    if (auto entry = entry_of(path)) entries.push_back(std::move(*entry));
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return a.t_env != b.t_env ? a.t_env > b.t_env : a.keep > b.keep;
  });
  return entries;
}

void remove_file(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  if (failed) {
    throw Error("cannot remove " + path.string() + ": " + failed.message(), ExitCode::kFailed);
  }
}

void prune(const fs::path& folder) {
  std::size_t n_seen = 0;
  for (const Entry& entry : entries_in(folder)) {
    if (entry.keep == Keep::kLastTwo && ++n_seen > kKept) remove_file(entry.path);
  }
  for (const fs::path& path : files_in(folder)) {
    if (is_temporary(path)) remove_file(path);
  }
}

}  // namespace

fs::path save_in(const fs::path& folder, const State& state, Keep keep) {
  make_directories(folder);
  const fs::path path = folder / file_name(state.t_env, keep);
  save(path, state);
  prune(folder);
  return path;
}

std::optional<Newest> load_newest(const fs::path& folder) {
  const std::vector<Entry> entries = entries_in(folder);
  std::vector<std::string> warnings;
  for (const Entry& entry : entries) {
    const std::string name = "checkpoint " + entry.path.string() + ": ";
    std::string bytes;
    std::optional<FrameFault> fault;
    try {
      bytes = read_file(entry.path, kMaxFileBytes);
      fault = check_frame(bytes);
    } catch (const Error& error) {
      fault = FrameFault{.sentence = error.what(), .is_damage = true};
    }
    if (!fault) {
      return Newest{.path = entry.path,
                    .state = from_bytes(bytes, entry.path.string()),
                    .warnings = std::move(warnings)};
    }
    if (!fault->is_damage) throw Error(name + fault->sentence);
    warnings.push_back(name + fault->sentence + "; going back to the one before it");
  }
  if (entries.empty()) return std::nullopt;
  throw Error(folder.string() + ": expected a checkpoint that is whole, found " +
              std::to_string(entries.size()) + " damaged; the newest is " + warnings.front());
}

void remove_beyond(const fs::path& folder, std::int64_t t_env) {
  for (const Entry& entry : entries_in(folder)) {
    if (entry.t_env > t_env) remove_file(entry.path);
  }
}

void keep_only_newest(const fs::path& folder, std::size_t n_kept) {
  std::size_t n_seen = 0;
  for (const Entry& entry : entries_in(folder)) {
    if (++n_seen > n_kept) remove_file(entry.path);
  }
  for (const fs::path& path : files_in(folder)) {
    if (is_temporary(path)) remove_file(path);
  }
  std::error_code failed;
  if (fs::is_empty(folder, failed) && !failed) remove_file(folder);
}

bool has_checkpoints(const fs::path& folder) {
  return !entries_in(folder).empty();
}

}  // namespace qtot::checkpoint
