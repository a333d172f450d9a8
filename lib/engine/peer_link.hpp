// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: is the far side of one live peer link still there?
//
// Liveness is judged only while something is owed (a receipt or a pong), so an idle link costs one ping per
// peer_keepalive.
//
//   owed, and silent for link_probe_after  ──> suspect, a ping goes out
//   owed, and silent for link_silence_max  ──> dead: offer elsewhere
//   idle for peer_keepalive                ──> a ping, which is owed
//   no content for peer_link_idle_max      ──> idle: close
#pragma once

#include "lib/engine/context.hpp"
#include "lib/route/choice.hpp"

namespace godwit::engine {

class PeerLink {
public:
    PeerLink(LinkId id, Path path, std::string detail, Instant now)
        : id_(id), path_(path), detail_(std::move(detail)), last_heard_(now), last_content_(now)
    {
    }

    struct Verdict {
        route::Health health = route::Health::up;
        bool ping = false; ///< Send one now.
        bool idle = false; ///< Nobody needs it any more.
        Duration silence{};
    };
    /// `owed`: un-receipted envelopes are on this link.
    [[nodiscard]] Verdict judge(const Config& config, bool owed, Instant now);
    [[nodiscard]] Instant deadline(const Config& config, bool owed) const;

    void heard(Instant at) { last_heard_ = std::max(last_heard_, at); }
    void content(Instant now) { last_content_ = now; }
    /// An envelope goes out here: its receipt is owed from now on.
    void owe(Instant now) { owed_since_ = earlier(owed_since_, now); }
    void pong(std::uint64_t token)
    {
        if (token == ping_token_) ping_sent_ = never;
    }
    void ping_sent(std::uint64_t token, Instant now)
    {
        ping_token_ = token;
        if (ping_sent_ == never) ping_sent_ = now;
    }
    /// Doubt from outside (the network changed): a ping goes out at the next judgement.
    void doubt() { doubted_ = true; }

    [[nodiscard]] LinkId id() const { return id_; }
    [[nodiscard]] Path path() const { return path_; }
    void set_path(Path path, std::string detail)
    {
        path_ = path;
        detail_ = std::move(detail);
    }
    [[nodiscard]] const std::string& detail() const { return detail_; }

private:
    [[nodiscard]] Instant silent_since(bool owed) const;

    LinkId id_;
    Path path_;
    std::string detail_;
    Instant last_heard_;
    Instant last_content_;
    Instant owed_since_ = never;
    Instant ping_sent_ = never;
    std::uint64_t ping_token_ = 0;
    bool doubted_ = false;
};

} // namespace godwit::engine
