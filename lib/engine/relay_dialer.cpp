// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/relay_dialer.hpp"

#include <algorithm>

namespace godwit::engine {

void RelayDialer::aim(Target target, bool once, Instant now)
{
    stop();
    target_ = std::move(target);
    once_ = once;
    backoff_ = {};
    start_round(now);
}

void RelayDialer::stop()
{
    for (const auto& dial : dials_)
        context_.effect(CloseLink{dial.link});
    if (current_) context_.effect(CloseLink{current_->link});
    dials_.clear();
    current_.reset();
    target_.reset();
    round_running_ = false;
    next_round_ = never;
}

void RelayDialer::network_changed(Instant now)
{
    if (!target_) return;
    // What is being dialled sits on an address that may be gone.
    for (const auto& dial : dials_)
        context_.effect(CloseLink{dial.link});
    dials_.clear();
    backoff_ = {};
    start_round(now);
}

bool RelayDialer::owns(LinkId link) const
{
    if (current_ && current_->link == link) return true;
    return std::any_of(dials_.begin(), dials_.end(), [&](const Dial& dial) { return dial.link == link; });
}

bool RelayDialer::link_up(LinkId link, Instant now)
{
    const auto at = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& dial) { return dial.link == link; });
    if (at == dials_.end()) return false;
    auto winner = *at;
    winner.up = true;
    winner.since = now;
    for (const auto& dial : dials_)
        if (dial.link != link) context_.effect(CloseLink{dial.link});
    dials_.assign(1, winner);
    tls_started_ = true; // The round has its link: nothing more is dialled.
    return true;
}

RelayDialer::Loss RelayDialer::link_down(LinkId link, bool close_it, Instant now, Duration retry_at_least)
{
    Loss out;
    if (!owns(link)) return out;
    if (close_it) context_.effect(CloseLink{link});
    if (current_ && current_->link == link) {
        current_.reset();
        out.was_current = true;
    }
    std::erase_if(dials_, [&](const Dial& dial) { return dial.link == link; });

    if (round_running_ && dials_.empty()) {
        if (tls_started_)
            end_round(now);
        else
            dial_tls(now); // QUIC has said no: nobody waits for the clock.
    }
    if (current_ || round_running_) return out;
    out.round_over = true;
    if (once_) return out;
    if (next_round_ == never) next_round_ = now + jittered(context_.config.backoff_min, context_.entropy);
    next_round_ = std::max(next_round_, now + retry_at_least);
    out.retry_in = next_round_ - now;
    return out;
}

void RelayDialer::end_round(Instant now)
{
    round_running_ = false;
    const auto& config = context_.config;
    backoff_ = std::clamp(backoff_ * 2, config.backoff_min, config.backoff_max);
    // A round beside a current link that came to nothing: the current one speaks for itself.
    next_round_ = current_ || once_ ? never : now + jittered(backoff_, context_.entropy);
}

void RelayDialer::logged_in(LinkId link)
{
    const auto at = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& dial) { return dial.link == link; });
    if (at == dials_.end()) return;
    if (current_) context_.effect(CloseLink{current_->link});
    current_ = *at;
    dials_.clear();
    round_running_ = false;
    next_round_ = never;
    backoff_ = {};
    worked_last_ = current_->transport;
}

std::vector<LinkId> RelayDialer::overdue(Instant now) const
{
    std::vector<LinkId> out;
    for (const auto& dial : dials_)
        if (dial.since + context_.config.relay_dial_max + dial.patience <= now) out.push_back(dial.link);
    return out;
}

void RelayDialer::be_patient(LinkId link, Duration more)
{
    for (auto& dial : dials_)
        if (dial.link == link) dial.patience = more;
}

void RelayDialer::handle_deadline(Instant now)
{
    if (!target_) return;
    if (round_running_ && !tls_started_ && round_since_ + context_.config.relay_tls_after <= now) dial_tls(now);
    if (!round_running_ && next_round_ <= now) start_round(now);
}

Instant RelayDialer::deadline() const
{
    if (!target_) return never;
    Instant out = round_running_ ? never : next_round_;
    for (const auto& dial : dials_)
        out = earlier(out, dial.since + context_.config.relay_dial_max + dial.patience);
    if (round_running_ && !tls_started_) out = earlier(out, round_since_ + context_.config.relay_tls_after);
    return out;
}

RelayTransport RelayDialer::transport_of(LinkId link) const
{
    if (current_ && current_->link == link) return current_->transport;
    for (const auto& dial : dials_)
        if (dial.link == link) return dial.transport;
    return RelayTransport::none;
}

void RelayDialer::start_round(Instant now)
{
    round_running_ = true;
    round_since_ = now;
    next_round_ = never;
    tls_started_ = false;
    dial(RelayTransport::quic, now);
    if (worked_last_ == RelayTransport::tls) dial_tls(now);
}

void RelayDialer::dial_tls(Instant now)
{
    tls_started_ = true;
    dial(RelayTransport::tls, now);
}

void RelayDialer::dial(RelayTransport transport, Instant now)
{
    dials_.push_back({context_.new_link(), transport, now, false});
    context_.effect(DialRelay{dials_.back().link, target_->address, transport, target_->device_seed});
}

} // namespace godwit::engine
