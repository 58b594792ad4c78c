#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "qtot/env_check/trace_check.h"
#include "qtot/math/philox.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

/// A shipped recording with something wrong in it.
namespace qtot::test {

namespace fs = std::filesystem;

inline const fs::path kShipped = QTOT_TEST_DATA_DIR "/traces";

inline std::string describe(const env::TraceReport& report) {
  if (!report.first) return "no mismatch";
  const env::TraceMismatch& m = *report.first;
  return report.file + ":" + std::to_string(m.line) + ": " + m.mode + ", " + m.field +
         ": expected " + m.expected + ", found " + m.found;
}

inline std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines = {""};
  gzFile file = gzopen(path.c_str(), "rb");
  for (int c = gzgetc(file); c != -1; c = gzgetc(file)) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(c);
    }
  }
  gzclose(file);
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

class MutatedTrace : public testing::Test {
 protected:
  explicit MutatedTrace(const std::string& name)
      : source_(kShipped / name), lines_(lines_of(source_)) {}

  const fs::path source_;
  test::TempFolder folder_;
  std::vector<std::string> lines_;

  std::string write() const {
    const fs::path path = folder_ / "trace.jsonl";
    std::ofstream file(path, std::ios::binary);
    for (const std::string& line : lines_) file << line << '\n';
    return path.string();
  }

  // Replaces the first `from` after `key` in line `n` (from 1).
  void replace(std::size_t n, const std::string& key, const std::string& from,
               const std::string& to) {
    std::string& line = lines_.at(n - 1);
    const std::size_t at = line.find(from, line.find(key));
    ASSERT_NE(at, std::string::npos) << line;
    line.replace(at, from.size(), to);
  }

  void expect_mismatch(int line, const std::string& field, const std::string& expected) {
    const env::TraceReport report = env::check_trace(write());
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.first->line, line) << describe(report);
    EXPECT_EQ(report.first->field, field) << describe(report);
    EXPECT_EQ(report.first->expected, expected) << describe(report);
  }

  std::string refusal() const {
    const std::string path = write();
    const std::string text = error_text([&] { env::check_trace(path); });
    EXPECT_TRUE(text.starts_with(path)) << text;
    return text.starts_with(path) ? text.substr(path.size()) : text;
  }

  struct Damage {
    int n_ok = 0;
    int n_mismatches = 0;
    int n_errors = 0;
  };

  // Bytes changed anywhere in the first lines: a mismatch or an Error, never a crash.
  Damage random_damage(std::size_t n_lines) {
    constexpr int kTrials = 400;
    const std::string digits = "0123456789";  // a mismatch, most of the time
    const std::string others = "-+.eE[]{},:\"ntfaus \\\x80";
    lines_.resize(n_lines);
    const auto original = lines_;
    Damage damage;
    for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
      lines_ = original;
      math::Draws draws({.seed = 11, .ticket = trial});
      const std::string& alphabet = trial % 2 == 0 ? digits : others;
      for (std::uint32_t i = 0; i <= trial % 3; ++i) {
        std::string& line = lines_[draws.below(static_cast<std::uint32_t>(n_lines))];
        std::size_t at = draws.below(static_cast<std::uint32_t>(line.size()));
        if (trial % 2 == 0) at = std::min(line.find_first_of(digits, at), line.size() - 1);
        line[at] = alphabet[draws.below(static_cast<std::uint32_t>(alphabet.size()))];
      }
      const std::string path = write();
      try {
        ++(env::check_trace(path).ok() ? damage.n_ok : damage.n_mismatches);
      } catch (const Error&) {
        ++damage.n_errors;
      }
    }
    std::cout << damage.n_ok << " harmless, " << damage.n_mismatches << " mismatches, "
              << damage.n_errors << " errors\n";
    return damage;
  }
};

}  // namespace qtot::test
