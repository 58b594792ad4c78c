#include "support/npz.h"

#include <zip.h>

#include <bit>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "support/npy.h"

namespace qtot::test {
namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{1} << 30;
constexpr std::uintmax_t kMaxArrayBytes = std::uintmax_t{1} << 31;
constexpr zip_int64_t kMaxMembers = 65536;
constexpr zip_uint64_t kMaxDeflateRatio = 1032;  // 258 bytes from two bits, the format's limit

constexpr std::string_view kSuffix = ".npy";

struct CloseZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;
using ZipFile = std::unique_ptr<zip_file_t, CloseFile>;

Zip open_zip(std::span<const std::byte> bytes, const std::string& source) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* buffer = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  Zip archive(buffer == nullptr ? nullptr
                                : zip_open_from_source(buffer, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (archive == nullptr) {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (buffer != nullptr) zip_source_free(buffer);
    throw Error(source + ": not a readable npz (zip) file: " + reason);
  }
  zip_error_fini(&error);
  return archive;
}

struct Member {
  std::string name;  // with .npy
  std::size_t n_bytes = 0;
};

// What the directory says of member `index`, believed only as far as the file can hold it.
Member describe(zip_t* archive, zip_uint64_t index, const std::string& source) {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
      (stat.valid & kNeeded) != kNeeded) {
    throw Error(source + ": member " + std::to_string(index) + " has a damaged directory entry");
  }
  const std::string name = stat.name;
  const std::string place = source + ": " + name;
  if (!name.ends_with(kSuffix)) throw Error(place + ": not an npy member");
  if (stat.encryption_method != ZIP_EM_NONE) throw Error(place + ": encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    throw Error(place + ": compression method " + std::to_string(stat.comp_method) +
                " is not read; known are stored and deflated");
  }
  if (stat.size / kMaxDeflateRatio > stat.comp_size) {
    throw Error(place + ": says " + std::to_string(stat.size) + " bytes, more than its " +
                std::to_string(stat.comp_size) + " compressed bytes can hold");
  }
  return {name, static_cast<std::size_t>(stat.size)};
}

std::vector<std::byte> inflate(zip_t* archive, zip_uint64_t index, const Member& member,
                               const std::string& place) {
  const ZipFile file(zip_fopen_index(archive, index, 0));
  if (file == nullptr) throw Error(place + ": cannot be opened: " + zip_strerror(archive));
  std::vector<std::byte> bytes(member.n_bytes);
  std::size_t n_read = 0;
  while (n_read < bytes.size()) {
    const zip_int64_t n = zip_fread(file.get(), bytes.data() + n_read, bytes.size() - n_read);
    if (n <= 0) break;
    n_read += static_cast<std::size_t>(n);
  }
  // the read beyond the end makes libzip compare the checksum
  std::byte beyond;
  const zip_int64_t rest = zip_fread(file.get(), &beyond, 1);
  if (n_read != bytes.size() || rest != 0) {
    throw Error(place + ": damaged: " +
                (rest < 0 ? zip_file_strerror(file.get()) : "its length is not the stated one"));
  }
  return bytes;
}

template <class Integer>
Integer element_bits(const std::byte* bytes) {
  Integer bits = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    bits = static_cast<Integer>(static_cast<std::uint64_t>(bits) << 8 |
                                std::to_integer<std::uint64_t>(bytes[i]));
  }
  return bits;
}

std::int64_t integer_at(Array::Dtype dtype, const std::byte* p) {
  switch (dtype) {
    case Array::Dtype::kInt8:
      return static_cast<std::int8_t>(element_bits<std::uint8_t>(p));
    case Array::Dtype::kInt16:
      return static_cast<std::int16_t>(element_bits<std::uint16_t>(p));
    case Array::Dtype::kInt32:
      return static_cast<std::int32_t>(element_bits<std::uint32_t>(p));
    case Array::Dtype::kInt64:
      return static_cast<std::int64_t>(element_bits<std::uint64_t>(p));
    case Array::Dtype::kUint8:
      return element_bits<std::uint8_t>(p);
    case Array::Dtype::kBool:
      return element_bits<std::uint8_t>(p) != 0;
    case Array::Dtype::kFloat32:
    case Array::Dtype::kFloat64:
      break;
  }
  QTOT_CHECK(false && "a float type is no integer");
  return 0;
}

}  // namespace

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

Array::Array(std::string name, Dtype dtype, std::vector<std::size_t> shape,
             std::vector<std::byte> raw)
    : name_(std::move(name)), dtype_(dtype), shape_(std::move(shape)), raw_(std::move(raw)) {}

std::size_t Array::size() const {
  std::size_t n = 1;
  for (const std::size_t dim : shape_) n *= dim;
  return n;
}

std::vector<double> Array::as_doubles() const {
  std::vector<double> values;
  values.reserve(size());
  if (dtype_ == Dtype::kFloat32) {
    for (const float value : as_floats()) values.push_back(value);
  } else if (dtype_ == Dtype::kFloat64) {
    for (std::size_t i = 0; i < size(); ++i) {
      values.push_back(std::bit_cast<double>(element_bits<std::uint64_t>(raw_.data() + 8 * i)));
    }
  } else {
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    for (const std::int64_t value : as_ints()) {
      if (value > kExact || value < -kExact) {
        throw Error(name_ + ": " + std::to_string(value) + " is not exact in double");
      }
      values.push_back(static_cast<double>(value));
    }
  }
  return values;
}

std::vector<float> Array::as_floats() const {
  if (dtype_ != Dtype::kFloat32) throw Error(name_ + ": expected float32 (<f4) elements");
  std::vector<float> values;
  values.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    values.push_back(std::bit_cast<float>(element_bits<std::uint32_t>(raw_.data() + 4 * i)));
  }
  return values;
}

std::vector<std::int64_t> Array::as_ints() const {
  if (is_float()) throw Error(name_ + ": expected integer elements");
  const std::size_t n = size();
  const std::size_t step = n == 0 ? 0 : raw_.size() / n;
  std::vector<std::int64_t> values;
  values.reserve(n);
  for (std::size_t i = 0; i < n; ++i) values.push_back(integer_at(dtype_, raw_.data() + step * i));
  return values;
}

std::string Array::as_text() const {
  if (dtype_ != Dtype::kUint8 || shape_.size() != 1) {
    throw Error(name_ + ": expected text as a vector of |u1, found shape " + shape_text(shape_));
  }
  return {reinterpret_cast<const char*>(raw_.data()), raw_.size()};
}

const Array& Array::require_shape(const std::vector<std::size_t>& expected) const {
  if (shape_ != expected) {
    throw Error(name_ + ": expected shape " + shape_text(expected) + ", found " +
                shape_text(shape_));
  }
  return *this;
}

Npz Npz::load(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t n_bytes = std::filesystem::file_size(path, error);
  if (error) throw Error(path.string() + ": cannot be read: " + error.message());
  if (n_bytes > kMaxFileBytes) {
    throw Error(path.string() + ": " + std::to_string(n_bytes) + " bytes, more than 1 GiB");
  }
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(static_cast<std::size_t>(n_bytes));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(n_bytes));
  if (!file) throw Error(path.string() + ": cannot be read");
  return parse(bytes, path.string());
}

Npz Npz::parse(std::span<const std::byte> bytes, const std::string& source) {
  const Zip archive = open_zip(bytes, source);
  const zip_int64_t n_members = zip_get_num_entries(archive.get(), 0);
  if (n_members < 0 || n_members > kMaxMembers) {
    throw Error(source + ": more than 65,536 members");
  }
  Npz npz;
  npz.source_ = source;
  std::uintmax_t n_array_bytes = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(n_members); ++i) {
    const Member member = describe(archive.get(), i, source);
    const std::string name = member.name.substr(0, member.name.size() - kSuffix.size());
    const std::string place = source + ": " + name;
    n_array_bytes += member.n_bytes;
    if (n_array_bytes > kMaxArrayBytes) throw Error(source + ": more than 2 GiB of arrays");
    Array array = parse_npy(inflate(archive.get(), i, member, place), place);
    if (!npz.arrays_.emplace(name, std::move(array)).second) throw Error(place + ": appears twice");
  }
  return npz;
}

const Array& Npz::at(const std::string& name) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw Error(source_ + ": has no member " + name);
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

nlohmann::json Npz::json(const std::string& name) const {
  const Array& array = at(name);
  try {
    return nlohmann::json::parse(array.as_text());
  } catch (const nlohmann::json::exception& e) {
    throw Error(array.name() + ": is no JSON: " + e.what());
  }
}

}  // namespace qtot::test
