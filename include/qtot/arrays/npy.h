#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "qtot/arrays/array.h"

/// NumPy's npy: one array behind a header in Python's notation.
namespace qtot::arrays {

/// Reads format 1.0 to 3.0, at most 16 dimensions. The header's shape must account for every byte
/// that follows it. Throws Error, beginning with the array's place, for a damaged header and for
/// what is not read: big-endian, Fortran-order, structured and object arrays.
///
/// @param[in] name    of the array
/// @param[in] source  the file it came from, for messages; may be empty
Array parse_npy(std::span<const std::byte> bytes, const std::string& name,
                const std::string& source = {});

/// The file's bytes, in format 1.0 as NumPy writes it: data begin at a multiple of 64 bytes. Throws
/// Error for what parse_npy() would refuse: bfloat16, which npy lacks, and more than 16 dimensions.
std::vector<std::byte> to_npy(const Array& array);

}  // namespace qtot::arrays
