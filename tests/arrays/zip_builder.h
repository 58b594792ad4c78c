#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qtot::test {

/// A member of a zip file that may lie about itself.
struct ZipEntry {
  std::string name;
  std::string packed;            // its bytes in the file
  std::uint32_t n_unpacked = 0;  // what local header and directory say
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint16_t flags = 0;
};

namespace zip_detail {

inline void put(std::string& bytes, std::uint64_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
}

// What local header and directory entry share: from "version needed" to the length of the name.
inline void put_common(std::string& bytes, const ZipEntry& entry) {
  put(bytes, 20, 2);
  put(bytes, entry.flags, 2);
  put(bytes, entry.method, 2);
  put(bytes, 0x00210000, 4);  // 1980-01-01 00:00
  put(bytes, entry.crc, 4);
  put(bytes, entry.packed.size(), 4);
  put(bytes, entry.n_unpacked, 4);
  put(bytes, entry.name.size(), 2);
  put(bytes, 0, 2);  // no extra field
}

}  // namespace zip_detail

/// The checksum that zip files hold: CRC-32 (ISO 3309) of the unpacked bytes, bit by bit.
inline std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/// A stored member that says the truth.
inline ZipEntry stored(std::string name, std::string content) {
  ZipEntry entry{.name = std::move(name), .packed = std::move(content)};
  entry.n_unpacked = static_cast<std::uint32_t>(entry.packed.size());
  entry.crc = crc_of(entry.packed);
  return entry;
}

/// Local header, name and packed bytes of one member.
inline std::string local_record(const ZipEntry& entry) {
  std::string bytes = "PK\x03\x04";
  zip_detail::put_common(bytes, entry);
  return bytes + entry.name + entry.packed;
}

/// The entry of the directory for a local record that begins at `offset`.
inline std::string directory_record(const ZipEntry& entry, std::size_t offset) {
  std::string bytes = "PK\x01\x02";
  zip_detail::put(bytes, 20, 2);
  zip_detail::put_common(bytes, entry);
  bytes.append(2 + 2 + 2 + 4, '\0');  // no comment, disk 0, no attributes
  zip_detail::put(bytes, offset, 4);
  return bytes + entry.name;
}

/// `records` (what local_record() gave, one or more), then the directory and its end.
inline std::string zip_of(const std::string& records, const std::string& directory,
                          std::size_t n_members) {
  std::string bytes = records + directory + "PK\x05\x06";
  zip_detail::put(bytes, 0, 4);
  zip_detail::put(bytes, n_members, 2);
  zip_detail::put(bytes, n_members, 2);
  zip_detail::put(bytes, directory.size(), 4);
  zip_detail::put(bytes, records.size(), 4);
  zip_detail::put(bytes, 0, 2);
  return bytes;
}

/// A zip file of these members.
inline std::string zip_of(const std::vector<ZipEntry>& entries) {
  std::string records;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    directory += directory_record(entry, records.size());
    records += local_record(entry);
  }
  return zip_of(records, directory, entries.size());
}

}  // namespace qtot::test
