#pragma once

#include <algorithm>
#include <bit>
#include <boost/archive/detail/common_iarchive.hpp>
#include <boost/archive/detail/common_oarchive.hpp>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

/// A pair of Boost.Serialization archives that read the same on every machine: integers of fixed width
/// and floats as their bits, little-endian; a text or vector is its length (u64) and its elements, a map
/// its length and its pairs in the order of the keys. Structs go through their serialize().
///
/// Reading trusts nothing: a length is compared with the bytes that are left before memory is taken,
/// and what does not fit is an Error whose sentence lacks only the name of the file.
namespace qtot::checkpoint {

/// Of fixed width, so that it is the same on every machine. bool is one byte, 0 or 1.
template <class T>
concept Plain = std::same_as<T, std::uint8_t> || std::same_as<T, std::int32_t> ||
    std::same_as<T, std::uint32_t> || std::same_as<T, std::int64_t> ||
    std::same_as<T, std::uint64_t> || std::same_as<T, float> || std::same_as<T, double>;

/// Reverses the bytes of each element where the machine is big-endian.
template <Plain T>
void swap_to_little_endian(char* bytes, std::size_t n) {
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < n; ++i)
      std::reverse(bytes + i * sizeof(T), bytes + (i + 1) * sizeof(T));
  } else {
    (void)bytes, (void)n;
  }
}

class OutArchive : public boost::archive::detail::common_oarchive<OutArchive> {
 public:
  /// Appends to `bytes`.
  explicit OutArchive(std::string& bytes)
      : common_oarchive(boost::archive::no_header), bytes_(bytes) {}

  template <Plain T>
  void save_array(std::span<const T> values) {
    save(std::uint64_t{values.size()});
    append(values);
  }

 private:
  friend class boost::archive::detail::interface_oarchive<OutArchive>;
  friend class boost::archive::detail::common_oarchive<OutArchive>;
  friend class boost::archive::save_access;

  template <Plain T>
  void save(const T& value) {
    append(std::span<const T>(&value, 1));
  }
  void save(bool value) { save(static_cast<std::uint8_t>(value)); }
  void save(const std::string& text) {
    save(std::uint64_t{text.size()});
    bytes_ += text;
  }

  template <class T>
  void save_override(const T& value) {
    common_oarchive::save_override(value);
  }
  void save_override(const std::string& text) { save(text); }
  template <class T>
  void save_override(const std::vector<T>& values) {
    if constexpr (Plain<T>) {
      save_array(std::span<const T>(values));
    } else {
      save(std::uint64_t{values.size()});
      for (const T& value : values) *this << value;
    }
  }
  template <class A, class B>
  void save_override(const std::pair<A, B>& pair) {
    *this << pair.first << pair.second;
  }
  template <class A, class B>
  void save_override(const std::map<A, B>& map) {
    save(std::uint64_t{map.size()});
    for (const auto& [key, value] : map) *this << key << value;
  }

  // Boost's bookkeeping of pointers and classes: common_oarchive names these, nothing here uses them.
  void save_override(const boost::archive::class_name_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::version_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::class_id_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::class_id_optional_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::class_id_reference_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::object_id_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::object_reference_type&) { no_bookkeeping(); }
  void save_override(const boost::archive::tracking_type&) { no_bookkeeping(); }
  static void no_bookkeeping() { QTOT_CHECK(false && "a type is saved with class information"); }

  template <Plain T>
  void append(std::span<const T> values) {
    const std::size_t start = bytes_.size();
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    swap_to_little_endian<T>(bytes_.data() + start, values.size());
  }

  std::string& bytes_;
};

class InArchive : public boost::archive::detail::common_iarchive<InArchive> {
 public:
  explicit InArchive(std::string_view bytes)
      : common_iarchive(boost::archive::no_header), rest_(bytes) {}

  std::size_t n_left() const { return rest_.size(); }

 private:
  friend class boost::archive::detail::interface_iarchive<InArchive>;
  friend class boost::archive::detail::common_iarchive<InArchive>;
  friend class boost::archive::load_access;

  template <Plain T>
  void load(T& value) {
    read(std::span<T>(&value, 1));
  }
  void load(bool& value) {
    std::uint8_t byte = 0;
    load(byte);
    if (byte > 1) throw Error("expected 0 or 1 for a truth value, found " + std::to_string(byte));
    value = byte == 1;
  }
  void load(std::string& text) {
    const std::size_t n = load_count(1);
    text.assign(rest_.substr(0, n));
    rest_.remove_prefix(n);
  }

  template <class T>
  void load_override(T& value) {
    common_iarchive::load_override(value);
  }
  void load_override(std::string& text) { load(text); }
  template <class T>
  void load_override(std::vector<T>& values) {
    if constexpr (Plain<T>) {
      values.resize(load_count(sizeof(T)));
      read(std::span<T>(values));
    } else {
      // grows with what was read: a length that lies meets the end of the payload first
      const std::size_t n = load_count(1);
      values.clear();
      for (std::size_t i = 0; i < n; ++i) *this >> values.emplace_back();
    }
  }
  template <class A, class B>
  void load_override(std::pair<A, B>& pair) {
    *this >> pair.first >> pair.second;
  }
  template <class A, class B>
  void load_override(std::map<A, B>& map) {
    const std::size_t n = load_count(1);
    map.clear();
    for (std::size_t i = 0; i < n; ++i) {
      A key;
      *this >> key;
      if (!map.empty() && !(map.rbegin()->first < key)) {
        throw Error("expected ascending keys, found \"" + printable(key) + "\" after \"" +
                    printable(map.rbegin()->first) + "\"");
      }
      *this >> map[key];
    }
  }

  void load_override(boost::archive::class_name_type&) { no_bookkeeping(); }
  void load_override(boost::archive::version_type&) { no_bookkeeping(); }
  void load_override(boost::archive::class_id_type&) { no_bookkeeping(); }
  void load_override(boost::archive::class_id_optional_type&) { no_bookkeeping(); }
  void load_override(boost::archive::object_id_type&) { no_bookkeeping(); }
  void load_override(boost::archive::tracking_type&) { no_bookkeeping(); }
  static void no_bookkeeping() { QTOT_CHECK(false && "a type is loaded with class information"); }

  // Number of elements, each of at least `element_bytes`, that what is left can hold.
  std::size_t load_count(std::size_t element_bytes) {
    std::uint64_t n = 0;
    load(n);
    if (n > rest_.size() / element_bytes) {
      throw Error("expected at most " + std::to_string(rest_.size() / element_bytes) +
                  " elements in what is left of the payload, found a length of " +
                  std::to_string(n));
    }
    return static_cast<std::size_t>(n);
  }

  template <Plain T>
  void read(std::span<T> values) {
    if (values.size_bytes() > rest_.size()) {
      throw Error("expected " + std::to_string(values.size_bytes()) +
                  " more bytes in the payload, found " + std::to_string(rest_.size()));
    }
    if (values.empty()) return;
    std::memcpy(values.data(), rest_.data(), values.size_bytes());
    swap_to_little_endian<T>(reinterpret_cast<char*>(values.data()), values.size());
    rest_.remove_prefix(values.size_bytes());
  }

  std::string_view rest_;
};

}  // namespace qtot::checkpoint
