#include "qtot/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "qtot/base/error.h"

namespace qtot {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kFileMode = 0644;
constexpr std::size_t kReadBlock = std::size_t{1} << 20;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

[[noreturn]] void throw_cannot_write(const fs::path& path, int error_number) {
  throw Error("cannot write " + path.string() + ": " + reason(error_number), ExitCode::kFailed);
}

[[noreturn]] void throw_cannot_read(const fs::path& path, int error_number) {
  throw Error("cannot read " + path.string() + ": " + reason(error_number));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  void release() { value_ = -1; }

 private:
  int value_;
};

// 0, or the errno of the first write that failed.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

// 0 or errno. Devices and some file systems cannot sync and say EINVAL; there is nothing to wait for.
int sync_all(int descriptor) {
  while (::fsync(descriptor) != 0) {
    if (errno == EINVAL) return 0;
    if (errno != EINTR) return errno;
  }
  return 0;
}

int write_and_sync(const fs::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  if (file.value() < 0) return errno;
  const int failed = write_all(file.value(), bytes);
  return failed != 0 ? failed : sync_all(file.value());
}

// The new name is on the disk only when its directory is.
int sync_directory(const fs::path& directory) {
  const Descriptor file(
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.value() < 0 ? errno : sync_all(file.value());
}

}  // namespace

fs::path temporary_path(const fs::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".tmp");
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  const fs::path temporary = temporary_path(path);
  int failed = write_and_sync(temporary, bytes);
  if (failed == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(temporary.c_str());
    throw_cannot_write(path, failed);
  }
  failed = sync_directory(path.parent_path());
  if (failed != 0) throw_cannot_write(path, failed);
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  const auto refuse_size = [&](const std::string& size) {
    throw Error(path.string() + ": expected at most " + std::to_string(max_bytes) +
                " bytes, found " + size);
  };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.value() < 0 || ::fstat(file.value(), &info) != 0) throw_cannot_read(path, errno);
  const auto known_size = S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (known_size > max_bytes) refuse_size(std::to_string(known_size));

  // one byte more than expected shows the end of the file without another block
  std::string bytes;
  std::size_t n_read = 0;
  std::size_t block = known_size > 0 ? known_size + 1 : kReadBlock;
  for (;;) {
    bytes.resize(n_read + block);
    const ssize_t n = ::read(file.value(), bytes.data() + n_read, block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_cannot_read(path, errno);
    if (n == 0) break;
    n_read += static_cast<std::size_t>(n);
    if (n_read > max_bytes) refuse_size("more");
    block = n_read < known_size + 1 ? known_size + 1 - n_read : kReadBlock;
  }
  bytes.resize(n_read);
  return bytes;
}

void make_directories(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (!failed && !fs::is_directory(path, failed) && !failed) {
    failed = std::make_error_code(std::errc::not_a_directory);
  }
  if (failed) {
    throw Error("cannot make the directory " + path.string() + ": " + reason(failed.value()),
                ExitCode::kFailed);
  }
}

AppendFile::AppendFile(fs::path path, std::uint64_t keep_bytes)
    : path_(std::move(path)), n_bytes_(keep_bytes) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kFileMode);
  if (descriptor_ < 0) throw_cannot_write(path_, errno);
  Descriptor guard(descriptor_);  // a constructor that throws runs no destructor

  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) throw_cannot_write(path_, errno);
  if (S_ISREG(info.st_mode)) {  // a device has no length to keep
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size < keep_bytes) {
      throw Error(path_.string() + ": expected at least the " + std::to_string(keep_bytes) +
                  " bytes that it had at the checkpoint, found " + std::to_string(size));
    }
    const auto offset = static_cast<off_t>(keep_bytes);
    if (::ftruncate(descriptor_, offset) != 0 || ::lseek(descriptor_, offset, SEEK_SET) != offset) {
      throw_cannot_write(path_, errno);
    }
  }
  guard.release();
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      n_bytes_(other.n_bytes_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

void AppendFile::append(std::string_view bytes) {
  const int failed = write_all(descriptor_, bytes);
  if (failed != 0) throw_cannot_write(path_, failed);
  n_bytes_ += bytes.size();
}

void AppendFile::sync() {
  const int failed = sync_all(descriptor_);
  if (failed != 0) throw_cannot_write(path_, failed);
}

}  // namespace qtot
