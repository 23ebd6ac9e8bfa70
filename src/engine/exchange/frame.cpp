#include "engine/exchange/frame.hpp"

#include "base/bytes.hpp"
#include "engine/chunk_bytes.hpp"

namespace dart::engine::exchange {

namespace {

/// The first byte of a frame.
enum class Kind : std::uint8_t {
  Data = 1,
  Ack = 2,
  Fenced = 3,
  FetchRows = 4,
  Rows = 5,
  FetchState = 6,
  State = 7,
};

class Encoder {
 public:
  void operator()(const DataFrame& frame) {
    kind(Kind::Data);
    link(frame.link);
    out_.varint(frame.sequence);
    flag(frame.continues);
    flag(frame.compressed);
    out_.varint(frame.plain_bytes);
    out_.text(frame.bytes);
  }
  void operator()(const AckFrame& frame) {
    kind(Kind::Ack);
    link(frame.link);
    out_.varint(frame.sequence);
    out_.varint(frame.credit_bytes);
    flag(frame.idle);
  }
  void operator()(const FencedFrame& frame) {
    kind(Kind::Fenced);
    key(frame.query);
    out_.varint(frame.epoch);
  }
  void operator()(const FetchRowsFrame& frame) {
    kind(Kind::FetchRows);
    out_.varint(frame.request);
    key(frame.query);
    out_.varint(frame.run);
    out_.varint(frame.first);
  }
  void operator()(const RowsFrame& frame) {
    kind(Kind::Rows);
    out_.varint(frame.request);
    flag(frame.known);
    out_.varint(frame.run);
    out_.varint(frame.first);
    out_.varint(frame.missed);
    flag(frame.ended);
    out_.varint(frame.lines.size());
    for (const std::string_view line : frame.lines) out_.text(line);
  }
  void operator()(const FetchStateFrame& frame) {
    kind(Kind::FetchState);
    out_.varint(frame.request);
    key(frame.query);
    out_.varint(frame.epoch);
    out_.varint(frame.barrier);
    out_.varint(frame.stage);
    out_.varint(frame.number);
    out_.varint(frame.offset);
  }
  void operator()(const StateFrame& frame) {
    kind(Kind::State);
    out_.varint(frame.request);
    flag(frame.known);
    out_.varint(frame.total);
    out_.varint(frame.offset);
    out_.text(frame.bytes);
  }

  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  void kind(Kind value) { out_.fixed(static_cast<std::uint8_t>(value)); }
  void flag(bool value) { out_.fixed<std::uint8_t>(value ? 1 : 0); }
  void key(const Key& value) {
    out_.fixed(value.high);
    out_.fixed(value.low);
  }
  void link(const LinkId& value) {
    key(value.query);
    out_.varint(value.epoch);
    out_.varint(value.exchange);
    out_.varint(value.sender);
    out_.varint(value.receiver);
  }

  ByteWriter out_;
};

Result<std::uint32_t> read_number(ByteReader& in) {
  DART_TRY(const std::uint64_t value, in.varint());
  if (value > UINT32_MAX) return fail(ErrorCode::Data, "a number in a data frame is longer than 32 bits");
  return static_cast<std::uint32_t>(value);
}

Result<Key> read_key(ByteReader& in) {
  Key key;
  DART_TRY(key.high, in.fixed<std::uint64_t>());
  DART_TRY(key.low, in.fixed<std::uint64_t>());
  return key;
}

Result<LinkId> read_link(ByteReader& in) {
  LinkId link;
  DART_TRY(link.query, read_key(in));
  DART_TRY(link.epoch, in.varint());
  DART_TRY(link.exchange, read_number(in));
  DART_TRY(link.sender, read_number(in));
  DART_TRY(link.receiver, read_number(in));
  return link;
}

Result<Frame> read_data(ByteReader& in) {
  DataFrame frame;
  DART_TRY(frame.link, read_link(in));
  DART_TRY(frame.sequence, in.varint());
  if (frame.sequence == 0) return fail(ErrorCode::Data, "a data frame without a sequence number");
  DART_TRY(frame.continues, read_flag(in));
  DART_TRY(frame.compressed, read_flag(in));
  DART_TRY(frame.plain_bytes, read_number(in));
  DART_TRY(frame.bytes, in.text());
  if (frame.plain_bytes > kFramePlainBytes) return fail(ErrorCode::Data, "a data frame is too large");
  const bool smaller = frame.bytes.size() < frame.plain_bytes;
  if (frame.compressed ? !smaller : frame.bytes.size() != frame.plain_bytes) {
    return fail(ErrorCode::Data, "a data frame tells a wrong size of its content");
  }
  return frame;
}

Result<Frame> read_ack(ByteReader& in) {
  AckFrame frame;
  DART_TRY(frame.link, read_link(in));
  DART_TRY(frame.sequence, in.varint());
  DART_TRY(frame.credit_bytes, in.varint());
  DART_TRY(frame.idle, read_flag(in));
  return frame;
}

Result<Frame> read_fenced(ByteReader& in) {
  FencedFrame frame;
  DART_TRY(frame.query, read_key(in));
  DART_TRY(frame.epoch, in.varint());
  return frame;
}

Result<Frame> read_fetch_rows(ByteReader& in) {
  FetchRowsFrame frame;
  DART_TRY(frame.request, in.varint());
  DART_TRY(frame.query, read_key(in));
  DART_TRY(frame.run, in.varint());
  DART_TRY(frame.first, in.varint());
  return frame;
}

Result<Frame> read_rows(ByteReader& in) {
  RowsFrame frame;
  DART_TRY(frame.request, in.varint());
  DART_TRY(frame.known, read_flag(in));
  DART_TRY(frame.run, in.varint());
  DART_TRY(frame.first, in.varint());
  DART_TRY(frame.missed, in.varint());
  DART_TRY(frame.ended, read_flag(in));
  DART_TRY(const std::size_t count, in.count());
  frame.lines.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    DART_TRY(frame.lines.emplace_back(), in.text());
  }
  return frame;
}

Result<Frame> read_fetch_state(ByteReader& in) {
  FetchStateFrame frame;
  DART_TRY(frame.request, in.varint());
  DART_TRY(frame.query, read_key(in));
  DART_TRY(frame.epoch, in.varint());
  DART_TRY(frame.barrier, in.varint());
  DART_TRY(frame.stage, read_number(in));
  DART_TRY(frame.number, read_number(in));
  DART_TRY(frame.offset, in.varint());
  return frame;
}

Result<Frame> read_state(ByteReader& in) {
  StateFrame frame;
  DART_TRY(frame.request, in.varint());
  DART_TRY(frame.known, read_flag(in));
  DART_TRY(frame.total, in.varint());
  DART_TRY(frame.offset, in.varint());
  DART_TRY(frame.bytes, in.text());
  if (frame.offset > frame.total || frame.bytes.size() > frame.total - frame.offset) {
    return fail(ErrorCode::Data, "a piece of a state reaches beyond its end");
  }
  return frame;
}

Result<Frame> read_frame(ByteReader& in) {
  DART_TRY(const std::uint8_t kind, in.fixed<std::uint8_t>());
  switch (static_cast<Kind>(kind)) {
    case Kind::Data:
      return read_data(in);
    case Kind::Ack:
      return read_ack(in);
    case Kind::Fenced:
      return read_fenced(in);
    case Kind::FetchRows:
      return read_fetch_rows(in);
    case Kind::Rows:
      return read_rows(in);
    case Kind::FetchState:
      return read_fetch_state(in);
    case Kind::State:
      return read_state(in);
  }
  return fail(ErrorCode::Data, "a data frame of a kind that is not known");
}

}  // namespace

std::string encode(const Frame& frame) {
  Encoder encoder;
  std::visit(encoder, frame);
  return encoder.take();
}

Result<Frame> decode(std::string_view bytes) {
  ByteReader in(bytes);
  DART_TRY(Frame frame, read_frame(in));
  if (in.remaining() > 0) return fail(ErrorCode::Data, "a data frame is longer than what it holds");
  return frame;
}

}  // namespace dart::engine::exchange
