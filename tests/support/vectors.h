#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <set>
#include <string>

#include "support/npz.h"

namespace qtot::test {

/// A file of tests/data/vectors, which ships with the sources: a small part of the full set.
inline std::filesystem::path committed_vector(const std::string& name) {
  return std::filesystem::path(QTOT_TEST_DATA_DIR) / "vectors" / (name + ".npz");
}

/// The folder of the full set, beside the source tree; empty when it is not there.
inline std::optional<std::filesystem::path> full_vectors() {
  const auto folder = std::filesystem::path(QTOT_SOURCE_DIR) / ".." / "shared" / "vectors";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return std::filesystem::canonical(folder);
}

/// Calls `check` with every file of the full set whose name begins with `prefix`, but for those that
/// `is_left_out` names, in the order of their names, and says how many there were. Without the folder it says so and checks nothing: the
/// committed files have tests of their own.
inline void for_full_vectors(
    const std::string& prefix, const std::function<void(const std::filesystem::path&)>& check,
    const std::function<bool(const std::filesystem::path&)>& is_left_out =
        [](const std::filesystem::path&) { return false; }) {
  const auto folder = full_vectors();
  if (!folder) {
    std::cout << "../shared/vectors is absent: only tests/data/vectors is checked\n";
    return;
  }
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".npz") && !is_left_out(entry.path()))
      files.insert(entry.path());
  }
  for (const auto& file : files) check(file);
  std::cout << files.size() << " files " << prefix << "*.npz checked\n";
  EXPECT_GT(files.size(), 0u) << folder->string() << " holds no " << prefix << "*.npz";
}

}  // namespace qtot::test
