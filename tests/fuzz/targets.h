#pragma once

#include <cstddef>
#include <span>
#include <string>

/// What the fuzzer runs and the tests replay: each takes any bytes for a file of its kind. Reading
/// must give an Error that is one clear sentence, or content that holds together; all else ends the
/// process (QTOT_CHECK, a sanitizer, an exception that is no Error).
namespace qtot::fuzz {

void npy(std::span<const std::byte> bytes);
void safetensors(std::span<const std::byte> bytes);
/// The bytes as an npz file, and as what one is made of.
void npz(std::span<const std::byte> bytes);
/// The bytes as a checkpoint file, and as the payload of one whose frame is right.
void checkpoint(std::span<const std::byte> bytes);

/// A recipe by which the members of whole cases and unit files are damaged, which are then checked.
void oracle(std::span<const std::byte> bytes);

/// QTOT_CHECK: one line of printable ASCII that begins with `start`, not longer than a reader bears.
void check_sentence(const std::string& sentence, const std::string& start);

}  // namespace qtot::fuzz
