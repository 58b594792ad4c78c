#include <boost/crc.hpp>
#include <cstddef>
#include <string>

#include "event.pb.h"
#include "qtot/base/check.h"
#include "qtot/metrics/sinks.h"

namespace qtot::metrics {
namespace {

// CRC-32C (Castagnoli), "masked" as in TensorFlow's crc32c.h: a checksum over data that contains
// checksums would be weak.
std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t value = crc.checksum();
  return ((value >> 15) | (value << 17)) + 0xA282EAD8U;
}

template <class T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

// length, checksum of the length, data, checksum of the data
std::string framed(const proto::Event& event) {
  std::string data;
  QTOT_CHECK(event.SerializeToString(&data));
  const std::string length = little_endian(std::uint64_t{data.size()});
  return length + little_endian(masked_crc(length)) + data + little_endian(masked_crc(data));
}

}  // namespace

TensorboardSink::TensorboardSink(const std::filesystem::path& path, std::uint64_t keep_bytes,
                                 const Clock& clock)
    : Sink(path, keep_bytes), clock_(clock) {
  if (keep_bytes > 0) return;
  proto::Event event;
  event.set_wall_time(clock_.wall_seconds());
  event.set_file_version("brain.Event:2");
  append(framed(event));
}

void TensorboardSink::write(const Record& record) {
  proto::Event event;
  event.set_wall_time(clock_.wall_seconds());
  event.set_step(record.t_env);
  for (const auto& [name, number] : record.values) {
    proto::Summary::Value& value = *event.mutable_summary()->add_value();
    value.set_tag(name);
    value.set_simple_value(std::visit([](auto x) { return static_cast<float>(x); }, number));
  }
  append(framed(event));
}

}  // namespace qtot::metrics
