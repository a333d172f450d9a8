// SPDX-License-Identifier: Apache-2.0
// A crowd in front of a relay: users who come, send, leave and come back, and strangers who only stand there.
#pragma once

#include "bench/relay/relay_process.hpp"
#include "bench/relay/user.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bench {

/// At once: what a crowd behind one address looks like.
inline constexpr std::size_t coming_max = 64;

class Crowd {
public:
    enum class Over { quic, tls, both };

    Crowd(const RelayProcess& relay, std::size_t users, Over over);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return users_.size(); }

    /// The first `count` of them. Throws when not all came in.
    void bring_in(std::size_t count, bool registers);
    void leave(std::size_t count);

    /// They are there, and answer when the relay asks, as clients do.
    void idle(double seconds);
    void run_for(double seconds);

    struct Put {
        std::size_t senders = 1;
        std::size_t window = 1; ///< Of each, not answered.
        std::size_t bytes = 1024;
        std::size_t messages = 0; ///< At most.
        double seconds = 1;       ///< At most.
        /// So many messages a second, whether or not those before are answered, as far as the windows go; 0: as fast as
        /// they are answered.
        double rate = 0;
        /// Whom each writes to; 0: itself. They are the first after the senders, and everybody's contacts
        /// (`befriend()`).
        std::size_t recipients = 0;
    };
    struct Done {
        std::size_t messages = 0;
        std::size_t deliveries = 0;
        double p50_ms = 0; ///< Until it was accepted, hence durable.
        double p99_ms = 0;
    };
    /// Throws when what was accepted did not come.
    Done put(const Put& how);
    /// Makes contacts of so many senders with each of so many recipients.
    void befriend(std::size_t senders, std::size_t recipients);

    /// Links whose handshake is done, and nothing after it; how many are up. They go with `crowd.disperse()`.
    std::size_t strangers(std::size_t count, bool over_tls);
    void disperse();

private:
    struct Silent;
    void check(std::size_t count) const;
    void befriend(User& sender, const std::vector<User*>& recipients);
    void until(const std::function<bool()>& done, double seconds, const char* what);

    const RelayProcess& relay_;
    godwit::loop::Loop loop_;
    godwit::loop::SystemEntropy entropy_;
    Relayed at_;
    std::vector<std::unique_ptr<User>> users_;
    std::vector<std::unique_ptr<Silent>> silent_;
    std::uint64_t last_stranger_ = 1'000'000;
};

} // namespace bench
