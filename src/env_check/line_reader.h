#pragma once

#include <cstddef>
#include <string>
#include <vector>

struct gzFile_s;

namespace qtot::env {

/// The lines of a text file, plain or gzip-compressed, with a bound on all that is read.
class LineReader {
 public:
  /// Throws Error when the file cannot be opened.
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end; false when there is none. Throws Error for a damaged file and
  /// for one beyond the limits.
  bool next(std::string& line);

  /// Number of the line that next() returned, from 1.
  int line_number() const { return line_number_; }

 private:
  bool fill();  // false at the end of the file

  std::string path_;
  gzFile_s* file_ = nullptr;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is not yet handed out
  std::size_t end_ = 0;
  std::size_t n_bytes_ = 0;  // read so far, uncompressed
  int line_number_ = 0;
};

}  // namespace qtot::env
