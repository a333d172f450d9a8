// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/peer_link.hpp"

#include <algorithm>

namespace godwit::engine {

Instant PeerLink::silent_since(bool owed) const
{
    Instant since = never;
    if (owed) since = earlier(since, owed_since_);
    since = earlier(since, ping_sent_);
    return since == never ? never : std::max(since, last_heard_);
}

PeerLink::Verdict PeerLink::judge(const Config& config, bool owed, Instant now)
{
    Verdict out;
    if (!owed)
        owed_since_ = never;
    else if (owed_since_ == never)
        owed_since_ = now;

    if (const auto since = silent_since(owed); since != never) {
        out.silence = now - since;
        if (out.silence >= config.link_silence_max) {
            out.health = route::Health::dead;
            return out;
        }
        if (out.silence >= config.link_probe_after) {
            out.health = route::Health::suspect;
            out.ping = ping_sent_ == never;
        }
    }
    if (ping_sent_ == never && (doubted_ || last_heard_ + config.peer_keepalive <= now)) out.ping = true;
    doubted_ = false;
    out.idle = !owed && last_content_ + config.peer_link_idle_max <= now;
    return out;
}

Instant PeerLink::deadline(const Config& config, bool owed) const
{
    Instant out = owed ? never : last_content_ + config.peer_link_idle_max;
    if (doubted_) return Instant{};
    if (const auto since = silent_since(owed); since != never) {
        out = earlier(out, since + config.link_silence_max);
        if (ping_sent_ == never) out = earlier(out, since + config.link_probe_after);
    }
    if (ping_sent_ == never) out = earlier(out, last_heard_ + config.peer_keepalive);
    return out;
}

} // namespace godwit::engine
