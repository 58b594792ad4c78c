#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

/// Files, with errors that name the path and the system's reason. What cannot be read is bad input
/// (exit code 2); what cannot be written is work that could not be done (exit code 1).
namespace qtot {

/// Replaces the file in one step: whoever looks, also after a kill or a power cut, finds the old
/// content or the new one, never a part. Writes `.<name>.tmp` beside it, syncs, renames, syncs the
/// directory. Throws Error (kFailed); the temporary file is then gone and the old file untouched.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The temporary file that write_file_atomically() uses: what a killed process may leave behind.
std::filesystem::path temporary_path(const std::filesystem::path& path);

/// The whole file. Throws Error when it cannot be read or holds more than `max_bytes`; no more than
/// that and one block is ever allocated.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// The directory and those above it; one that exists is fine. Throws Error (kFailed).
void make_directories(const std::filesystem::path& path);

/// A file that only grows: the log of a run, which a resumed run cuts back and continues.
class AppendFile {
 public:
  /// Opens or creates `path` and cuts it to its first `keep_bytes` bytes (0: starts it anew). Throws
  /// Error when the file is shorter than that, and Error (kFailed) when it cannot be written.
  AppendFile(std::filesystem::path path, std::uint64_t keep_bytes);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;

  /// Hands the bytes to the system before it returns. Throws Error (kFailed).
  void append(std::string_view bytes);

  /// Returns when all bytes are on the disk. Throws Error (kFailed).
  void sync();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t n_bytes() const { return n_bytes_; }

 private:
  std::filesystem::path path_;
  std::uint64_t n_bytes_ = 0;
  int descriptor_ = -1;
};

}  // namespace qtot
