#include "qtot/arrays/array.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "arrays/samples.h"
#include "support/error_text.h"

namespace qtot::arrays {
namespace {

using test::bytes_of;
using test::error_text;

Array half(Dtype dtype, std::uint16_t bits) {
  const std::string text = {static_cast<char>(bits & 255), static_cast<char>(bits >> 8)};
  return Array("x", dtype, {}, bytes_of(text));
}

// The value by the definition of binary16, in double.
double value_of_float16(unsigned bits) {
  const double sign = bits >> 15 != 0 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const double fraction = (bits & 1023) / 1024.0;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, -14);
  return sign * std::ldexp(1 + fraction, exponent - 15);
}

TEST(ArrayTest, EachOfTheFloat16ValuesWidensExactly) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double value = half(Dtype::kFloat16, static_cast<std::uint16_t>(bits)).as_doubles().at(0);
    const double expected = value_of_float16(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(value), std::bit_cast<std::uint64_t>(expected))
          << bits;
    }
  }
}

TEST(ArrayTest, Bfloat16IsTheUpperHalfOfAFloat) {
  for (const float value : {1.0F, -2.5F, 0x1p-126F, 0x1p-133F, -0.0F, 3.0F}) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    ASSERT_EQ(bits & 0xFFFF, 0U);
    const auto upper = static_cast<std::uint16_t>(bits >> 16);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(half(Dtype::kBfloat16, upper).as_floats().at(0)), bits);
  }
}

TEST(ArrayTest, ValuesLieInLittleEndianOrderAndComeBack) {
  const std::array<float, 2> floats = {1.5F, -0.0F};
  const Array a = Array::of_floats("a", {2, 1}, floats);
  EXPECT_EQ(test::hex_of(a.raw()), "00 00 c0 3f 00 00 00 80\n");
  EXPECT_EQ(a.as_floats(), (std::vector<float>{1.5F, -0.0F}));
  EXPECT_EQ(a.shape(), (std::vector<std::size_t>{2, 1}));

  const std::array<double, 1> doubles = {-1.5};
  const Array b = Array::of_doubles("b", {}, doubles);
  EXPECT_EQ(test::hex_of(b.raw()), "00 00 00 00 00 00 f8 bf\n");
  EXPECT_EQ(b.as_doubles(), std::vector<double>{-1.5});

  const std::array<std::int64_t, 1> int64s = {std::numeric_limits<std::int64_t>::min() + 1};
  const std::array<std::int32_t, 1> int32s = {-2};
  const std::array<std::int16_t, 1> int16s = {0x1234};
  const std::array<std::int8_t, 1> int8s = {-128};
  const std::array<std::uint8_t, 1> uint8s = {255};
  EXPECT_EQ(test::hex_of(Array::of_int16("c", {1}, int16s).raw()), "34 12\n");
  EXPECT_EQ(Array::of_int64("c", {1}, int64s).as_ints().at(0), int64s[0]);
  EXPECT_EQ(Array::of_int32("c", {1}, int32s).as_ints().at(0), -2);
  EXPECT_EQ(Array::of_int16("c", {1}, int16s).as_ints().at(0), 0x1234);
  EXPECT_EQ(Array::of_int8("c", {1}, int8s).as_ints().at(0), -128);
  EXPECT_EQ(Array::of_uint8("c", {1}, uint8s).as_ints().at(0), 255);
}

TEST(ArrayTest, UnsignedIntegersAreNotTakenForNegativeOnes) {
  const std::string ones(8, '\xff');
  EXPECT_EQ(Array("x", Dtype::kUint16, {1}, bytes_of(ones.substr(0, 2))).as_ints().at(0), 65535);
  EXPECT_EQ(Array("x", Dtype::kUint32, {1}, bytes_of(ones.substr(0, 4))).as_ints().at(0),
            4294967295LL);
  const Array big("x", Dtype::kUint64, {1}, bytes_of(ones));
  EXPECT_EQ(error_text([&] { big.as_ints(); }),
            "x: expected integers below 2^63, found 18446744073709551615");
  EXPECT_EQ(error_text([&] { big.as_doubles(); }),
            "x: expected integers below 2^63, found 18446744073709551615");
}

TEST(ArrayTest, ConversionsThatWouldLoseValuesAreErrors) {
  const std::array<std::int64_t, 1> exact = {std::int64_t{1} << 53};
  const std::array<std::int64_t, 1> beyond = {(std::int64_t{1} << 53) + 1};
  EXPECT_EQ(Array::of_int64("x", {1}, exact).as_doubles().at(0), 9007199254740992.0);
  const Array integer = Array::of_int64("x", {1}, beyond);
  EXPECT_EQ(error_text([&] { integer.as_doubles(); }),
            "x: expected integers that are exact in double, found 9007199254740993");
  EXPECT_EQ(error_text([&] { integer.as_floats(); }),
            "x: expected elements of float32, found int64");
  const std::array<double, 1> values = {1};
  const Array real = Array::of_doubles("x", {1}, values);
  EXPECT_EQ(error_text([&] { real.as_ints(); }), "x: expected integer elements, found float64");
  EXPECT_EQ(error_text([&] { real.as_floats(); }),
            "x: expected elements of float32, found float64");
}

TEST(ArrayTest, TextIsAVectorOfUint8) {
  const Array text = Array::of_text("t", "a\nb");
  EXPECT_EQ(text.as_text(), "a\nb");
  EXPECT_EQ(text.shape(), std::vector<std::size_t>{3});
  EXPECT_EQ(Array::of_text("t", "").as_text(), "");
  const Array square("t", Dtype::kUint8, {1, 1}, bytes_of("a"));
  EXPECT_EQ(error_text([&] { square.as_text(); }),
            "t: expected text as a vector of uint8, found uint8 of shape [1, 1]");
}

TEST(ArrayTest, AnotherShapeIsNamedBesideTheExpectedOne) {
  const Array array = test::sample("x", Dtype::kFloat32, {2, 3});
  EXPECT_EQ(&array.require_shape({2, 3}), &array);
  EXPECT_EQ(error_text([&] {
              array.require_shape({3, 2});
            }),
            "x: expected shape [3, 2], found [2, 3]");
}

// A stranger's name may hold anything; a message that quotes it is one line of plain text.
TEST(ArrayTest, MessagesQuoteNamesAsPlainText) {
  const Array array("a\n\x1b[31m\xc3\xa9", Dtype::kUint8, {0}, {}, "f.npz");
  EXPECT_EQ(array.place(), "f.npz: a\\x0a\\x1b[31m\\xc3\\xa9");
  const Array named(std::string(1000, 'n'), Dtype::kUint8, {0}, {});
  EXPECT_EQ(named.place(), std::string(200, 'n') + "...");
}

TEST(ArrayDeathTest, ContentThatDoesNotFitTheShapeIsABug) {
  const std::array<float, 3> values = {1, 2, 3};
  EXPECT_DEATH(Array::of_floats("x", {2}, values), "bytes_of_shape");
  EXPECT_DEATH(Array::of_floats("x", {std::size_t{1} << 62, 4}, {}), "bytes_of_shape");
}

}  // namespace
}  // namespace qtot::arrays
