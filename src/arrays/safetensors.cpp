#include "qtot/arrays/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "arrays/checked.h"
#include "arrays/safetensors_header.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

constexpr std::uint64_t kMaxTensorFileBytes = std::uint64_t{1} << 31;
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;  // of the data: that of the largest element

// Every byte of the data in one tensor: no hole, no overlap, nothing beyond the end.
void require_tiling(const std::vector<TensorEntry>& tensors, std::uint64_t n_data,
                    const std::string& source) {
  std::vector<const TensorEntry*> in_place;
  in_place.reserve(tensors.size());
  for (const TensorEntry& tensor : tensors) in_place.push_back(&tensor);
  std::ranges::sort(in_place, {}, [](const TensorEntry* tensor) {
    return std::pair(tensor->begin, tensor->end);
  });
  std::uint64_t at = 0;
  for (const TensorEntry* tensor : in_place) {
    const std::string place = place_of(source, tensor->name);
    const std::string offsets =
        "[" + std::to_string(tensor->begin) + ", " + std::to_string(tensor->end) + "]";
    if (tensor->begin != at) {
      throw Error(place + ": expected data_offsets from " + std::to_string(at) +
                  " on, where the tensor before it ends, found " + offsets);
    }
    if (tensor->end < tensor->begin || tensor->end > n_data) {
      throw Error(place + ": expected data_offsets that ascend within the " +
                  std::to_string(n_data) + " bytes of data, found " + offsets);
    }
    if (bytes_of_shape(tensor->shape, tensor->dtype) != tensor->end - tensor->begin) {
      throw Error(place + ": shape " + shape_text(tensor->shape) + " of " +
                  std::string(name_of(tensor->dtype)) + " does not fit its " +
                  std::to_string(tensor->end - tensor->begin) + " bytes of data");
    }
    at = tensor->end;
  }
  if (at != n_data) {
    throw Error(source + ": expected " + std::to_string(at) + " bytes of data, found " +
                std::to_string(n_data));
  }
}

void require_writable(std::span<const Array> arrays, const std::string& what) {
  if (arrays.size() > kMaxMembers) refuse_to_write(what, "more than 65,536 tensors");
  std::set<std::string> names;
  std::uint64_t n_bytes = 0;
  for (const Array& array : arrays) {
    const std::string name = printable(array.name());
    if (array.name() == kMetadataKey) refuse_to_write(what, "no tensor can be named " + name);
    if (!names.insert(array.name()).second) refuse_to_write(what, "two tensors are named " + name);
    if (array.shape().size() > kMaxDims) {
      refuse_to_write(what, name + " has more than 16 dimensions");
    }
    n_bytes += array.raw().size();
    if (n_bytes > kMaxTensorFileBytes) refuse_to_write(what, "more than 2 GiB of tensors");
  }
}

// The arrays in the order of their bytes: the larger elements first, so that all are aligned.
std::vector<const Array*> in_order_of_data(std::span<const Array> arrays) {
  std::vector<const Array*> ordered;
  ordered.reserve(arrays.size());
  for (const Array& array : arrays) ordered.push_back(&array);
  std::ranges::stable_sort(ordered, std::greater<>(),
                           [](const Array* array) { return element_bytes(array->dtype()); });
  return ordered;
}

SafetensorsHeader header_of(std::span<const Array> arrays, const Metadata& metadata) {
  SafetensorsHeader header{.tensors = {}, .metadata = metadata};
  for (const Array& array : arrays) {
    header.tensors.push_back(
        {.name = array.name(), .dtype = array.dtype(), .shape = array.shape()});
  }
  std::uint64_t at = 0;
  for (const Array* array : in_order_of_data(arrays)) {
    TensorEntry& entry = header.tensors[static_cast<std::size_t>(array - arrays.data())];
    entry.begin = at;
    entry.end = at += array->raw().size();
  }
  return header;
}

// `what` is the file's name in messages.
std::vector<std::byte> bytes_of(std::span<const Array> arrays, const Metadata& metadata,
                                const std::string& what) {
  require_writable(arrays, what);
  std::string head(kLengthBytes, '\0');
  try {
    head += header_text(header_of(arrays, metadata));
  } catch (const nlohmann::json::exception&) {
    refuse_to_write(what, "expected names and metadata in UTF-8");
  }
  head.resize((head.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  if (head.size() - kLengthBytes > kMaxHeaderBytes) {
    refuse_to_write(what, "more than 100,000,000 bytes of header");
  }
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    head[i] = static_cast<char>((head.size() - kLengthBytes) >> (8 * i) & 255);
  }

  const auto head_bytes = std::as_bytes(std::span(head));
  std::vector<std::byte> bytes(head_bytes.begin(), head_bytes.end());
  for (const Array* array : in_order_of_data(arrays)) {
    bytes.insert(bytes.end(), array->raw().begin(), array->raw().end());
  }
  if (bytes.size() > kMaxTensorFileBytes) refuse_to_write(what, "more than 2 GiB of file");
  return bytes;
}

}  // namespace

std::vector<Array> parse_safetensors(std::span<const std::byte> bytes, const std::string& source,
                                     Metadata* metadata) {
  if (bytes.size() < kLengthBytes) {
    throw Error(source + ": not a safetensors file: expected at least 8 bytes, found " +
                std::to_string(bytes.size()));
  }
  const std::uint64_t n_header = little_endian(bytes.first(kLengthBytes));
  const std::span<const std::byte> rest = bytes.subspan(kLengthBytes);
  const std::uint64_t limit = std::min<std::uint64_t>(rest.size(), kMaxHeaderBytes);
  if (n_header > limit) {
    throw Error(source + ": not a safetensors file: expected a header of at most " +
                std::to_string(limit) + " bytes, found a length of " + std::to_string(n_header));
  }
  const std::string_view text(reinterpret_cast<const char*>(rest.data()),
                              static_cast<std::size_t>(n_header));
  SafetensorsHeader header = parse_header(text, source);
  const std::span<const std::byte> data = rest.subspan(text.size());
  require_tiling(header.tensors, data.size(), source);

  std::vector<Array> arrays;
  arrays.reserve(header.tensors.size());
  for (TensorEntry& tensor : header.tensors) {
    const auto raw = data.subspan(static_cast<std::size_t>(tensor.begin),
                                  static_cast<std::size_t>(tensor.end - tensor.begin));
    arrays.emplace_back(std::move(tensor.name), tensor.dtype, std::move(tensor.shape),
                        std::vector<std::byte>(raw.begin(), raw.end()), source);
  }
  if (metadata != nullptr) *metadata = std::move(header.metadata);
  return arrays;
}

std::vector<Array> read_safetensors(const std::filesystem::path& path, Metadata* metadata) {
  const std::string bytes = read_file(path, kMaxTensorFileBytes);
  return parse_safetensors(std::as_bytes(std::span(bytes)), path.string(), metadata);
}

std::vector<std::byte> to_safetensors(std::span<const Array> arrays, const Metadata& metadata) {
  return bytes_of(arrays, metadata, "safetensors");
}

void write_safetensors(const std::filesystem::path& path, std::span<const Array> arrays,
                       const Metadata& metadata) {
  const std::vector<std::byte> bytes = bytes_of(arrays, metadata, path.string());
  write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace qtot::arrays
