#include "qtot/arrays/safetensors.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "arrays/samples.h"
#include "qtot/base/files.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot::arrays {
namespace {

using test::bytes_of;
using test::error_text;

// The length in front of a header, which `header` need not have.
std::string file_of(const std::string& header, const std::string& data, std::uint64_t n_header) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(n_header >> (8 * i) & 255);
  return bytes + header + data;
}

std::string file_of(const std::string& header, const std::string& data = "") {
  return file_of(header, data, header.size());
}

// Header entry of one tensor of uint8.
std::string entry(const std::string& name, int n, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(n) +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

std::string error_of(const std::string& bytes) {
  return error_text([&] { parse_safetensors(bytes_of(bytes), "f"); });
}

std::string header_error(const std::string& header) {
  return error_of(file_of(header));
}

std::vector<Array> examples() {
  std::vector<Array> arrays;
  for (const Dtype dtype : test::every_dtype()) {
    for (const auto& shape : test::many_shapes()) {
      arrays.push_back(test::sample(std::string(name_of(dtype)) + shape_text(shape), dtype, shape));
    }
  }
  return arrays;
}

// Every byte by hand, from the format's description.
TEST(SafetensorsTest, AFileMadeByHandIsRead) {
  const std::string header =
      R"({ "__metadata__":{"format":"pt"}, "w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("b\u00e9":{"data_offsets":[8,10],"shape":[],"dtype":"I16"} }  )";
  const std::string data("\x00\x00\xc0\x3f\x00\x00\x00\xc0\xfe\xff", 10);
  Metadata metadata;
  const std::vector<Array> read =
      parse_safetensors(bytes_of(file_of(header, data)), "f", &metadata);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].name(), "w");
  EXPECT_EQ(read[0].place(), "f: w");
  EXPECT_EQ(read[0].shape(), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(read[0].as_floats(), (std::vector<float>{1.5F, -2.0F}));
  EXPECT_EQ(read[1].name(), "b\xc3\xa9");
  EXPECT_EQ(read[1].shape(), std::vector<std::size_t>{});
  EXPECT_EQ(read[1].as_ints(), std::vector<std::int64_t>{-2});
  EXPECT_EQ(metadata, (Metadata{{"format", "pt"}}));
}

TEST(SafetensorsTest, TheBytesAreThoseOfTheFormat) {
  const std::vector<Array> arrays = {test::sample("a\"", Dtype::kUint8, {3}),
                                     test::sample("b", Dtype::kFloat16, {1, 1})};
  // the larger elements lie first; a space aligns the data
  const std::string header =
      R"({"__metadata__":{"k":"v"},"a\"":{"dtype":"U8","shape":[3],"data_offsets":[2,5]},)"
      R"("b":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]}})"
      " ";
  ASSERT_EQ(header.size() % 8, 0U);
  EXPECT_EQ(test::text_of(to_safetensors(arrays, {{"k", "v"}})),
            file_of(header, "\x01\x02\x01\x02\x03"));
  EXPECT_EQ(test::text_of(to_safetensors({})), file_of("{}      "));
}

TEST(SafetensorsTest, EveryTypeAndShapeComesBackInOrder) {
  const std::vector<Array> written = examples();
  const std::vector<std::byte> bytes = to_safetensors(written);
  const std::vector<Array> read = parse_safetensors(bytes, "f");
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_TRUE(test::same_content(read[i], written[i])) << written[i].name();
  }
  EXPECT_EQ(to_safetensors(read), bytes);
}

TEST(SafetensorsTest, WritingAndReadingGoThroughAFile) {
  const test::TempFolder folder;
  const std::vector<Array> written = examples();
  write_safetensors(folder / "a.safetensors", written, {{"k", "v"}});
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.safetensors"});
  Metadata metadata;
  const std::vector<Array> read = read_safetensors(folder / "a.safetensors", &metadata);
  EXPECT_EQ(to_safetensors(read), to_safetensors(written));
  EXPECT_EQ(metadata, (Metadata{{"k", "v"}}));
  EXPECT_EQ(read[0].place(), (folder / "a.safetensors").string() + ": float16[]");
  EXPECT_EQ(error_text([&] { read_safetensors(folder / "b"); }),
            "cannot read " + (folder / "b").string() + ": No such file or directory");
}

TEST(SafetensorsTest, AHeaderThatDoesNotFitTheFileIsRefused) {
  EXPECT_EQ(error_of("1234567"), "f: not a safetensors file: expected at least 8 bytes, found 7");
  EXPECT_EQ(error_of(file_of("{}", "", 3)),
            "f: not a safetensors file: expected a header of at most 2 bytes, found a length of 3");
  EXPECT_EQ(error_of(file_of("{}", "", ~std::uint64_t{0})),
            "f: not a safetensors file: expected a header of at most 2 bytes, found a length of "
            "18446744073709551615");
  EXPECT_EQ(header_error(""), "f: safetensors header does not begin with {");
  EXPECT_EQ(header_error(" {}"), "f: safetensors header does not begin with {");
  EXPECT_EQ(header_error("\xef\xbb\xbf{}"), "f: safetensors header does not begin with {");
  EXPECT_EQ(error_of(file_of("{}", "x")), "f: expected 0 bytes of data, found 1");
}

TEST(SafetensorsTest, AHeaderOfAnotherFormIsRefused) {
  const auto tensor = [](const std::string& content) {
    return header_error("{\"a\":{" + content + "}}");
  };
  const std::string a = "f: a: safetensors header ";
  EXPECT_EQ(header_error("{"), "f: safetensors header is no JSON: unexpected at byte 2");
  EXPECT_EQ(header_error("{}{"), "f: safetensors header is no JSON: unexpected at byte 3");
  EXPECT_EQ(header_error("{\"\xff\":1}"), "f: safetensors header is no JSON: unexpected at byte 3");
  EXPECT_EQ(header_error(R"({"a":1})"),
            a + "expected an object with dtype, shape and data_offsets, found 1");
  EXPECT_EQ(header_error(R"({"a":[]})"),
            a + "expected an object with dtype, shape and data_offsets, found an array");
  EXPECT_EQ(tensor(""), a + "lacks dtype");
  EXPECT_EQ(tensor(R"("dtype":"U8","data_offsets":[0,0])"), a + "lacks shape");
  EXPECT_EQ(tensor(R"("dtype":"U8","shape":[0])"), a + "lacks data_offsets");
  EXPECT_EQ(tensor(R"("dtype":"U8","dtype":"U8")"),
            a + "expected one of dtype, shape and data_offsets, each once, found \"dtype\" again");
  EXPECT_EQ(tensor(R"("stride":[1])"),
            a + "expected one of dtype, shape and data_offsets, each once, found \"stride\"");
  EXPECT_EQ(tensor(R"("dtype":"F8_E4M3")"), a + "has a dtype that is not read: \"F8_E4M3\"");
  EXPECT_EQ(tensor(R"("dtype":null)"), a + "expected a dtype as a string, found null");
  EXPECT_EQ(tensor(R"("shape":{})"), a + "expected a shape as an array, found an object");
  const std::string dims = a + "expected at most 16 dimensions, integers from 0 on, found ";
  EXPECT_EQ(tensor(R"("shape":[-1])"), dims + "-1");
  EXPECT_EQ(tensor(R"("shape":[1.0])"), dims + "1.0");
  EXPECT_EQ(tensor(R"("shape":[true])"), dims + "true");
  EXPECT_EQ(tensor(R"("shape":[[1]])"), dims + "an array");
  EXPECT_EQ(tensor(R"("shape":["1"])"), dims + "\"1\"");
  EXPECT_EQ(tensor(R"("shape":[18446744073709551616])"), dims + "18446744073709551616");
  EXPECT_EQ(tensor(R"("shape":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16])"), dims + "16");
  const std::string two = a + "expected data_offsets as an array of two integers from 0 on, found ";
  EXPECT_EQ(tensor(R"("data_offsets":[0])"), two + "1 of them");
  EXPECT_EQ(tensor(R"("data_offsets":[0,0,0])"), two + "0");
  EXPECT_EQ(tensor(R"("data_offsets":"0")"), two + "\"0\"");
  EXPECT_EQ(header_error("{" + entry("a", 0, 0, 0) + "," + entry("a", 0, 0, 0) + "}"),
            "f: safetensors header has the name \"a\" twice");
}

TEST(SafetensorsTest, MetadataIsAMapOfStrings) {
  const std::string f = "f: safetensors header expected ";
  EXPECT_EQ(header_error(R"({"__metadata__":{"a":{}}})"),
            f + "a value of __metadata__ as a string, found an object");
  EXPECT_EQ(header_error(R"({"__metadata__":{"a":1}})"),
            f + "a value of __metadata__ as a string, found 1");
  EXPECT_EQ(header_error(R"({"__metadata__":"a"})"), f + "__metadata__ as an object, found \"a\"");
  EXPECT_EQ(header_error(R"({"__metadata__":{"a":"1","a":"2"}})"),
            f + "a key of __metadata__, each once, found \"a\" again");
  EXPECT_EQ(header_error(R"({"__metadata__":{},"__metadata__":{}})"),
            "f: safetensors header has the name \"__metadata__\" twice");
}

// Nested too deeply for a parser that recurses; refused at the first level that does not belong.
TEST(SafetensorsTest, NestingIsRefusedWhereItBegins) {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  EXPECT_EQ(header_error(deep),
            "f: a: safetensors header expected one of dtype, shape and data_offsets, each once, "
            "found \"a\"");
}

TEST(SafetensorsTest, DataThatDoesNotTileIsRefused) {
  const auto two = [](const std::string& first, const std::string& second, std::size_t n_data) {
    return error_of(file_of("{" + first + "," + second + "}", std::string(n_data, 'x')));
  };
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 2, 2, 4), 4), "(no error)");
  EXPECT_EQ(two(entry("b", 2, 2, 4), entry("a", 2, 0, 2), 4), "(no error)");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 0, 2, 2), 2), "(no error)");
  const std::string b = "f: b: expected data_offsets ";
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 2, 3, 5), 5),
            b + "from 2 on, where the tensor before it ends, found [3, 5]");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 2, 1, 3), 3),
            b + "from 2 on, where the tensor before it ends, found [1, 3]");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 2, 2, 4), 3),
            b + "that ascend within the 3 bytes of data, found [2, 4]");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 0, 2, 1), 2),
            b + "that ascend within the 2 bytes of data, found [2, 1]");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 2, 2, 4), 5),
            "f: expected 4 bytes of data, found 5");
  EXPECT_EQ(two(entry("a", 2, 0, 2), entry("b", 3, 2, 4), 4),
            "f: b: shape [3] of uint8 does not fit its 2 bytes of data");
}

// 2^32 * 2^32 elements are 0 bytes, and 2^62 of 8 bytes are, too, when the product overflows.
TEST(SafetensorsTest, AShapeWhoseProductOverflowsIsRefused) {
  const auto error = [](const std::string& dtype, const std::string& shape) {
    return header_error(R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape +
                        R"(,"data_offsets":[0,0]}})");
  };
  EXPECT_EQ(error("U8", "[4294967296,4294967296]"),
            "f: a: shape [4294967296, 4294967296] of uint8 does not fit its 0 bytes of data");
  EXPECT_EQ(error("F64", "[4611686018427387904]"),
            "f: a: shape [4611686018427387904] of float64 does not fit its 0 bytes of data");
  EXPECT_EQ(error("F64", "[4611686018427387904,0,8]"), "(no error)");
}

TEST(SafetensorsTest, WhatCouldNotBeReadIsNotWritten) {
  const auto error = [](const std::vector<Array>& arrays, const Metadata& metadata = {}) {
    return error_text([&] { to_safetensors(arrays, metadata); });
  };
  const Array x = test::sample("x", Dtype::kInt8, {1});
  EXPECT_EQ(error({x, x}), "cannot write safetensors: two tensors are named x");
  EXPECT_EQ(error({test::sample("__metadata__", Dtype::kInt8, {1})}),
            "cannot write safetensors: no tensor can be named __metadata__");
  EXPECT_EQ(error({test::sample("x", Dtype::kInt8, std::vector<std::size_t>(17, 1))}),
            "cannot write safetensors: x has more than 16 dimensions");
  EXPECT_EQ(error({test::sample("\xff", Dtype::kInt8, {1})}),
            "cannot write safetensors: expected names and metadata in UTF-8");
  EXPECT_EQ(error({x}, {{"k", "\xff"}}),
            "cannot write safetensors: expected names and metadata in UTF-8");
  std::vector<Array> many;
  for (int i = 0; i <= 65536; ++i) {
    many.push_back(test::sample(std::to_string(i), Dtype::kInt8, {0}));
  }
  EXPECT_EQ(error(many), "cannot write safetensors: more than 65,536 tensors");
  EXPECT_EQ(error_text([&] {
              write_safetensors("no/such/folder/f", std::vector<Array>{x, x});
            }),
            "cannot write no/such/folder/f: two tensors are named x");
}

TEST(SafetensorsTest, MoreTensorsThanTheLimitAreRefused) {
  std::string header = "{";
  for (int i = 0; i <= 65536; ++i)
    header += (i == 0 ? "" : ",") + entry(std::to_string(i), 0, 0, 0);
  EXPECT_EQ(header_error(header + "}"), "f: safetensors header has more than 65536 tensors");
}

}  // namespace
}  // namespace qtot::arrays
