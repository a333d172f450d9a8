// SPDX-License-Identifier: Apache-2.0
// Flow: resolve -> dial the first address -> up, or down before up: the next address -> … -> the last reason.
// A wrong key ends it at once: no other address may paper over that.
#include "lib/assembly/wire_link.hpp"

#include "lib/wire/quiet.hpp"
#include "transport/loop/resolve.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/tls/tls_link.hpp"

#include <algorithm>

namespace godwit::assembly {

namespace {

class RelayLink final : public WireLink, private port::LinkObserver {
public:
    RelayLink(LinkWorld& world, engine::DialRelay what) : world_(world), what_(std::move(what)) {}

    void start() override
    {
        resolve_ = std::make_unique<loop::Resolve>(world_.loop, loop::HostPort{what_.address.host, what_.address.port},
                                                   [this](Result<std::vector<loop::Address>> found) {
                                                       if (!found.ok()) return end(std::move(found).error());
                                                       addresses_ = *std::move(found);
                                                       std::reverse(addresses_.begin(), addresses_.end());
                                                       dial_next();
                                                   });
    }
    port::Link* frames() override { return up_ ? link_.get() : nullptr; }

private:
    void dial_next()
    {
        const loop::Address to = addresses_.back();
        addresses_.pop_back();
        to_ = to.text();
        if (what_.device_seed.size() != 32) return end(Error{ErrorCode::internal, "a device seed has 32 bytes", 0});
        const auto identity = tls::Identity::from_seed(tls::Seed(what_.device_seed.data(), 32));
        if (!identity.ok()) return end(identity.error());
        tls::DialOptions options;
        options.peer.expected = what_.address.key;
        options.link.keep_alive = wire::client_asks_after;
        options.link.idle_max = wire::client_gives_up_after;
        options.link.acknowledge_at_once = true;
        link_ = what_.transport == RelayTransport::tls
                    ? tls::dial(world_.loop, to, *identity, options, *this)
                    : quic::dial(world_.loop, to, *identity, options, world_.entropy, *this, world_.tokens);
    }

    void link_up(port::Link& link) override
    {
        up_ = true;
        world_.reports->link_up(what_.link, link.peer_key(), Path::none, to_);
    }
    void link_frame(port::Link&, BytesView frame) override { world_.reports->link_frame(what_.link, frame); }
    void link_writable(port::Link&) override {}
    void link_down(port::Link&, const Error& reason) override
    {
        if (up_ || addresses_.empty() || reason.code == ErrorCode::relay_key_mismatch) return end(reason);
        link_.reset();
        dial_next();
    }
    void end(Error reason) { world_.ended(what_.link, std::move(reason)); }

    LinkWorld& world_;
    engine::DialRelay what_;
    std::unique_ptr<loop::Resolve> resolve_;
    std::vector<loop::Address> addresses_; // the next one last
    std::string to_;
    std::unique_ptr<port::Link> link_;
    bool up_ = false;
};

} // namespace

std::unique_ptr<WireLink> make_relay_link(LinkWorld& world, engine::DialRelay what)
{
    return std::make_unique<RelayLink>(world, std::move(what));
}

} // namespace godwit::assembly
