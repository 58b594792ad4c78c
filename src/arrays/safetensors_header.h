#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qtot/arrays/safetensors.h"

/// The JSON header of a safetensors file: its form, not yet whether it fits the data.
namespace qtot::arrays {

inline constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the format's limit
inline constexpr std::string_view kMetadataKey = "__metadata__";

struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::kFloat32;
  std::vector<std::size_t> shape;
  std::uint64_t begin = 0;  // of its bytes, counted from the end of the header
  std::uint64_t end = 0;    // behind the last one
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // in the order of the text
  Metadata metadata;
};

/// Throws Error, beginning with `source`, for what is no such header: see read_safetensors().
SafetensorsHeader parse_header(std::string_view text, const std::string& source);

/// Inverse of parse_header(), without padding. Throws nlohmann::json::exception for a text that is no
/// UTF-8.
std::string header_text(const SafetensorsHeader& header);

}  // namespace qtot::arrays
