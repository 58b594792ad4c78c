#include "support/npy.h"

#include <limits>
#include <optional>
#include <string_view>

#include "qtot/base/error.h"

namespace qtot::test {
namespace {

constexpr std::size_t kMaxDims = 16;
constexpr std::string_view kMagic = "\x93NUMPY";

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::size_t>> shape;
};

// The dictionary literal that NumPy writes, and nothing else of Python:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !header.descr) {
        header.descr = quoted();
      } else if (key == "fortran_order" && !header.fortran_order) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !header.shape) {
        header.shape = tuple();
      } else {
        fail("unexpected or repeated key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (at_ != text_.size()) fail("text after the dictionary");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(name_ + ": damaged npy header at character " + std::to_string(at_) + ": " + what);
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }
  std::string quoted() {
    expect('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) fail("a string without an end");
    const std::string result(text_.substr(at_, end - at_));
    at_ = end + 1;
    return result;
  }
  bool boolean() {
    skip_spaces();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("expected True or False");
  }
  std::size_t number() {
    skip_spaces();
    std::size_t value = 0;
    const std::size_t first = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::size_t>(text_[at_] - '0');
      if (value > (std::numeric_limits<std::size_t>::max() - digit) / 10) fail("number too large");
      value = value * 10 + digit;
    }
    if (at_ == first) fail("expected a number");
    return value;
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> dims;
    expect('(');
    while (!accept(')')) {
      if (dims.size() == kMaxDims) fail("more than 16 dimensions");
      dims.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

struct Element {
  Array::Dtype dtype;
  std::size_t n_bytes;
};

Element element(const std::string& descr, const std::string& name) {
  using Dtype = Array::Dtype;
  if (descr == "<f4") return {Dtype::kFloat32, 4};
  if (descr == "<f8") return {Dtype::kFloat64, 8};
  if (descr == "|i1") return {Dtype::kInt8, 1};
  if (descr == "<i2") return {Dtype::kInt16, 2};
  if (descr == "<i4") return {Dtype::kInt32, 4};
  if (descr == "<i8") return {Dtype::kInt64, 8};
  if (descr == "|u1") return {Dtype::kUint8, 1};
  if (descr == "|b1") return {Dtype::kBool, 1};
  if (descr.starts_with(">")) {
    throw Error(name + ": big-endian elements ('" + descr +
                "') are not read; save the array in little-endian order");
  }
  throw Error(name + ": element type '" + descr +
              "' is not read; known are <f4 <f8 |i1 <i2 <i4 <i8 |u1 |b1");
}

std::size_t little_endian(std::span<const std::byte> bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | std::to_integer<std::size_t>(bytes[i]);
  }
  return value;
}

// The header's text; the data begin after it.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic) || bytes.size() < 10) {
    throw Error(name + ": not an npy array (it does not begin with \\x93NUMPY)");
  }
  const auto major = std::to_integer<unsigned>(bytes[6]);
  if (major < 1 || major > 3) {
    throw Error(name + ": npy format " + std::to_string(major) + " is unknown; known are 1 to 3");
  }
  const std::size_t n_length_bytes = major == 1 ? 2 : 4;
  const std::size_t begin = 8 + n_length_bytes;
  if (bytes.size() < begin) throw Error(name + ": npy header cut short");
  const std::size_t length = little_endian(bytes.subspan(8, n_length_bytes));
  if (length > bytes.size() - begin) {
    throw Error(name + ": npy header of " + std::to_string(length) + " bytes, but only " +
                std::to_string(bytes.size() - begin) + " follow");
  }
  return text.substr(begin, length);
}

}  // namespace

Array parse_npy(std::span<const std::byte> bytes, const std::string& name) {
  const std::string_view text = header_text(bytes, name);
  const Header header = HeaderParser(text, name).parse();
  if (!header.descr || !header.fortran_order || !header.shape) {
    throw Error(name + ": npy header lacks one of descr, fortran_order, shape");
  }
  if (*header.fortran_order) {
    throw Error(name + ": Fortran order is not read; save numpy.ascontiguousarray of it");
  }
  const auto [dtype, n_element_bytes] = element(*header.descr, name);

  const auto begin =
      static_cast<std::size_t>(text.data() - reinterpret_cast<const char*>(bytes.data())) +
      text.size();
  const std::span<const std::byte> data = bytes.subspan(begin);
  // divisions instead of a product that could overflow; a zero anywhere means no element
  std::size_t n_elements = 1;
  for (const std::size_t dim : *header.shape) {
    if (dim == 0) n_elements = 0;
  }
  if (n_elements != 0) {
    for (const std::size_t dim : *header.shape) {
      if (dim > data.size() / n_elements) n_elements = data.size() + 1;  // surely too many
      if (n_elements > data.size()) break;
      n_elements *= dim;
    }
  }
  if (n_elements > data.size() || n_elements * n_element_bytes != data.size()) {
    throw Error(name + ": shape " + shape_text(*header.shape) + " of '" + *header.descr +
                "' does not fit the " + std::to_string(data.size()) + " bytes of data");
  }
  return Array(name, dtype, *header.shape, {data.begin(), data.end()});
}

}  // namespace qtot::test
