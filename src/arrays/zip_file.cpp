#include "arrays/zip_file.h"

#include <zip.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "arrays/checked.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

constexpr zip_uint64_t kMaxDeflateRatio = 1032;  // 258 bytes from two bits, the format's limit
constexpr std::string_view kEndSignature = "PK\x05\x06";
constexpr std::size_t kEndBytes = 22;  // what the directory's end takes, at least
constexpr zip_uint32_t kDeflateLevel = 6;
constexpr zip_uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;  // month and day; years count from 1980

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ZipFile = std::unique_ptr<zip_file_t, CloseFile>;
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Archive = std::unique_ptr<zip_t, CloseZip>;

[[noreturn]] void refuse_members(std::uint64_t found, std::size_t max_members,
                                 const std::string& source) {
  throw Error(source + ": expected at most " + std::to_string(max_members) + " members, found " +
              std::to_string(found));
}

class ErrorCode {
 public:
  ErrorCode() { zip_error_init(&error_); }
  ~ErrorCode() { zip_error_fini(&error_); }
  ErrorCode(const ErrorCode&) = delete;
  ErrorCode& operator=(const ErrorCode&) = delete;

  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

bool stands_at(std::span<const std::byte> bytes, std::size_t at, std::string_view signature) {
  return at <= bytes.size() && bytes.size() - at >= signature.size() &&
         std::ranges::equal(bytes.subspan(at, signature.size()),
                            std::as_bytes(std::span(signature)));
}

// libzip takes memory for each member before it can be asked for their number, and only the number in
// the directory's end of zip64 is one of more than 16 bits: it is looked up beforehand, wherever in the
// comment's reach such an end stands.
void require_few_members(std::span<const std::byte> bytes, std::size_t max_members,
                         const std::string& source) {
  constexpr std::size_t kMaxComment = 65535;
  constexpr std::size_t kLocatorBytes = 20;  // before the end: where the end of zip64 stands
  constexpr std::size_t kEnd64Bytes = 56;
  constexpr std::size_t kCountAt = 32;
  const std::size_t reach = kEndBytes + kMaxComment + kLocatorBytes;
  for (std::size_t at = bytes.size() > reach ? bytes.size() - reach : 0;
       at + kLocatorBytes + kEndBytes <= bytes.size(); ++at) {
    if (!stands_at(bytes, at, "PK\x06\x07") ||
        !stands_at(bytes, at + kLocatorBytes, kEndSignature)) {
      continue;
    }
    const std::uint64_t end_64 = little_endian(bytes.subspan(at + 8, 8));
    if (end_64 > bytes.size() || bytes.size() - end_64 < kEnd64Bytes)
      continue;  // libzip's to refuse
    const std::uint64_t n =
        little_endian(bytes.subspan(static_cast<std::size_t>(end_64) + kCountAt, 8));
    if (n > max_members) refuse_members(n, max_members, source);
  }
}

Archive open_for_reading(std::span<const std::byte> bytes, std::size_t max_members,
                         const std::string& source) {
  if (bytes.size() < kEndBytes) {  // libzip takes no bytes at all for no members
    throw Error(source + ": not a readable npz (zip) file: expected at least " +
                std::to_string(kEndBytes) + " bytes, found " + std::to_string(bytes.size()));
  }
  require_few_members(bytes, max_members, source);
  ErrorCode error;
  Source buffer(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  Archive archive(buffer == nullptr ? nullptr
                                    : zip_open_from_source(buffer.get(), ZIP_RDONLY | ZIP_CHECKCONS,
                                                           error.get()));
  if (archive == nullptr) {
    const bool is_twice = zip_error_code_zip(error.get()) == ZIP_ER_EXISTS;
    throw Error(source + ": not a readable npz (zip) file: " +
                (is_twice ? "two members have one name" : error.text()));
  }
  static_cast<void>(buffer.release());  // the archive's now
  return archive;
}

std::vector<std::byte> content_of(zip_source_t* source, const std::string& what) {
  zip_stat_t stat;
  if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) {
    refuse_to_write(what, "the finished file cannot be read back");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(stat.size));
  const zip_int64_t n_read = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (n_read != static_cast<zip_int64_t>(bytes.size())) {
    refuse_to_write(what, "the finished file cannot be read back");
  }
  return bytes;
}

// The end of a directory without entries.
std::vector<std::byte> empty_zip() {
  std::vector<std::byte> bytes(kEndBytes);
  std::ranges::copy(std::as_bytes(std::span(kEndSignature)), bytes.begin());
  return bytes;
}

}  // namespace

void CloseZip::operator()(zip* archive) const {
  zip_discard(archive);
}

ZipReader::ZipReader(std::span<const std::byte> bytes, std::string source, std::size_t max_members)
    : source_(std::move(source)),
      n_bytes_(bytes.size()),
      archive_(open_for_reading(bytes, max_members, source_)) {
  const auto n_members = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
  if (n_members > max_members) refuse_members(n_members, max_members, source_);
  // a directory's end that was overwritten with zeros says that there is nothing to find
  if (n_members == 0 && bytes.size() != kEndBytes) {
    throw Error(source_ + ": expected members in a file of " + std::to_string(bytes.size()) +
                " bytes, found none");
  }
  for (zip_uint64_t i = 0; i < n_members; ++i) members_.push_back(describe(i));
}

ZipMember ZipReader::describe(std::uint64_t index) const {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive_.get(), index, ZIP_FL_ENC_RAW, &stat) != 0 ||
      (stat.valid & kNeeded) != kNeeded) {
    throw Error(source_ + ": member " + std::to_string(index) + " has a damaged directory entry");
  }
  const ZipMember member{
      .name = stat.name, .index = index, .n_packed = stat.comp_size, .n_unpacked = stat.size};
  const std::string place = place_of(source_, member.name);
  if (stat.encryption_method != ZIP_EM_NONE) throw Error(place + ": encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    throw Error(place + ": compression method " + std::to_string(stat.comp_method) +
                " is not read; known are stored and deflated");
  }
  if (member.n_packed > n_bytes_ || member.n_unpacked / kMaxDeflateRatio > member.n_packed) {
    throw Error(place + ": says " + std::to_string(stat.size) + " bytes, more than its " +
                std::to_string(stat.comp_size) + " compressed bytes can hold");
  }
  return member;
}

std::vector<std::byte> ZipReader::unpack(const ZipMember& member) const {
  const std::string place = place_of(source_, member.name);
  const ZipFile file(zip_fopen_index(archive_.get(), member.index, 0));
  if (file == nullptr) {
    throw Error(place + ": cannot be opened: " + zip_strerror(archive_.get()));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(member.n_unpacked));
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

void ZipWriter::add(std::string name, std::vector<std::byte> content) {
  members_.push_back({std::move(name), std::move(content)});
}

void ZipWriter::add_to(zip* archive, const Member& member) const {
  const std::string place = what_ + ": " + printable(member.name);
  if (member.name.find('\0') != std::string::npos) {
    refuse_to_write(place, "a name must not hold a zero byte");
  }
  Source content(zip_source_buffer(archive, member.content.data(), member.content.size(), 0));
  if (content == nullptr) refuse_to_write(place, zip_strerror(archive));
  const zip_int64_t added =
      zip_file_add(archive, member.name.c_str(), content.get(), ZIP_FL_ENC_UTF_8);
  if (added < 0) refuse_to_write(place, zip_strerror(archive));
  static_cast<void>(content.release());  // the archive's now
  const auto index = static_cast<zip_uint64_t>(added);
  if (zip_set_file_compression(archive, index, ZIP_CM_DEFLATE, kDeflateLevel) != 0 ||
      zip_file_set_dostime(archive, index, 0, kFirstOfJanuary1980, 0) != 0) {
    refuse_to_write(place, zip_strerror(archive));
  }
}

std::vector<std::byte> ZipWriter::finish() && {
  if (members_.empty()) return empty_zip();  // libzip would write no file at all
  ErrorCode error;
  const Source sink(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (sink == nullptr) refuse_to_write(what_, error.text());
  Archive archive(zip_open_from_source(sink.get(), ZIP_TRUNCATE, error.get()));
  if (archive == nullptr) refuse_to_write(what_, error.text());
  zip_source_keep(sink.get());  // the archive drops its own reference when it is closed

  for (const Member& member : members_) add_to(archive.get(), member);
  if (zip_close(archive.get()) != 0) refuse_to_write(what_, zip_strerror(archive.get()));
  static_cast<void>(archive.release());  // closing was freeing
  return content_of(sink.get(), what_);
}

}  // namespace qtot::arrays
