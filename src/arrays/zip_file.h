#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct zip;

/// Zip files in memory, by libzip.
namespace qtot::arrays {

struct ZipMember {
  std::string name;
  std::uint64_t index = 0;       // in the file's directory
  std::uint64_t n_packed = 0;    // bytes in the file
  std::uint64_t n_unpacked = 0;  // as the directory says; believed as far as n_packed can hold it
};

struct CloseZip {
  void operator()(zip* archive) const;
};

/// A zip file from a stranger: stored and deflated members. Every fault is an Error that names the
/// file and the member.
class ZipReader {
 public:
  /// Checks the directory against the file; at most `max_members`. `bytes` must outlive the reader.
  ZipReader(std::span<const std::byte> bytes, std::string source, std::size_t max_members);

  const std::string& source() const { return source_; }
  std::uint64_t n_bytes() const { return n_bytes_; }
  /// In the order of the directory.
  const std::vector<ZipMember>& members() const { return members_; }

  /// Takes member.n_unpacked bytes of memory. Throws Error unless length and checksum are right.
  std::vector<std::byte> unpack(const ZipMember& member) const;

 private:
  ZipMember describe(std::uint64_t index) const;

  std::string source_;
  std::uint64_t n_bytes_;
  std::unique_ptr<zip, CloseZip> archive_;
  std::vector<ZipMember> members_;
};

/// Makes a zip file whose bytes depend on names and contents alone: members in the order of add(),
/// deflated, dated 1980-01-01 00:00. Every fault is an Error (kFailed).
class ZipWriter {
 public:
  /// `what` is the file's name in messages.
  explicit ZipWriter(std::string what) : what_(std::move(what)) {}

  void add(std::string name, std::vector<std::byte> content);
  std::vector<std::byte> finish() &&;

 private:
  struct Member {
    std::string name;
    std::vector<std::byte> content;
  };

  void add_to(zip* archive, const Member& member) const;

  std::string what_;
  std::vector<Member> members_;
};

}  // namespace qtot::arrays
