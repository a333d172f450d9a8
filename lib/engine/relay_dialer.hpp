// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: keeps one link to the relay.
//
//   a round:   QUIC now, TLS beside it after relay_tls_after (at once when TLS is what worked last, or QUIC has
//   failed);
//              the first that comes up stays, and has relay_dial_max to log in
//   failed:    wait (jittered, doubling), next round
//   logged in: this link is current; the one it replaces is closed then, not before
//   network changed: a new round at once, beside the current link
#pragma once

#include "lib/engine/context.hpp"

namespace godwit::engine {

class RelayDialer {
public:
    struct Target {
        wire::RelayAddress address;
        WipingBytes device_seed;
    };

    explicit RelayDialer(Context& context) : context_(context) {}

    /// Dials now, and again after every loss unless `once`.
    void aim(Target target, bool once, Instant now);
    /// Closes every link and forgets the target.
    void stop();
    void keep_going() { once_ = false; }
    void network_changed(Instant now);

    [[nodiscard]] bool owns(LinkId link) const;
    /// True: the first of its round; the caller talks on it now. False: too late, it is closed.
    [[nodiscard]] bool link_up(LinkId link, Instant now);
    /// A link is gone, or the caller gave it up (which closes it). Answers what is left.
    struct Loss {
        bool was_current = false;
        bool round_over = false; ///< Nothing is being tried now.
        Duration retry_in{};     ///< With round_over: until the next round.
    };
    Loss link_down(LinkId link, bool close_it, Instant now, Duration retry_at_least = {});
    void logged_in(LinkId link);
    /// A login on this link takes longer than relay_dial_max.
    void be_patient(LinkId link, Duration more);

    /// Links whose time to come up or to log in is over: the caller gives each up by link_down.
    [[nodiscard]] std::vector<LinkId> overdue(Instant now) const;
    void handle_deadline(Instant now);
    [[nodiscard]] Instant deadline() const;

    [[nodiscard]] LinkId current() const { return current_ ? current_->link : 0; }
    [[nodiscard]] RelayTransport transport_of(LinkId link) const;
    /// The application of the address that is dialled.
    [[nodiscard]] std::string app() const { return target_ ? target_->address.app : std::string(); }
    [[nodiscard]] bool aimed() const { return target_.has_value(); }

private:
    struct Dial {
        LinkId link = 0;
        RelayTransport transport = RelayTransport::quic;
        Instant since{};
        bool up = false;
        Duration patience{}; ///< Beyond relay_dial_max.
    };
    void start_round(Instant now);
    void end_round(Instant now);
    void dial_tls(Instant now);
    void dial(RelayTransport transport, Instant now);

    Context& context_;
    std::optional<Target> target_;
    bool once_ = false;
    std::vector<Dial> dials_; ///< Of the running round; at most two.
    std::optional<Dial> current_;
    bool round_running_ = false;
    bool tls_started_ = false;
    Instant round_since_{};
    Instant next_round_ = never;
    Duration backoff_{};
    RelayTransport worked_last_ = RelayTransport::quic;
};

} // namespace godwit::engine
