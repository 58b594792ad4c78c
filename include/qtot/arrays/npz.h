#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "qtot/arrays/array.h"

namespace qtot::arrays {

/// NumPy's npz: a zip of npy members (npy.h), stored or deflated. Files come from strangers: sizes
/// are checked against the file before anything is allocated, a checksum that fails, a duplicate,
/// an encrypted or overlapping member and trailing bytes are errors. Every error is an Error that
/// names file and member.
///
/// At most 1 GiB of file, 2 GiB of arrays and 65,536 members, in both directions.
class Npz {
 public:
  Npz() = default;
  /// An empty one; `source` is the file's name in messages.
  explicit Npz(std::string source) : source_(std::move(source)) {}

  static Npz load(const std::filesystem::path& path);
  /// The same from memory; `source` is the name in messages.
  static Npz parse(std::span<const std::byte> bytes, const std::string& source);

  const std::string& source() const { return source_; }
  bool contains(const std::string& name) const { return arrays_.contains(name); }
  /// Throws Error when there is no such member.
  const Array& at(const std::string& name) const;
  /// Ascending.
  std::vector<std::string> names() const;
  /// Those that begin with `prefix`, ascending, without it.
  std::vector<std::string> names_under(const std::string& prefix) const;
  /// Member `name`, a uint8 vector, as JSON: at most 1 MiB of text and 64 levels, no key twice in an
  /// object. Throws Error otherwise.
  nlohmann::json json(const std::string& name) const;

  /// Adds the array under its name, or replaces the one that is there.
  void set(Array array);
  /// Removes the member; false when there is none.
  bool erase(const std::string& name) { return arrays_.erase(name) != 0; }

  /// The file's bytes: a function of names and arrays alone (and of the versions of libzip and zlib).
  /// Members ascending, deflated, dated 1980-01-01. Throws Error (kFailed) for what load() would
  /// refuse: a name that is no UTF-8 or too long, an element type that npy lacks, a size beyond the
  /// limits.
  std::vector<std::byte> to_bytes() const;
  /// Writes the file in one step (write_file_atomically). Throws Error (kFailed).
  void save(const std::filesystem::path& path) const;

 private:
  std::string source_;
  std::map<std::string, Array> arrays_;
};

}  // namespace qtot::arrays
