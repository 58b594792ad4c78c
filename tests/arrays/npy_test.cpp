#include "qtot/arrays/npy.h"

#include <gtest/gtest.h>

#include <limits>

#include "arrays/samples.h"
#include "support/error_text.h"

namespace qtot::arrays {
namespace {

using test::bytes_of;
using test::error_text;

// A file of format 1.0 with this header.
std::vector<std::byte> npy(const std::string& dictionary, const std::string& data) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(dictionary.size() & 255);
  text += static_cast<char>(dictionary.size() >> 8);
  return bytes_of(text + dictionary + data);
}

std::string header(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}

std::string error_of(const std::vector<std::byte>& bytes) {
  return error_text([&] { parse_npy(bytes, "x", "f.npz"); });
}

TEST(NpyTest, EveryElementTypeIsReadAsLittleEndian) {
  const auto ints = [](const std::string& descr, const std::string& data) {
    return parse_npy(npy(header(descr, "(1,)"), data), "x").as_ints().at(0);
  };
  EXPECT_EQ(ints("|i1", "\xfe"), -2);
  EXPECT_EQ(ints("<i2", "\xfe\xff"), -2);
  EXPECT_EQ(ints("<i4", std::string("\x01\x02\x00\x80", 4)), -2147483648LL + 513);
  EXPECT_EQ(ints("<i8", std::string("\x01\0\0\0\0\0\0\x80", 8)),
            std::numeric_limits<std::int64_t>::min() + 1);
  EXPECT_EQ(ints("|u1", "\xfe"), 254);
  EXPECT_EQ(ints("<u2", "\xfe\xff"), 65534);
  EXPECT_EQ(ints("<u4", std::string("\x01\x02\x00\x80", 4)), 2147483648LL + 513);
  EXPECT_EQ(ints("<u8", std::string("\x01\0\0\0\0\0\0\x01", 8)), (1LL << 56) + 1);
  EXPECT_EQ(ints("|b1", "\x01"), 1);
  const auto doubles = [](const std::string& descr, const std::string& data) {
    return parse_npy(npy(header(descr, "(1, 1)"), data), "x").as_doubles().at(0);
  };
  EXPECT_EQ(doubles("<f2", std::string("\x00\xbe", 2)), -1.5);
  EXPECT_EQ(doubles("<f4", std::string("\0\0\xc0\x3f", 4)), 1.5);
  EXPECT_EQ(doubles("<f8", std::string("\0\0\0\0\0\0\xf8\xbf", 8)), -1.5);
}

TEST(NpyTest, ShapesMayBeEmpty) {
  const Array array = parse_npy(npy(header("<f4", "(3, 0, 18446744073709551615)"), ""), "x");
  EXPECT_EQ(array.size(), 0U);
  EXPECT_TRUE(array.as_floats().empty());
}

TEST(NpyTest, EveryFormatIsRead) {
  const std::string dictionary = header("|u1", "(2,)");
  for (const char version : {'\x02', '\x03'}) {
    const std::string text = std::string("\x93NUMPY") + version + std::string("\0", 1) +
                             static_cast<char>(dictionary.size()) + std::string("\0\0\0", 3) +
                             dictionary + "ab";
    EXPECT_EQ(parse_npy(bytes_of(text), "x").as_text(), "ab");
  }
}

TEST(NpyTest, DamageIsNamed) {
  const std::string eight(8, '\0');
  EXPECT_EQ(error_of(npy(header("<f4", "(3,)"), eight)),
            "f.npz: x: shape [3] of '<f4' does not fit the 8 bytes of data");
  EXPECT_EQ(
      error_of(npy(header("<f4", "(4294967296, 4294967296, 2)"), eight)),
      "f.npz: x: shape [4294967296, 4294967296, 2] of '<f4' does not fit the 8 bytes of data");
  EXPECT_EQ(error_of(npy(header(">f4", "(2,)"), eight)),
            "f.npz: x: big-endian elements ('>f4') are not read; save the array in little-endian "
            "order");
  EXPECT_EQ(
      error_of(npy(header("|O", "(1,)"), eight)),
      "f.npz: x: element type '|O' is not read; known are <f2 <f4 <f8 |i1 <i2 <i4 <i8 |u1 <u2 "
      "<u4 <u8 |b1");
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", eight)),
            "f.npz: x: Fortran order is not read; save numpy.ascontiguousarray of it");
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': False, }", eight)),
            "f.npz: x: npy header lacks one of descr, fortran_order, shape");
  EXPECT_EQ(error_of(npy(header("<f4", "(99999999999999999999,)"), eight)),
            "f.npz: x: damaged npy header at character 70: number too large");
  EXPECT_EQ(error_of(npy(header("<f4", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2)"), eight)),
            "f.npz: x: damaged npy header at character 83: more than 16 dimensions");
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'a\nb': 1}", eight)),
            "f.npz: x: damaged npy header at character 23: unexpected or repeated key 'a\\x0ab'");
  EXPECT_EQ(error_of(npy(header("<f4", "(2,)") + "x", eight)),
            "f.npz: x: damaged npy header at character 58: text after the dictionary");
  EXPECT_EQ(error_of(bytes_of("PK")),
            "f.npz: x: not an npy array (it does not begin with \\x93NUMPY)");
  std::vector<std::byte> other = npy(header("<f4", "(2,)"), eight);
  other[7] = std::byte{1};
  EXPECT_EQ(error_of(other), "f.npz: x: npy format 1.1 is unknown; known are 1.0, 2.0 and 3.0");
  other[7] = std::byte{0};
  other.resize(20);
  EXPECT_EQ(error_of(other), "f.npz: x: npy header of 58 bytes, but only 10 follow");
}

// Put together by hand from the format's description; numpy.load takes the same bytes.
TEST(NpyTest, TheBytesAreThoseOfTheFormat) {
  const std::string prefix("\x93NUMPY\x01\x00\x76\x00", 10);
  const auto padded = [&](std::string text) {
    text.resize(0x76 - 1, ' ');
    return prefix + text + "\n";
  };
  EXPECT_EQ(
      test::text_of(to_npy(test::sample("x", Dtype::kInt16, {2, 1}))),
      padded("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }") + "\x01\x02\x03\x04");
  EXPECT_EQ(test::text_of(to_npy(test::sample("x", Dtype::kUint8, {3}))),
            padded("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }") + "\x01\x02\x03");
  EXPECT_EQ(test::text_of(to_npy(test::sample("x", Dtype::kBool, {}))),
            padded("{'descr': '|b1', 'fortran_order': False, 'shape': (), }") + "\x01");
}

TEST(NpyTest, EveryTypeAndShapeComesBack) {
  for (const Dtype dtype : test::every_dtype()) {
    if (dtype == Dtype::kBfloat16) continue;
    for (const auto& shape : test::many_shapes()) {
      const Array array = test::sample("x", dtype, shape);
      const std::vector<std::byte> bytes = to_npy(array);
      EXPECT_EQ((bytes.size() - array.raw().size()) % 64, 0U);
      EXPECT_TRUE(test::same_content(parse_npy(bytes, "x"), array))
          << name_of(dtype) << " " << shape_text(shape);
    }
  }
}

TEST(NpyTest, WhatCouldNotBeReadIsNotWritten) {
  EXPECT_EQ(error_text([] { to_npy(test::sample("x", Dtype::kBfloat16, {1})); }),
            "cannot write x: npy has no element type bfloat16");
  const std::vector<std::size_t> shape(17, 1);
  EXPECT_EQ(error_text([&] { to_npy(test::sample("x", Dtype::kUint8, shape)); }),
            "cannot write x: expected at most 16 dimensions, found 17");
}

}  // namespace
}  // namespace qtot::arrays
