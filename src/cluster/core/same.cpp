#include "qtot/cluster/same.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::cluster {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 24;  // of the texts of one rank
constexpr std::size_t kSizeBytes = 8;

std::span<const std::byte> bytes_of_text(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void put_size(std::string& out, std::size_t size) {
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    out.push_back(static_cast<char>((size >> (8 * i)) & 0xff));
  }
}

std::size_t size_at(std::string_view bytes) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    size |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return size;
}

// Little-endian sizes, so that ranks of another byte order can be told so.
std::string packed(const Texts& texts) {
  std::string bytes;
  for (const auto& [key, text] : texts) {
    for (const std::string* part : {&key, &text}) {
      put_size(bytes, part->size());
      bytes += *part;
    }
  }
  return bytes;
}

std::string taken_from(std::string_view& bytes) {
  const bool has_size = bytes.size() >= kSizeBytes;
  const std::size_t size = has_size ? size_at(bytes) : 0;
  if (!has_size || size > bytes.size() - kSizeBytes) {
    throw Error("cluster: the texts of rank 0 end too early");
  }
  std::string part(bytes.substr(kSizeBytes, size));
  bytes.remove_prefix(kSizeBytes + size);
  return part;
}

Texts unpacked(std::string_view bytes) {
  Texts texts;
  while (!bytes.empty()) {
    std::string key = taken_from(bytes);
    std::string text = taken_from(bytes);
    texts.emplace_back(std::move(key), std::move(text));
  }
  return texts;
}

// A text of any size, as its size and its bytes.
void send_text(Transport& transport, int to, const std::string& text) {
  std::string size;
  put_size(size, text.size());
  transport.send(Channel::kControl, to, bytes_of_text(size));
  transport.send(Channel::kControl, to, bytes_of_text(text));
  transport.finish(Channel::kControl);
}

std::string receive_text(Transport& transport, int from) {
  std::string size(kSizeBytes, '\0');
  transport.receive(Channel::kControl, from, std::as_writable_bytes(std::span(size)));
  transport.finish(Channel::kControl);
  if (size_at(size) > kMaxBytes) {
    throw Error("cluster: rank " + std::to_string(from) + " announced a text of " +
                std::to_string(size_at(size)) + " bytes; at most " + std::to_string(kMaxBytes) +
                " were expected");
  }
  std::string text(size_at(size), '\0');
  transport.receive(Channel::kControl, from, std::as_writable_bytes(std::span(text)));
  transport.finish(Channel::kControl);
  return text;
}

std::optional<std::string> find(const Texts& texts, const std::string& key) {
  const auto found = std::ranges::find(texts, key, [](const auto& pair) { return pair.first; });
  if (found == texts.end()) return std::nullopt;
  return found->second;
}

std::string shown(const std::optional<std::string>& text) {
  return text ? printable(*text) : "(nothing)";
}

}  // namespace

std::string difference(std::string_view what, int rank, const Texts& theirs,
                       const Texts& of_rank_0) {
  const auto sentence = [&](const std::string& key) {
    return "cluster: " + std::string(what) + " of rank " + std::to_string(rank) + ": " +
           printable(key) + " = " + shown(find(theirs, key)) + ", but rank 0 has " +
           shown(find(of_rank_0, key));
  };
  for (const auto& [key, text] : of_rank_0) {
    if (find(theirs, key) != text) return sentence(key);
  }
  for (const auto& [key, text] : theirs) {
    if (!find(of_rank_0, key)) return sentence(key);
  }
  return "";
}

void require_same(Transport& transport, std::string_view what, const Texts& ours) {
  constexpr int kFirst = 0;
  const int rank = transport.rank(), n_ranks = transport.n_ranks();
  std::string verdict;
  if (rank == kFirst) {
    const std::string texts = packed(ours);
    if (texts.size() > kMaxBytes) {
      throw Error("cluster: " + std::string(what) + " of " + std::to_string(texts.size()) +
                  " bytes; at most " + std::to_string(kMaxBytes) + " can be compared");
    }
    for (int other = 1; other < n_ranks; ++other) send_text(transport, other, texts);
    for (int other = 1; other < n_ranks; ++other) {
      const std::string found = receive_text(transport, other);
      if (verdict.empty()) verdict = found;
    }
    for (int other = 1; other < n_ranks; ++other) send_text(transport, other, verdict);
  } else {
    const Texts of_rank_0 = unpacked(receive_text(transport, kFirst));
    send_text(transport, kFirst, difference(what, rank, ours, of_rank_0));
    verdict = receive_text(transport, kFirst);
  }
  if (!verdict.empty()) throw Error(verdict);
}

}  // namespace qtot::cluster
