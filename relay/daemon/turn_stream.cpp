// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/turn_stream.hpp"

#include "relay/stun/stun.hpp"

namespace godwit::relay {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;
/// Reads in one turn of the loop: fairness between connections.
constexpr int reads_per_turn = 4;

} // namespace

TurnStream::TurnStream(loop::Loop& loop, std::unique_ptr<loop::TcpStream> stream, const turn::FiveTuple& client,
                       TurnStreamOwner& owner)
    : stream_(std::move(stream)), client_(client), owner_(owner), time_up_(loop, [this] { look(); })
{
    time_up_.set(loop::Loop::now().mono + turn_stranger_time_max);
    stream_->observe(*this);
}

void TurnStream::tcp_readable(loop::TcpStream&)
{
    std::uint8_t room[read_bytes];
    for (int i = 0; i < reads_per_turn; ++i) {
        const auto io = stream_->read(room);
        if (io.state == loop::TcpIo::State::would_block) return;
        if (io.state != loop::TcpIo::State::ok) return owner_.stream_over(*this);
        // Who has shown no credential has nothing long to say.
        const auto bytes_max = owner_.has_allocation(*this) ? turn::stream_message_bytes_max : stun::request_bytes_max;
        const auto outcome = reader_.feed(BytesView(room).first(io.bytes), bytes_max,
                                          [this](BytesView one) { return owner_.stream_message(*this, one); });
        if (outcome != turn::StreamReader::Outcome::fed) return owner_.stream_over(*this);
    }
}

void TurnStream::send(BytesView head, BytesView body, std::size_t zeroes)
{
    const auto size = head.size() + body.size() + zeroes;
    if (out_.size() - sent_ + size > turn_stream_queue_bytes_max) return;
    const bool idle = out_.empty();
    append(out_, head);
    append(out_, body);
    out_.resize(out_.size() + zeroes);
    if (idle) write();
}

void TurnStream::write()
{
    while (sent_ < out_.size()) {
        const auto io = stream_->write(BytesView(out_).subspan(sent_));
        if (io.state == loop::TcpIo::State::would_block) break;
        if (io.state != loop::TcpIo::State::ok) {
            sent_ = out_.size(); // reading says the same, and ends it
            break;
        }
        sent_ += io.bytes;
    }
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
        if (out_.capacity() > read_bytes) Bytes().swap(out_); // an idle connection keeps no burst's memory
    } else if (sent_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
}

void TurnStream::look()
{
    if (!owner_.has_allocation(*this)) return owner_.stream_over(*this);
    time_up_.set(loop::Loop::now().mono + turn_stranger_time_max);
}

} // namespace godwit::relay
