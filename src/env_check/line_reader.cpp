#include "env_check/line_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "qtot/base/error.h"

namespace qtot::env {
namespace {

constexpr std::size_t kMaxLine = std::size_t{4} << 20;
constexpr std::size_t kMaxBytes = std::size_t{2} << 30;
constexpr std::size_t kBuffer = std::size_t{1} << 16;

}  // namespace

LineReader::LineReader(const std::string& path) : path_(path), buffer_(kBuffer) {
  errno = 0;
  file_ = gzopen(path.c_str(), "rb");
  if (file_ == nullptr) {
    throw Error(path + ": cannot be opened: " + (errno != 0 ? std::strerror(errno) : "no memory"));
  }
}

LineReader::~LineReader() {
  gzclose(file_);
}

bool LineReader::fill() {
  const int n = gzread(file_, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* message = gzerror(file_, &code);
  if (n < 0 || code == Z_BUF_ERROR) {  // Z_BUF_ERROR: the compressed data end too early
    const std::string why = code == Z_ERRNO ? std::strerror(errno) : message;
    throw Error(path_ + ": damaged or not readable after " + std::to_string(n_bytes_) +
                " bytes: " + (why.empty() ? "unexpected end" : why));
  }
  begin_ = 0;
  end_ = static_cast<std::size_t>(n);
  n_bytes_ += end_;
  if (n_bytes_ > kMaxBytes) throw Error(path_ + ": larger than 2 GiB uncompressed");
  return n > 0;
}

bool LineReader::next(std::string& line) {
  line.clear();
  bool is_open = false;  // a line has begun
  for (;;) {
    if (begin_ == end_ && !fill()) break;
    is_open = true;
    const char* from = buffer_.data() + begin_;
    const char* to = buffer_.data() + end_;
    const char* newline = std::find(from, to, '\n');
    line.append(from, newline);
    begin_ = static_cast<std::size_t>(newline - buffer_.data());
    if (line.size() > kMaxLine) {
      throw Error(path_ + ":" + std::to_string(line_number_ + 1) + ": a line longer than 4 MiB");
    }
    if (newline != to) {
      ++begin_;
      break;
    }
  }
  line_number_ += is_open;
  return is_open;
}

}  // namespace qtot::env
