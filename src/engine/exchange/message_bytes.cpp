#include "engine/exchange/message_bytes.hpp"

#include <algorithm>
#include <utility>

#include "engine/chunk_bytes.hpp"
#include "engine/exchange/column_bytes.hpp"

namespace dart::engine::exchange {

namespace {

/// The first byte of a message.
enum class Kind : std::uint8_t { Chunk = 1, Progress = 2, Watermark = 3, Barrier = 4, End = 5 };

/// Messages of one content at most. They take much more memory than bytes; whoever fills contents to about
/// kContentBytes stays far below.
constexpr std::size_t kMostMessages = 1U << 16;

void write_rows(const Chunk& chunk, const RowLayout& layout, ByteWriter& out) {
  for (std::size_t begin = 0; begin < chunk.rows; begin += kMostChunkRows) {
    out.fixed(static_cast<std::uint8_t>(Kind::Chunk));
    if (chunk.rows <= kMostChunkRows) return write_columns(chunk, layout, out);
    write_columns(chunk.slice(begin, std::min(kMostChunkRows, chunk.rows - begin)), layout, out);
  }
}

Result<Progress> read_steps(ByteReader& in) {
  DART_TRY(const Progress progress, read_progress(in));
  if (progress.last < progress.first) return fail(ErrorCode::Data, "a progress that ends before it begins");
  for (const std::int64_t number :
       {progress.first, progress.last, progress.origin_first.us, progress.origin_last.us}) {
    if (number < -kLargestStep || number > kLargestStep) {
      return fail(ErrorCode::Data, "a progress out of range");
    }
  }
  return progress;
}

class Writer {
 public:
  Writer(const RowLayout& layout, ByteWriter& out) : layout_(&layout), out_(&out) {}
  void operator()(const Chunk& chunk) { write_rows(chunk, *layout_, *out_); }
  void operator()(const Progress& progress) {
    kind(Kind::Progress);
    write_progress(progress, *out_);
  }
  void operator()(const Watermark& watermark) {
    kind(Kind::Watermark);
    out_->fixed(watermark.time);
  }
  void operator()(const Barrier& barrier) {
    kind(Kind::Barrier);
    out_->fixed(barrier.id);
  }
  void operator()(const End& /*end*/) { kind(Kind::End); }

 private:
  void kind(Kind value) { out_->fixed(static_cast<std::uint8_t>(value)); }

  const RowLayout* layout_;
  ByteWriter* out_;
};

/// Fills contents one after another.
class ContentWriter {
 public:
  explicit ContentWriter(const RowLayout& layout) : layout_(&layout) {}

  void add(const Message& message) {
    if (const auto* chunk = std::get_if<Chunk>(&message.content)) {
      add_chunk(*chunk);
      return;
    }
    ByteWriter out;
    write_message(message, *layout_, out);
    append(out.bytes(), 0);
  }
  [[nodiscard]] std::vector<Content> take() { return std::move(contents_); }

 private:
  void add_chunk(const Chunk& chunk) {
    const std::size_t pieces = chunk.bytes() / kContentBytes + 1;
    const std::size_t step = std::max<std::size_t>(1, (chunk.rows + pieces - 1) / pieces);
    for (std::size_t at = 0; at < chunk.rows; at += step) {
      add_rows(chunk, at, std::min(step, chunk.rows - at));
    }
  }
  /// Rows differ in size: where the guess was wrong, halves are tried.
  void add_rows(const Chunk& chunk, std::size_t begin, std::size_t count) {
    ByteWriter out;
    write_rows(count == chunk.rows ? chunk : chunk.slice(begin, count), *layout_, out);
    if (out.bytes().size() > 4 * kContentBytes && count > 1) {
      add_rows(chunk, begin, count / 2);
      add_rows(chunk, begin + count / 2, count - count / 2);
      return;
    }
    append(out.bytes(), count);
  }
  void append(std::string_view bytes, std::uint64_t rows) {
    if (contents_.empty() || contents_.back().bytes.size() >= kContentBytes ||
        contents_.back().bytes.size() + bytes.size() > kFramePlainBytes) {
      contents_.emplace_back();
    }
    contents_.back().bytes += bytes;
    contents_.back().rows += rows;
  }

  const RowLayout* layout_;
  std::vector<Content> contents_;
};

}  // namespace

void write_message(const Message& message, const RowLayout& layout, ByteWriter& out) {
  std::visit(Writer(layout, out), message.content);
}

Result<Message> read_message(const RowLayout& layout, ByteReader& in) {
  Message message;
  DART_TRY(const std::uint8_t kind, in.fixed<std::uint8_t>());
  switch (static_cast<Kind>(kind)) {
    case Kind::Chunk: {
      DART_TRY(message.content, read_columns(layout, in));
      return message;
    }
    case Kind::Progress: {
      DART_TRY(message.content, read_steps(in));
      return message;
    }
    case Kind::Watermark: {
      DART_TRY(const EventTime time, in.fixed<EventTime>());
      message.content = Watermark{time};
      return message;
    }
    case Kind::Barrier: {
      DART_TRY(const std::uint64_t id, in.fixed<std::uint64_t>());
      message.content = Barrier{id};
      return message;
    }
    case Kind::End:
      message.content = End{};
      return message;
  }
  return fail(ErrorCode::Data, "a message of a kind that is not known");
}

std::vector<Content> write_contents(std::span<const Message> messages, const RowLayout& layout) {
  ContentWriter writer(layout);
  for (const Message& message : messages) writer.add(message);
  return writer.take();
}

Result<std::vector<Message>> read_content(const LinkId& link, const RowLayout& layout,
                                          std::string_view content) {
  ByteReader in(content);
  std::vector<Message> messages;
  while (in.remaining() > 0) {
    if (messages.size() == kMostMessages) return fail(ErrorCode::Data, "a content of too many messages");
    DART_TRY(Message message, read_message(layout, in));
    message.exchange = link.exchange;
    message.sender = link.sender;
    message.receiver = link.receiver;
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace dart::engine::exchange
