#include "support/npz.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "qtot/base/error.h"
#include "support/npy.h"

namespace qtot::test {
namespace {

const std::filesystem::path kSmallFile =
    std::filesystem::path(QTOT_TEST_DATA_DIR) / "vectors" / "unit_mixer_vdn.npz";

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return bytes_of(std::string(std::istreambuf_iterator<char>(file), {}));
}

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
  try {
    parse_npy(bytes, "f.npz: x");
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
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
  EXPECT_EQ(ints("|b1", "\x01"), 1);
  EXPECT_EQ(parse_npy(npy(header("<f4", "(1, 1)"), std::string("\0\0\xc0\x3f", 4)), "x")
                .as_doubles()
                .at(0),
            1.5);
  EXPECT_EQ(parse_npy(npy(header("<f8", "()"), std::string("\0\0\0\0\0\0\xf8\xbf", 8)), "x")
                .as_doubles()
                .at(0),
            -1.5);
}

TEST(NpyTest, ShapesMayBeEmpty) {
  const Array array = parse_npy(npy(header("<f4", "(3, 0, 18446744073709551615)"), ""), "x");
  EXPECT_EQ(array.size(), 0u);
  EXPECT_TRUE(array.as_floats().empty());
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
  EXPECT_EQ(error_of(npy(header("|O", "(1,)"), eight)),
            "f.npz: x: element type '|O' is not read; known are <f4 <f8 |i1 <i2 <i4 <i8 |u1 |b1");
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", eight)),
            "f.npz: x: Fortran order is not read; save numpy.ascontiguousarray of it");
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': False, }", eight)),
            "f.npz: x: npy header lacks one of descr, fortran_order, shape");
  EXPECT_EQ(error_of(npy(header("<f4", "(99999999999999999999,)"), eight)),
            "f.npz: x: damaged npy header at character 70: number too large");
  EXPECT_EQ(error_of(bytes_of("PK")),
            "f.npz: x: not an npy array (it does not begin with \\x93NUMPY)");
}

TEST(NpyTest, ConversionsThatWouldLoseValuesAreErrors) {
  const Array big = parse_npy(npy(header("<i8", "(1,)"), std::string(8, '\x7f')), "x");
  EXPECT_THROW(big.as_doubles(), Error);
  EXPECT_THROW(big.as_floats(), Error);
  const Array real = parse_npy(npy(header("<f8", "(1,)"), std::string(8, '\0')), "x");
  EXPECT_THROW(real.as_ints(), Error);
  EXPECT_THROW(real.as_floats(), Error);
}

TEST(NpzTest, MembersAreFoundByNameAndShape) {
  const Npz npz = Npz::load(kSmallFile);
  EXPECT_TRUE(npz.contains("meta"));
  EXPECT_EQ(npz.json("meta").at("shape").at("A").get<int>(), 5);
  EXPECT_EQ(npz.names().size(), 8u);
  try {
    npz.at("in/nothing");
    FAIL() << "a missing member was found";
  } catch (const Error& e) {
    EXPECT_EQ(e.what(), kSmallFile.string() + ": has no member in/nothing");
  }
}

TEST(NpzTest, MissingFileIsNamed) {
  try {
    Npz::load("no/such/file.npz");
    FAIL() << "a missing file was read";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), "no/such/file.npz: cannot be read: No such file or directory");
  }
}

// Little-endian 2^31 - 1 at `offset` after every occurrence of `signature`.
void claim_two_gigabytes(std::string& zip, const std::string& signature, std::size_t offset) {
  for (auto at = zip.find(signature); at != std::string::npos; at = zip.find(signature, at + 1)) {
    zip.replace(at + offset, 4, "\xff\xff\xff\x7f");
  }
}

TEST(NpzTest, AnImpossibleSizeIsRefusedBeforeItIsAllocated) {
  const std::vector<std::byte> original = read_bytes(kSmallFile);
  std::string zip(reinterpret_cast<const char*>(original.data()), original.size());
  claim_two_gigabytes(zip, "PK\x03\x04", 22);  // uncompressed size beside the member
  claim_two_gigabytes(zip, "PK\x01\x02", 24);  // uncompressed size in the directory
  try {
    Npz::parse(bytes_of(zip), "f.npz");
    FAIL() << "2 GiB from a few bytes";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("says 2147483647 bytes, more than its"), std::string::npos)
        << e.what();
  }
}

// One deterministic mutation. The engine's bits are fixed by the standard.
void mutate(std::mt19937_64& bits, std::vector<std::byte>& bytes) {
  const std::size_t at = bits() % bytes.size();
  switch (bits() % 6) {
    case 0:
      bytes[at] ^= std::byte{static_cast<unsigned char>(1u << (bits() % 8))};
      break;
    case 1:
      bytes[at] = std::byte{0xff};
      break;
    case 2:
      bytes[at] = std::byte{0};
      break;
    case 3:
      bytes.resize(at);
      break;
    case 4:
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + bits() % 64, {});
      break;
    case 5:  // a length field of 2^31 - 1, if there is one here
      for (std::size_t i = at; i < std::min(at + 4, bytes.size()); ++i) {
        bytes[i] = std::byte{static_cast<unsigned char>(i == at + 3 ? 0x7f : 0xff)};
      }
      break;
  }
}

// Reads everything that can be read, as a sanitiser would want it.
template <class Parse>
void expect_value_or_error(const std::vector<std::byte>& bytes, Parse parse, int mutation,
                           int& n_errors) {
  try {
    parse(bytes);
  } catch (const Error& e) {
    ++n_errors;
    EXPECT_EQ(std::string(e.what()).rfind("fuzz", 0), 0u)
        << "mutation " << mutation << ": " << e.what();
  }
}

TEST(NpzTest, MutatedFilesGiveAnErrorOrArraysButNoHarm) {
  const std::vector<std::byte> original = read_bytes(kSmallFile);
  std::mt19937_64 bits(20240601);
  int n_errors = 0;
  for (int i = 0; i < 600; ++i) {
    std::vector<std::byte> bytes = original;
    mutate(bits, bytes);
    if (i % 2 == 1 && !bytes.empty()) mutate(bits, bytes);
    expect_value_or_error(
        bytes,
        [](const std::vector<std::byte>& b) {
          const Npz npz = Npz::parse(b, "fuzz");
          for (const std::string& name : npz.names()) npz.at(name).as_doubles();
          if (npz.contains("meta")) npz.json("meta");
        },
        i, n_errors);
  }
  EXPECT_GT(n_errors, 400);  // the checksum sees almost all of them
}

// The zip checksum hides the array parser from the mutations above; here it is met bare.
TEST(NpyTest, MutatedArraysGiveAnErrorOrAnArrayButNoHarm) {
  const std::vector<std::byte> original = npy(header("<i8", "(2, 3)"), std::string(48, '\x01'));
  std::mt19937_64 bits(7);
  int n_errors = 0;
  for (int i = 0; i < 600; ++i) {
    std::vector<std::byte> bytes = original;
    bytes.resize(bytes.size() - 40);  // mostly header, so that most mutations hit it
    if (i % 2 == 0) bytes = original;
    mutate(bits, bytes);
    expect_value_or_error(
        bytes,
        [](const std::vector<std::byte>& b) {
          const Array array = parse_npy(b, "fuzz");
          if (!array.is_float()) array.as_ints();
        },
        i, n_errors);
  }
  EXPECT_GT(n_errors, 300);
}

}  // namespace
}  // namespace qtot::test
