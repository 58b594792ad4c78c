#include <array>
#include <cstring>
#include <limits>
#include <span>

#include "capi/handles.h"
#include "qtot/arrays/array.h"
#include "qtot/yaml/yaml.h"

namespace qtot::capi {
namespace {

using arrays::Dtype;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 31;  // as of a file's arrays
constexpr std::uint64_t kMaxRank = 16;

// in the order of the header's numbers
constexpr auto kElements =
    std::to_array<Dtype>({Dtype::kFloat16, Dtype::kBfloat16, Dtype::kFloat32, Dtype::kFloat64,
                          Dtype::kInt8, Dtype::kInt16, Dtype::kInt32, Dtype::kInt64, Dtype::kUint8,
                          Dtype::kUint16, Dtype::kUint32, Dtype::kUint64, Dtype::kBool});
static_assert(kElements.size() == QTOT_BOOL + 1 && kElements[QTOT_FLOAT64] == Dtype::kFloat64 &&
              kElements[QTOT_UINT8] == Dtype::kUint8);

void hand_out(arrays::Npz file, qtot_case** result) {
  *result = std::make_unique<qtot_case>(qtot_case{.file = std::move(file), .with = {}}).release();
}

void set(qtot_case& input, arrays::Array array) {
  array.set_source(input.file.source());
  input.file.set(std::move(array));
  input.checked.reset();
}

[[noreturn]] void refuse(const char* name, const std::string& fault) {
  throw Error(std::string("qtot_case_set_array: ") + name + ": " + fault);
}

Dtype element_of(const char* name, qtot_element element) {
  if (element < 0 || static_cast<std::size_t>(element) >= kElements.size()) {
    refuse(name, "element type " + std::to_string(element) + " is none of QTOT_FLOAT16 (0) to " +
                     "QTOT_BOOL (" + std::to_string(QTOT_BOOL) + ")");
  }
  return kElements[static_cast<std::size_t>(element)];
}

std::uint64_t bytes_of(const char* name, std::span<const std::uint64_t> shape, std::uint64_t unit) {
  std::uint64_t n_bytes = unit;
  for (const std::uint64_t n : shape) {
    if (n == 0) return 0;
    if (n > kMaxBytes / n_bytes) refuse(name, "the shape asks for more than 2 GiB");
    n_bytes *= n;
  }
  return n_bytes;
}

// The array's bytes are little-endian, the caller's the machine's own.
void to_little_endian(std::vector<std::byte>& raw, std::size_t unit) {
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i + unit <= raw.size(); i += unit) {
      std::reverse(raw.begin() + static_cast<std::ptrdiff_t>(i),
                   raw.begin() + static_cast<std::ptrdiff_t>(i + unit));
    }
  }
}

}  // namespace

const oracle::Case& checked(qtot_case& input) {
  if (!input.checked) {
    input.checked = oracle::make_case(input.file, {.with = input.with, .params = {}});
  }
  return *input.checked;
}

}  // namespace qtot::capi

using qtot::capi::guarded;
using qtot::capi::require;

qtot_status qtot_case_load(const char* path, qtot_case** result) {
  return guarded([&] {
    require(path, "qtot_case_load", "path");
    require(result, "qtot_case_load", "result");
    qtot::capi::hand_out(qtot::arrays::Npz::load(path), result);
  });
}

qtot_status qtot_case_parse(const void* bytes, uint64_t n_bytes, const char* source,
                            qtot_case** result) {
  return guarded([&] {
    require(bytes, "qtot_case_parse", "bytes");
    require(source, "qtot_case_parse", "source");
    require(result, "qtot_case_parse", "result");
    const std::span view(static_cast<const std::byte*>(bytes), n_bytes);
    qtot::capi::hand_out(qtot::arrays::Npz::parse(view, source), result);
  });
}

qtot_status qtot_case_new(const char* source, qtot_case** result) {
  return guarded([&] {
    require(source, "qtot_case_new", "source");
    require(result, "qtot_case_new", "result");
    qtot::capi::hand_out(qtot::arrays::Npz(source), result);
  });
}

qtot_status qtot_case_set_array(qtot_case* input, const char* name, qtot_element element,
                                const uint64_t* shape, uint64_t rank, const void* data) {
  return guarded([&] {
    require(input, "qtot_case_set_array", "input");
    require(name, "qtot_case_set_array", "name");
    if (*name == '\0') throw qtot::Error("qtot_case_set_array: the name is empty");
    const qtot::arrays::Dtype dtype = qtot::capi::element_of(name, element);
    if (rank > qtot::capi::kMaxRank) {
      qtot::capi::refuse(name, "rank " + std::to_string(rank) + ", at most 16 are allowed");
    }
    if (rank > 0) require(shape, "qtot_case_set_array", "shape");
    const std::span sizes(shape, rank);
    const std::size_t unit = qtot::arrays::element_bytes(dtype);
    const std::uint64_t n_bytes = qtot::capi::bytes_of(name, sizes, unit);
    if (n_bytes > 0) require(data, "qtot_case_set_array", "data");
    std::vector<std::byte> raw(n_bytes);
    if (n_bytes > 0) std::memcpy(raw.data(), data, n_bytes);
    qtot::capi::to_little_endian(raw, unit);
    qtot::capi::set(*input, {name, dtype, {sizes.begin(), sizes.end()}, std::move(raw)});
  });
}

qtot_status qtot_case_set_meta(qtot_case* input, const char* json) {
  return guarded([&] {
    require(input, "qtot_case_set_meta", "input");
    require(json, "qtot_case_set_meta", "json");
    qtot::capi::set(*input, qtot::arrays::Array::of_text("meta", json));
  });
}

qtot_status qtot_case_set_key(qtot_case* input, const char* assignment) {
  return guarded([&] {
    require(input, "qtot_case_set_key", "input");
    require(assignment, "qtot_case_set_key", "assignment");
    qtot::config::merge(input->with, qtot::yaml::parse_assignments({assignment}));
    input->checked.reset();
  });
}

void qtot_case_free(qtot_case* input) {
  const std::unique_ptr<qtot_case> owner(input);
}
