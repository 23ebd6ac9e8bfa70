#include "runtime/ring/route_trace.hpp"

#include "base/bytes.hpp"

namespace dart::runtime {

namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kStepBytes = kIdBytes + 18;

TraceStep read_step(std::string_view bytes) {
  ByteReader reader(bytes);
  TraceStep step;
  step.id.high = *reader.fixed<std::uint64_t>();
  step.id.low = *reader.fixed<std::uint64_t>();
  step.endpoint.address = *reader.fixed<std::array<std::uint8_t, 16>>();
  step.endpoint.port = *reader.fixed<std::uint16_t>();
  return step;
}

}  // namespace

void append_step(std::string& payload, const overlay::NodeHandle& node) {
  if (payload.size() >= kStepBytes && payload.size() % kStepBytes == 0 &&
      read_step(std::string_view(payload).substr(payload.size() - kStepBytes)).id == node.id) {
    return;
  }
  ByteWriter writer;
  writer.fixed(node.id.high);
  writer.fixed(node.id.low);
  writer.fixed(node.endpoints[0].address);
  writer.fixed(node.endpoints[0].port);
  payload += writer.bytes();
}

std::optional<std::vector<TraceStep>> decode_steps(std::string_view payload) {
  if (payload.size() % kStepBytes != 0) return std::nullopt;
  std::vector<TraceStep> steps;
  for (std::size_t at = 0; at < payload.size(); at += kStepBytes) {
    steps.push_back(read_step(payload.substr(at, kStepBytes)));
  }
  return steps;
}

std::string encode_trace_reply(std::uint64_t request, std::int64_t delivered_us, std::string_view steps) {
  ByteWriter writer;
  writer.fixed(request);
  writer.fixed(delivered_us);
  return writer.take() + std::string(steps);
}

std::optional<TraceReply> decode_trace_reply(std::string_view payload) {
  constexpr std::size_t kHead = sizeof(TraceReply::request) + sizeof(TraceReply::delivered_us);
  if (payload.size() < kHead) return std::nullopt;
  auto steps = decode_steps(payload.substr(kHead));
  if (!steps) return std::nullopt;
  ByteReader reader(payload);
  TraceReply reply;
  reply.request = *reader.fixed<std::uint64_t>();
  reply.delivered_us = *reader.fixed<std::int64_t>();
  reply.steps = *std::move(steps);
  return reply;
}

}  // namespace dart::runtime
