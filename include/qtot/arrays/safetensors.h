#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "qtot/arrays/array.h"

/// safetensors: a JSON header that says name, type, shape and place of each tensor, and the tensors'
/// bytes behind it. Source: the format's description, https://github.com/huggingface/safetensors.
///
/// | bytes | content                                                       |
/// |-------|---------------------------------------------------------------|
/// | 8     | length n of the header, little-endian                         |
/// | n     | JSON object, padded with spaces                               |
/// | rest  | the tensors: little-endian, C order, one behind the other     |
///
/// The format has no checksum: a bit of a tensor that flipped in transit is not noticed.
namespace qtot::arrays {

/// The header's `__metadata__`.
using Metadata = std::map<std::string, std::string>;

/// The tensors in the order of the header. Read are F16, BF16, F32, F64, I8 to I64, U8 to U64 and BOOL.
/// Throws Error, naming file and tensor, unless header and data fit exactly: a header of at most
/// 100,000,000 bytes inside the file, no name or key twice, nothing that the format does not know, at
/// most 65,536 tensors of at most 16 dimensions, and each byte behind the header in one tensor.
/// At most 2 GiB of file.
///
/// @param[out] metadata  where to put `__metadata__`; null if it is not wanted
std::vector<Array> read_safetensors(const std::filesystem::path& path,
                                    Metadata* metadata = nullptr);
/// The same from memory; `source` is the name in messages.
std::vector<Array> parse_safetensors(std::span<const std::byte> bytes, const std::string& source,
                                     Metadata* metadata = nullptr);

/// The file's bytes, a function of the arguments alone. The header lists the tensors in the order of
/// `arrays`; their bytes lie in descending order of the elements' size, so that each is aligned.
/// Throws Error (kFailed) for what parse_safetensors() would refuse: a name that appears twice, is no
/// UTF-8 or is `__metadata__`, and sizes beyond the limits.
std::vector<std::byte> to_safetensors(std::span<const Array> arrays, const Metadata& metadata = {});
/// Writes the file in one step (write_file_atomically). Throws Error (kFailed).
void write_safetensors(const std::filesystem::path& path, std::span<const Array> arrays,
                       const Metadata& metadata = {});

}  // namespace qtot::arrays
