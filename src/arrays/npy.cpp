#include "qtot/arrays/npy.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "arrays/checked.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Element {
  std::string_view descr;
  Dtype dtype;
};

// What NumPy calls the element types, in little-endian order.
constexpr std::array<Element, 12> kElements = {{
    {"<f2", Dtype::kFloat16},
    {"<f4", Dtype::kFloat32},
    {"<f8", Dtype::kFloat64},
    {"|i1", Dtype::kInt8},
    {"<i2", Dtype::kInt16},
    {"<i4", Dtype::kInt32},
    {"<i8", Dtype::kInt64},
    {"|u1", Dtype::kUint8},
    {"<u2", Dtype::kUint16},
    {"<u4", Dtype::kUint32},
    {"<u8", Dtype::kUint64},
    {"|b1", Dtype::kBool},
}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::size_t>> shape;
};

// The dictionary literal that NumPy writes, and nothing else of Python:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& place) : text_(text), place_(place) {}

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
        fail("unexpected or repeated key '" + printable(key) + "'");
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
    throw Error(place_ + ": damaged npy header at character " + std::to_string(at_) + ": " + what);
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
      if (dims.size() == kMaxDims) {
        fail("more than " + std::to_string(kMaxDims) + " dimensions");
      }
      dims.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text_;
  const std::string& place_;
  std::size_t at_ = 0;
};

Dtype dtype_of(const std::string& descr, const std::string& place) {
  std::string known;
  for (const Element& element : kElements) {
    if (descr == element.descr) return element.dtype;
    known += " " + std::string(element.descr);
  }
  if (descr.starts_with('>')) {
    throw Error(place + ": big-endian elements ('" + printable(descr) +
                "') are not read; save the array in little-endian order");
  }
  throw Error(place + ": element type '" + printable(descr) + "' is not read; known are" + known);
}

// The header's text; the data begin after it.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& place) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic) || bytes.size() < 10) {
    throw Error(place + ": not an npy array (it does not begin with \\x93NUMPY)");
  }
  const auto major = std::to_integer<unsigned>(bytes[6]);
  const auto minor = std::to_integer<unsigned>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    throw Error(place + ": npy format " + std::to_string(major) + "." + std::to_string(minor) +
                " is unknown; known are 1.0, 2.0 and 3.0");
  }
  const std::size_t n_length_bytes = major == 1 ? 2 : 4;
  const std::size_t begin = 8 + n_length_bytes;
  if (bytes.size() < begin) throw Error(place + ": npy header cut short");
  const std::size_t length = little_endian(bytes.subspan(8, n_length_bytes));
  if (length > bytes.size() - begin) {
    throw Error(place + ": npy header of " + std::to_string(length) + " bytes, but only " +
                std::to_string(bytes.size() - begin) + " follow");
  }
  return text.substr(begin, length);
}

}  // namespace

Array parse_npy(std::span<const std::byte> bytes, const std::string& name,
                const std::string& source) {
  const std::string place = place_of(source, name);
  const std::string_view text = header_text(bytes, place);
  const Header header = HeaderParser(text, place).parse();
  if (!header.descr || !header.fortran_order || !header.shape) {
    throw Error(place + ": npy header lacks one of descr, fortran_order, shape");
  }
  const Dtype dtype = dtype_of(*header.descr, place);
  if (*header.fortran_order) {
    throw Error(place + ": Fortran order is not read; save numpy.ascontiguousarray of it");
  }

  const auto* const begin = reinterpret_cast<const std::byte*>(text.data() + text.size());
  const std::span<const std::byte> data =
      bytes.last(static_cast<std::size_t>(bytes.data() + bytes.size() - begin));
  if (bytes_of_shape(*header.shape, dtype) != data.size()) {
    throw Error(place + ": shape " + shape_text(*header.shape) + " of '" + *header.descr +
                "' does not fit the " + std::to_string(data.size()) + " bytes of data");
  }
  return {name, dtype, *header.shape, {data.begin(), data.end()}, source};
}

std::vector<std::byte> to_npy(const Array& array) {
  constexpr std::size_t kAlignment = 64;  // where NumPy lets the data begin
  if (array.shape().size() > kMaxDims) {
    refuse_to_write(array.place(), "expected at most 16 dimensions, found " +
                                       std::to_string(array.shape().size()));
  }
  const auto* const element = std::ranges::find(kElements, array.dtype(), &Element::dtype);
  if (element == kElements.end()) {
    refuse_to_write(array.place(),
                    "npy has no element type " + std::string(name_of(array.dtype())));
  }
  std::string shape;
  for (const std::size_t dim : array.shape()) shape += std::to_string(dim) + ", ";
  if (array.shape().size() == 1) shape.pop_back();  // (3,) but (3, 4)
  if (array.shape().size() > 1) shape.resize(shape.size() - 2);

  std::string header = std::string(kMagic) + std::string("\x01\x00\x00\x00", 4) + "{'descr': '" +
                       std::string(element->descr) + "', 'fortran_order': False, 'shape': (" +
                       shape + "), }";
  header.append(kAlignment - 1 - header.size() % kAlignment, ' ');
  header += '\n';
  const std::size_t n_text = header.size() - 10;
  header[8] = static_cast<char>(n_text & 255);
  header[9] = static_cast<char>(n_text >> 8);

  const auto head = std::as_bytes(std::span(header));
  std::vector<std::byte> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), array.raw().begin(), array.raw().end());
  return bytes;
}

}  // namespace qtot::arrays
