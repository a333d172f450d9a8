// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/front.hpp"

#include <algorithm>

namespace godwit::relay {

static_assert(wire::frame_bytes_max <= port::frame_bytes_max, "what the core says must fit into a link's frames");

namespace {

std::string subscriber_text(const loop::Address& from)
{
    const auto parts = loop::split_host_port(from.subscriber().text());
    return parts->host + (from.is_v6 ? "/64" : "");
}

} // namespace

Front::Front(loop::Loop& loop, Core& core, const OverloadLimits& limits,
             std::function<void(const Error&)> commit_failed, std::function<void(Shed)> shed_changed)
    : core_(core), gauge_(limits), commit_failed_(std::move(commit_failed)), shed_changed_(std::move(shed_changed)),
      tick_(loop, [this] { (void)tick(); }), deadline_(loop,
                                                       [this] {
                                                           core_.handle_deadline(loop::Loop::now());
                                                           (void)tick();
                                                       }),
      goodbye_(loop,
               [this] {
                   for (const auto& [id, entry] : links_)
                       tell_end(entry, "drained");
                   links_.clear();
                   ids_.clear();
                   drained_();
               }),
      look_(loop, [this] { look(loop::Loop::now()); })
{
    look_.set(loop::Loop::now().mono + strain_interval);
    plan();
}

Front::~Front() = default;

port::LinkObserver& Front::link_accepted(std::unique_ptr<port::Link> link, const loop::Address& from)
{
    const auto id = ++last_id_;
    ids_[link.get()] = id;
    const Peer peer{link->peer_key(), from.text(), subscriber_text(from), to_bytes(from.ip_bytes())};
    const auto now = loop::Loop::now();
    auto& entry = links_[id];
    entry.id = id;
    entry.link = std::move(link);
    entry.from = from;
    entry.since = now.mono;
    entry.moved = now.mono;
    core_.link_up(id, peer, now);
    plan();
    return *this;
}

void Front::link_frame(port::Link& link, BytesView frame)
{
    const auto found = ids_.find(&link);
    if (found == ids_.end() || frame.empty()) return; // an empty frame is the transport's own greeting
    core_.receive(found->second, frame, loop::Loop::now());
    plan();
}

void Front::link_writable(port::Link& link)
{
    const auto found = ids_.find(&link);
    auto* const entry = found == ids_.end() ? nullptr : find(found->second);
    if (entry == nullptr) return;
    while (!entry->backlog.empty() && link.send(entry->backlog.front())) {
        entry->backlog_bytes -= entry->backlog.front().size();
        backlogs_bytes_ -= entry->backlog.front().size();
        entry->backlog.pop_front();
    }
}

void Front::link_down(port::Link& link, const Error& reason)
{
    const auto found = ids_.find(&link);
    if (found == ids_.end()) return;
    const auto id = found->second;
    drop(id, error_name(reason.code));
    core_.link_down(id, loop::Loop::now());
    plan();
}

void Front::plan()
{
    if (core_.pending()) {
        tick_.set(Instant{});
        if (gathering_since_ == never) gathering_since_ = loop::Loop::now().mono;
    }
    deadline_.set(core_.deadline());
}

Result<void> Front::tick()
{
    const auto before = loop::Loop::now();
    const auto began = std::exchange(gathering_since_, never);
    auto committed = core_.commit(before);
    const auto commit_time = loop::Loop::now().mono - before.mono;
    gauge_.ticked(commit_time);
    if (!committed.ok()) commit_failed_(committed.error());
    while (auto output = core_.next_output())
        deliver(*std::move(output));
    if (ticked_) ticked_(loop::Loop::now().mono - (began == never ? before.mono : began), commit_time, committed);
    plan();
    return committed;
}

void Front::deliver(Output&& output)
{
    auto* const entry = find(output.link);
    if (entry == nullptr) return;
    if (output.close) {
        if (draining_) return; // all at once, a little later
        entry->link->close();
        return drop(output.link, "closed");
    }
    if (!entry->is_member && core_.is_member(output.link)) {
        entry->is_member = true;
        entry->link->limit_frames(port::frame_bytes_max);
    }
    if (entry->backlog.empty() && entry->link->send(output.frame)) return;
    entry->backlog_bytes += output.frame.size();
    backlogs_bytes_ += output.frame.size();
    entry->backlog.push_back(std::move(output.frame));
    if (entry->backlog_bytes > backlog_bytes_max) return close_slow(output.link);
    if (backlogs_bytes_ > gauge_.limits().queued_bytes_max) close_slowest();
}

// ---- who does not read ----

void Front::close_slow(LinkId link)
{
    ++slow_readers_closed_;
    find(link)->link->close();
    drop(link, "slow_reader");
    core_.link_down(link, loop::Loop::now());
}

void Front::close_slowest()
{
    const auto slowest = std::max_element(links_.begin(), links_.end(), [](const auto& a, const auto& b) {
        return a.second.backlog_bytes < b.second.backlog_bytes;
    });
    close_slow(slowest->first);
}

void Front::look(Moment now)
{
    std::uint64_t queued = 0;
    std::vector<LinkId> stalled;
    for (auto& [id, entry] : links_) {
        const auto quality = entry.link->quality();
        queued += quality.queued_bytes + entry.backlog_bytes;
        // What waits grew by less than what was sent: something was taken.
        const bool moved = quality.queued_bytes == 0 ||
                           quality.queued_bytes < entry.queued_bytes + (quality.sent_bytes - entry.sent_bytes);
        entry.sent_bytes = quality.sent_bytes;
        entry.queued_bytes = quality.queued_bytes;
        if (moved)
            entry.moved = now.mono;
        else if (now.mono >= entry.moved + gauge_.limits().stalled_max)
            stalled.push_back(id);
    }
    for (const auto id : stalled)
        close_slow(id);
    const auto before = core_.shed();
    core_.strained(gauge_.measure(queued, now.mono), now);
    if (core_.shed() != before) shed_changed_(core_.shed());
    plan();
    look_.set(now.mono + strain_interval);
}

void Front::drain(std::function<void()> done)
{
    drained_ = std::move(done);
    draining_ = true;
    const auto now = loop::Loop::now();
    core_.drain(now);
    (void)tick();
    goodbye_.set(now.mono + (links_.empty() ? Duration::zero() : goodbye_time));
}

void Front::drop(LinkId link, std::string_view cause)
{
    auto node = links_.extract(link);
    if (node.empty()) return;
    tell_end(node.mapped(), cause);
    ids_.erase(node.mapped().link.get());
    backlogs_bytes_ -= node.mapped().backlog_bytes;
}

void Front::tell_end(const Entry& entry, std::string_view cause) const
{
    if (ended_) ended_({entry.from, cause, entry.is_member, loop::Loop::now().mono - entry.since});
}

Front::Entry* Front::find(LinkId link)
{
    const auto found = links_.find(link);
    return found == links_.end() ? nullptr : &found->second;
}

} // namespace godwit::relay
