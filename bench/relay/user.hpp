// SPDX-License-Identifier: Apache-2.0
// A user of a relay under load: one device and its link. It says what it is told to, and counts what comes back.
#pragma once

#include "lib/base/time.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/names.hpp"
#include "transport/loop/loop.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/tls/tls_link.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {

namespace frame = godwit::wire::relay;

struct Relayed {
    godwit::loop::Loop& loop;
    godwit::loop::SystemEntropy& entropy;
    godwit::wire::RelayAddress relay;
};

/// A link to the relay, with the key of this seed.
[[nodiscard]] std::unique_ptr<godwit::port::Link> dial(const Relayed& at, godwit::BytesView seed, bool over_tls,
                                                       godwit::port::LinkObserver& observer,
                                                       std::shared_ptr<godwit::quic::AddressTokens> tokens = nullptr);

class User final : public godwit::port::LinkObserver {
public:
    enum class State { away, coming, in, failed };

    User(Relayed& at, std::uint64_t number, bool over_tls);

    /// Connects, and registers or comes back. `entered` hears once whether that worked.
    void come(bool registers, std::function<void(User&, bool)> entered);
    void leave();
    /// An envelope of so many bytes to these devices, by the mailbox. False: its link takes nothing now.
    bool put(std::size_t bytes, const std::vector<godwit::DeviceId>& to);
    /// `answered` hears once how it went.
    void ask(frame::RequestBody what, std::function<void(godwit::ErrorCode)> answered);

    /// How long a put took until its answer, which is after the relay's commit.
    std::function<void(User&, godwit::Duration)> on_put;
    /// An envelope came (it is acknowledged by itself).
    std::function<void(User&)> on_mail;

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] godwit::DeviceId device() const { return key_.public_key(); }
    [[nodiscard]] std::string name() const { return "load" + std::to_string(number_); }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return puts_.size(); }

private:
    void link_up(godwit::port::Link&) override;
    void link_frame(godwit::port::Link&, godwit::BytesView bytes) override;
    void link_writable(godwit::port::Link&) override {}
    void link_down(godwit::port::Link&, const godwit::Error& reason) override { fail(reason.detail); }

    void say(const frame::ClientFrame& what);
    void acknowledge();
    void fail(std::string why);
    [[nodiscard]] frame::RegisterAccount registration() const;

    Relayed& at_;
    std::uint64_t number_;
    bool over_tls_;
    godwit::crypto::SigningKey key_; ///< Of the device; of the account is another.
    std::shared_ptr<godwit::quic::AddressTokens> tokens_ = std::make_shared<godwit::quic::AddressTokens>();
    std::unique_ptr<godwit::port::Link> link_;
    State state_ = State::away;
    bool registers_ = false;
    std::function<void(User&, bool)> entered_;
    std::string why_;
    std::uint64_t last_request_ = 0;
    std::vector<std::pair<std::uint64_t, godwit::Instant>> puts_; ///< Not answered: the request, and since when.
    std::map<std::uint64_t, std::function<void(godwit::ErrorCode)>> asked_;
    std::vector<std::uint64_t> arrived_; ///< Not acknowledged yet: what comes in one turn is acknowledged together.
    godwit::loop::Timer acknowledge_;
};

} // namespace bench
