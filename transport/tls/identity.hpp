// SPDX-License-Identifier: Apache-2.0
// tls: who we are on the wire, who the far side must be, and TLS 1.3 over TCP as a Link.
//
// One Ed25519 key is a device's or a relay's identity, shown as a raw public key (RFC 7250) in TLS over TCP and in QUIC
// alike. There are no certificates, no names and no resumption: every handshake proves both keys.
//
// In this room: identity.hpp (this), tls_link.hpp (dial and serve), link_options.hpp (what every link has in common,
// also over QUIC), framing.hpp. Private to transport/{tls,quic}: session.hpp, the only header with GnuTLS in it.
#pragma once

#include <godwit/result.hpp>

#include "lib/port/link.hpp"

#include <memory>

namespace godwit::tls {

/// Secret half of an Ed25519 key (RFC 8032 section 5.1.5), 32 bytes: what libsodium calls the seed.
using Seed = std::span<const std::uint8_t, 32>;

/// A key pair, ready for handshakes. A cheap handle: copies share one wiped-on-exit key.
class Identity {
public:
    /// Copies the seed into GnuTLS's memory; the caller wipes its own. `internal` when GnuTLS refuses (out of memory).
    [[nodiscard]] static Result<Identity> from_seed(Seed seed);

    [[nodiscard]] const port::PeerKey& public_key() const noexcept;

    struct Impl;
    /// For session.hpp.
    [[nodiscard]] const Impl& impl() const noexcept { return *impl_; }

private:
    explicit Identity(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

} // namespace godwit::tls
