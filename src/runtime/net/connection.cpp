#include "runtime/net/connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace dart::runtime {

namespace asio = boost::asio;
using boost::system::error_code;
using overlay::framing::FrameFault;

namespace {

/// Reads of one connection before the others have their turn.
constexpr int kReadsPerTurn = 4;
/// Bytes that the peer's kernel did not confirm for so long mean that it is gone, in milliseconds.
constexpr unsigned kUserTimeoutMs = 20'000;

asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  const asio::ip::address_v6 v6(endpoint.address);
  if (v6.is_v4_mapped()) {
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, v6), endpoint.port};
  }
  return {v6, endpoint.port};
}

void set_options(Connection::Socket& socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs);
}

}  // namespace

Connection::Connection(Socket socket, Owner& owner, const HostIdentity& identity)
    : socket_(std::move(socket)), owner_(&owner), identity_(identity) {}

const HostProof* Connection::proof() const {
  return tls_ != nullptr && tls_->established() ? &tls_->peer() : nullptr;
}

void Connection::start_accepted() {
  set_options(socket_);
  if (!identity_.is_secure()) {
    open_ = true;
    owner_->on_open(*this);
  }
  if (!closed()) wait_readable();
}

void Connection::start_dialled(const Endpoint& to) {
  dialled_ = true;
  connecting_ = true;
  const auto target = to_asio(to);
  error_code error;
  socket_.open(target.protocol(), error);
  if (error) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->end(End::Failed); });
    return;
  }
  set_options(socket_);
  socket_.async_connect(target, [self = shared_from_this()](const error_code& failure) {
    if (self->closed()) return;
    self->connecting_ = false;
    if (failure) return self->end(failure == asio::error::connection_refused ? End::Refused : End::Failed);
    if (self->identity_.is_secure()) {
      self->take({});  // the client speaks first
    } else {
      self->open_ = true;
      self->owner_->on_open(*self);
    }
    if (!self->closed()) self->wait_readable();
  });
}

void Connection::wait_readable() {
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const error_code& error) { self->on_readable(error); });
}

void Connection::on_readable(const error_code& error) {
  if (closed()) return;
  if (error) return end(End::Closed);
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto buffer = owner_->read_buffer();
    error_code failure;
    const std::size_t got = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), failure);
    if (failure == asio::error::would_block || failure == asio::error::try_again) break;
    if (failure) return end(End::Closed);
    owner_->counters().socket_bytes_received += got;
    take({buffer.data(), got});
    if (closed()) return;
    if (got < buffer.size()) break;
  }
  wait_readable();
}

void Connection::take(std::string_view bytes) {
  if (!identity_.is_secure()) return take_plain(bytes);
  if (tls_ == nullptr) tls_ = identity_.open_session(dialled_);
  std::string& plain = owner_->plain_buffer();
  plain.clear();
  std::string out;
  const Status status = tls_->receive(bytes, plain, out);
  if (!out.empty()) write_raw(std::move(out));
  if (!open_ && tls_->established()) {
    open_ = true;
    owner_->on_open(*this);
  }
  if (!closed() && !plain.empty()) take_plain(plain);
  if (closed() || status) return;
  // In TLS 1.3 a client learns only here that its certificate was refused.
  end(open_ && dialled_ ? End::Closed : End::Unauthenticated);
}

void Connection::take_plain(std::string_view bytes) {
  const FrameFault fault = decoder_.feed(bytes, [this](const overlay::framing::Frame& frame) {
    ++owner_->counters().frames_received;
    return owner_->on_frame(*this, frame) && !closed();
  });
  if (!closed() && fault != FrameFault::None && fault != FrameFault::Stopped) end(End::BadFrame, fault);
}

void Connection::write(std::vector<std::string> blocks) {
  if (closed()) return;
  if (tls_ == nullptr) {
    for (auto& block : blocks) waiting_.push_back(std::move(block));
  } else {
    std::string cipher;
    for (const auto& block : blocks) {
      if (!tls_->send(block, cipher)) return end(End::Closed);
    }
    waiting_.push_back(std::move(cipher));
  }
  start_write();
}

void Connection::write_raw(std::string bytes) {
  waiting_.push_back(std::move(bytes));
  start_write();
}

void Connection::start_write() {
  if (!writing_.empty() || waiting_.empty()) return;
  writing_.swap(waiting_);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(writing_.size());
  for (const auto& block : writing_) buffers.emplace_back(block.data(), block.size());
  ++owner_->counters().writes;
  asio::async_write(socket_, buffers,
                    [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                      self->on_write_done(error, bytes);
                    });
}

void Connection::on_write_done(const error_code& error, std::size_t bytes) {
  if (closed()) return;
  owner_->counters().socket_bytes_sent += bytes;
  writing_.clear();
  if (error) return end(End::Closed);
  if (!waiting_.empty()) return start_write();
  owner_->on_written(*this);
}

void Connection::close() {
  owner_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void Connection::end(End why, FrameFault fault) {
  if (closed()) return;
  Owner* const owner = owner_;
  const auto self = shared_from_this();
  close();
  owner->on_end(*this, why, fault);
}

}  // namespace dart::runtime
