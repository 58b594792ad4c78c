#include "qtot/arrays/npz.h"

#include <string_view>
#include <utility>

#include "arrays/checked.h"
#include "arrays/zip_file.h"
#include "qtot/arrays/npy.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
constexpr std::string_view kSuffix = ".npy";

// How to find the members and how much they will be; nothing is unpacked yet.
std::map<std::string, ZipMember> directory_of(const ZipReader& zip) {
  std::map<std::string, ZipMember> directory;
  std::uint64_t n_packed = 0;
  std::uint64_t n_unpacked = 0;
  for (const ZipMember& member : zip.members()) {
    const std::string place = place_of(zip.source(), member.name);
    if (!member.name.ends_with(kSuffix)) throw Error(place + ": not an npy member");
    // each summand is below 2^42: the packed one lies in the file, the other is bounded by it
    n_packed += member.n_packed;
    n_unpacked += member.n_unpacked;
    if (n_packed > zip.n_bytes()) throw Error(place + ": overlaps another member");
    if (n_unpacked > kMaxArrayBytes) throw Error(zip.source() + ": more than 2 GiB of arrays");
    const std::string name = member.name.substr(0, member.name.size() - kSuffix.size());
    if (!directory.emplace(name, member).second) {
      throw Error(place_of(zip.source(), name) + ": appears twice");
    }
  }
  return directory;
}

// `what` is the file's name in messages.
std::vector<std::byte> bytes_of(const std::map<std::string, Array>& arrays,
                                const std::string& what) {
  if (arrays.size() > kMaxMembers) refuse_to_write(what, "more than 65,536 members");
  std::uint64_t n_unpacked = 0;
  ZipWriter zip(what);
  for (const auto& [name, array] : arrays) {
    std::vector<std::byte> member = to_npy(array);
    n_unpacked += member.size();
    if (n_unpacked > kMaxArrayBytes) refuse_to_write(what, "more than 2 GiB of arrays");
    zip.add(name + std::string(kSuffix), std::move(member));
  }
  std::vector<std::byte> bytes = std::move(zip).finish();
  if (bytes.size() > kMaxFileBytes) refuse_to_write(what, "more than 1 GiB of file");
  return bytes;
}

}  // namespace

Npz Npz::load(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, kMaxFileBytes);
  return parse(std::as_bytes(std::span(bytes)), path.string());
}

Npz Npz::parse(std::span<const std::byte> bytes, const std::string& source) {
  const ZipReader zip(bytes, source, kMaxMembers);
  Npz npz(source);
  for (const auto& [name, member] : directory_of(zip)) {
    npz.arrays_.emplace(name, parse_npy(zip.unpack(member), name, source));
  }
  return npz;
}

const Array& Npz::at(const std::string& name) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw Error(source_ + ": has no member " + printable(name));
  return found->second;
}

std::vector<std::string> Npz::names() const {
  return names_under("");
}

std::vector<std::string> Npz::names_under(const std::string& prefix) const {
  std::vector<std::string> names;
  for (auto i = arrays_.lower_bound(prefix); i != arrays_.end() && i->first.starts_with(prefix);
       ++i) {
    names.push_back(i->first.substr(prefix.size()));
  }
  return names;
}

void Npz::set(Array array) {
  array.set_source(source_);
  std::string name = array.name();
  arrays_.insert_or_assign(std::move(name), std::move(array));
}

std::vector<std::byte> Npz::to_bytes() const {
  return bytes_of(arrays_, source_.empty() ? "an npz" : source_);
}

void Npz::save(const std::filesystem::path& path) const {
  const std::vector<std::byte> bytes = bytes_of(arrays_, path.string());
  write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace qtot::arrays
