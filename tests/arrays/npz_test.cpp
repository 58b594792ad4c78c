#include "qtot/arrays/npz.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "arrays/samples.h"
#include "arrays/zip_builder.h"
#include "qtot/arrays/npy.h"
#include "qtot/base/files.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot::arrays {
namespace {

using test::bytes_of;
using test::error_text;
using test::ZipEntry;

const std::filesystem::path kData = QTOT_TEST_DATA_DIR;
const std::filesystem::path kSmallFile = kData / "vectors" / "unit_mixer_vdn.npz";

std::string parse_error(const std::string& bytes) {
  return error_text([&] { Npz::parse(bytes_of(bytes), "f.npz"); });
}

// One of each type, some shapes, some text.
Npz example() {
  Npz npz("example.npz");
  for (const Dtype dtype : test::every_dtype()) {
    if (dtype != Dtype::kBfloat16) {
      npz.set(test::sample("in/" + std::string(name_of(dtype)), dtype, {2, 3}));
    }
  }
  npz.set(test::sample("param/empty", Dtype::kFloat32, {0, 4}));
  npz.set(test::sample("param/scalar", Dtype::kFloat64, {}));
  npz.set(Array::of_text("meta", R"({"name": "example"})"));
  return npz;
}

TEST(NpzTest, MembersAreFoundByNameAndShape) {
  const Npz npz = Npz::load(kSmallFile);
  EXPECT_TRUE(npz.contains("meta"));
  EXPECT_EQ(npz.json("meta").at("shape").at("A").get<int>(), 5);
  EXPECT_EQ(npz.names().size(), 8U);
  EXPECT_EQ(npz.at("in/agent_qs").name(), "in/agent_qs");
  EXPECT_EQ(npz.at("in/agent_qs").place(), kSmallFile.string() + ": in/agent_qs");
  EXPECT_EQ(error_text([&] { npz.at("in/nothing"); }),
            kSmallFile.string() + ": has no member in/nothing");
}

TEST(NpzTest, NamesAreListedInAscendingOrder) {
  const Npz npz = example();
  EXPECT_EQ(npz.names_under("param/"), (std::vector<std::string>{"empty", "scalar"}));
  EXPECT_EQ(npz.names().front(), "in/bool");
  EXPECT_EQ(npz.names().back(), "param/scalar");
}

TEST(NpzTest, MissingFileIsNamed) {
  EXPECT_EQ(error_text([] { Npz::load("no/such/file.npz"); }),
            "cannot read no/such/file.npz: No such file or directory");
}

TEST(NpzTest, EveryTypeAndShapeComesBack) {
  Npz written("a.npz");
  for (const Dtype dtype : test::every_dtype()) {
    if (dtype == Dtype::kBfloat16) continue;
    for (const auto& shape : test::many_shapes()) {
      written.set(test::sample(std::string(name_of(dtype)) + shape_text(shape), dtype, shape));
    }
  }
  const Npz read = Npz::parse(written.to_bytes(), "b.npz");
  EXPECT_EQ(read.names(), written.names());
  for (const std::string& name : written.names()) {
    EXPECT_TRUE(test::same_content(read.at(name), written.at(name))) << name;
  }
}

TEST(NpzTest, SetReplacesAndEraseRemoves) {
  Npz npz("f.npz");
  npz.set(test::sample("x", Dtype::kInt8, {2}));
  npz.set(test::sample("x", Dtype::kInt8, {3}));
  EXPECT_EQ(npz.at("x").shape(), std::vector<std::size_t>{3});
  EXPECT_EQ(npz.at("x").place(), "f.npz: x");
  EXPECT_TRUE(npz.erase("x"));
  EXPECT_FALSE(npz.erase("x"));
  EXPECT_FALSE(npz.contains("x"));
}

TEST(NpzTest, TheBytesAreAFunctionOfTheContent) {
  const std::vector<std::byte> bytes = example().to_bytes();
  EXPECT_EQ(example().to_bytes(), bytes);
  EXPECT_EQ(Npz::parse(bytes, "other.npz").to_bytes(), bytes);

  const Npz ascending = example();
  Npz descending("example.npz");
  const std::vector<std::string> names = ascending.names();
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    descending.set(ascending.at(*name));
  EXPECT_EQ(descending.to_bytes(), bytes);
}

// tests/data/arrays/example_npz.hex was written from example().to_bytes() with Debian 12's libzip and
// zlib, read against the format's description, and taken by numpy.load.
TEST(NpzTest, TheBytesAreTheGoldenOnes) {
  const std::filesystem::path path = kData / "arrays" / "example_npz.hex";
  EXPECT_EQ(test::hex_of(example().to_bytes()), read_file(path, 1 << 20))
      << "to be compared with " << path;
}

TEST(NpzTest, SaveAndLoadGoThroughAFile) {
  const test::TempFolder folder;
  example().save(folder / "a.npz");
  example().save(folder / "a.npz");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.npz"});
  EXPECT_EQ(Npz::load(folder / "a.npz").to_bytes(), example().to_bytes());
  const std::filesystem::path nowhere = folder / "no" / "a.npz";
  const Error error = test::error_of([&] { example().save(nowhere); });
  EXPECT_EQ(error.what(), "cannot write " + nowhere.string() + ": No such file or directory");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
}

TEST(NpzTest, NoMembersAreAFile) {
  EXPECT_TRUE(Npz::parse(Npz().to_bytes(), "f.npz").names().empty());
}

TEST(NpzTest, NamesMayBeUtf8AndAnythingElseIsNotWritten) {
  Npz npz("f.npz");
  npz.set(
      test::sample("gr\xc3\xb6\xc3\x9f"
                   "e",
                   Dtype::kInt8, {1}));
  EXPECT_EQ(Npz::parse(npz.to_bytes(), "f.npz").names(), npz.names());
  npz.set(test::sample("\xff", Dtype::kInt8, {1}));
  EXPECT_EQ(error_text([&] { npz.to_bytes(); }), "cannot write f.npz: \\xff.npy: Invalid argument");
  npz.erase("\xff");
  npz.set(test::sample(std::string("a\0b", 3), Dtype::kInt8, {1}));
  EXPECT_EQ(error_text([&] { npz.to_bytes(); }),
            "cannot write f.npz: a\\x00b.npy: a name must not hold a zero byte");
}

TEST(NpzTest, WhatCouldNotBeReadIsNotWritten) {
  Npz npz("f.npz");
  npz.set(test::sample("x", Dtype::kBfloat16, {1}));
  EXPECT_EQ(error_text([&] { npz.to_bytes(); }),
            "cannot write f.npz: x: npy has no element type bfloat16");
  Npz many("f.npz");
  for (int i = 0; i <= 65536; ++i) many.set(test::sample(std::to_string(i), Dtype::kInt8, {0}));
  EXPECT_EQ(error_text([&] { many.to_bytes(); }), "cannot write f.npz: more than 65,536 members");
}

// Files that lie, one lie each.

TEST(NpzTest, ADirectoryThatWasOverwrittenIsNoEmptyFile) {
  std::string zip = test::text_of(example().to_bytes());
  std::fill(zip.end() - 18, zip.end(), '\0');
  EXPECT_EQ(parse_error(zip), "f.npz: expected members in a file of " + std::to_string(zip.size()) +
                                  " bytes, found none");
  EXPECT_EQ(parse_error(""),
            "f.npz: not a readable npz (zip) file: expected at least 22 bytes, found 0");
}

TEST(NpzTest, AnImpossibleSizeIsRefusedBeforeItIsAllocated) {
  const ZipEntry entry{
      .name = "x.npy", .packed = std::string(100, 'x'), .n_unpacked = 2147483647, .method = 8};
  EXPECT_EQ(parse_error(test::zip_of({entry})),
            "f.npz: x.npy: says 2147483647 bytes, more than its 100 compressed bytes can hold");
}

TEST(NpzTest, SizesTogetherAreRefusedBeforeAnyIsAllocated) {
  ZipEntry entry{
      .name = "", .packed = std::string(700'000, 'x'), .n_unpacked = 720'000'000, .method = 8};
  std::vector<ZipEntry> entries;
  for (const char* name : {"a.npy", "b.npy", "c.npy"}) {
    entry.name = name;
    entries.push_back(entry);
  }
  EXPECT_EQ(parse_error(test::zip_of(entries)), "f.npz: more than 2 GiB of arrays");
}

TEST(NpzTest, TooManyMembersAreRefusedBeforeTheirDirectoryIsRead) {
  const std::string end_64 = "PK\x06\x06" + std::string(28, '\0') +
                             std::string("\x01\x00\x01\x00\x00\x00\x00\x00", 8) +
                             std::string(16, '\0');
  const std::string locator = "PK\x06\x07" + std::string(16, '\0');
  const std::string end = "PK\x05\x06" + std::string(4, '\0') + std::string(12, '\xff');
  EXPECT_EQ(parse_error(end_64 + locator + end + std::string(2, '\0')),
            "f.npz: expected at most 65536 members, found 65537");
}

TEST(NpzTest, ANameThatAppearsTwiceIsRefused) {
  const std::string member = test::text_of(to_npy(test::sample("x", Dtype::kInt8, {0})));
  const ZipEntry entry = test::stored("x.npy", member);
  EXPECT_EQ(parse_error(test::zip_of({entry, entry})),
            "f.npz: not a readable npz (zip) file: two members have one name");
}

// A record that lies within the data of another: each is whole, and the same bytes would be unpacked
// twice, or a million times.
TEST(NpzTest, MembersThatOverlapAreRefused) {
  const ZipEntry inner = test::stored("b.npy", std::string(5000, 'x'));
  const ZipEntry outer = test::stored("a.npy", test::local_record(inner));
  const std::string records = test::local_record(outer);
  const std::size_t inner_at = records.size() - outer.packed.size();
  const std::string directory =
      test::directory_record(outer, 0) + test::directory_record(inner, inner_at);
  EXPECT_EQ(parse_error(test::zip_of(records, directory, 2)),
            "f.npz: b.npy: overlaps another member");
}

TEST(NpzTest, WhatIsNoPlainNpyMemberIsRefused) {
  ZipEntry entry{.name = "x.txt", .packed = ""};
  EXPECT_EQ(parse_error(test::zip_of({entry})), "f.npz: x.txt: not an npy member");
  entry.name = "x.npy";
  entry.method = 12;
  EXPECT_EQ(parse_error(test::zip_of({entry})),
            "f.npz: x.npy: compression method 12 is not read; known are stored and deflated");
  entry.method = 0;
  entry.flags = 1;
  entry.packed = std::string(20, 'x');
  EXPECT_EQ(parse_error(test::zip_of({entry})), "f.npz: x.npy: encrypted");
}

TEST(NpzTest, AChecksumOrLengthThatDiffersIsRefused) {
  ZipEntry entry = test::stored("x.npy", "abc");
  EXPECT_EQ(entry.crc, 0x352441C2U);  // the published value for these three bytes
  EXPECT_EQ(parse_error(test::zip_of({entry})),
            "f.npz: x: not an npy array (it does not begin with \\x93NUMPY)");
  entry.crc ^= 1;
  EXPECT_EQ(parse_error(test::zip_of({entry})), "f.npz: x.npy: damaged: CRC error");
  entry.crc ^= 1;
  entry.n_unpacked = 4;
  EXPECT_EQ(parse_error(test::zip_of({entry})).rfind("f.npz: x.npy: damaged: ", 0), 0U);
}

Npz with_text(const std::string& text) {
  Npz npz("f.npz");
  npz.set(Array::of_text("meta", text));
  return npz;
}

std::string json_error(const std::string& text) {
  return error_text([&] { with_text(text).json("meta"); });
}

TEST(NpzJsonTest, IsReadWithinItsLimits) {
  EXPECT_EQ(with_text(R"({"a": [1, {"a": 2}], "b": 1})").json("meta").at("a").at(1).at("a"), 2);
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(with_text(deep).json("meta").is_array());
  EXPECT_EQ(json_error("[" + deep + "]"), "f.npz: meta: expected JSON of at most 64 levels");
  EXPECT_EQ(json_error(std::string(100'000, '[')),
            "f.npz: meta: expected JSON of at most 64 levels");
  EXPECT_EQ(json_error(R"({"a": 1, "b": {"a": 2, "a\n": 3, "a\n": 4}})"),
            "f.npz: meta: JSON has the key \"a\\x0a\" twice in one object");
  EXPECT_EQ(json_error("{\"a\": \x01}"), "f.npz: meta: is no JSON: unexpected at byte 7");
  EXPECT_EQ(json_error("[1e999]").rfind("f.npz: meta: is no JSON: ", 0), 0U);
  EXPECT_EQ(json_error(std::string((1 << 20) + 1, ' ')),
            "f.npz: meta: expected JSON of at most 1048576 bytes, found 1048577");
}

}  // namespace
}  // namespace qtot::arrays
