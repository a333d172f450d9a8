// SPDX-License-Identifier: Apache-2.0
// Frames, content, certificates, signals, names: everything that lib/wire decodes.
#include "tests/fuzz/target.hpp"

#include "lib/wire/call.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/names.hpp"
#include "tests/lib/wire/samples.hpp"

using namespace godwit;
using namespace godwit::fuzz;

namespace {

/// What was decoded encodes to a canonical form: the input itself, unless that had fields of a later version behind
/// ours, which are dropped and make it shorter.
void check_again(wire::test::Again again, BytesView input)
{
    const auto once = again(input);
    if (!once) return;
    FUZZ_CHECK(once->size() <= input.size());
    if (once->size() == input.size()) FUZZ_CHECK(std::equal(input.begin(), input.end(), once->begin()));
    const auto twice = again(*once);
    FUZZ_CHECK(twice.has_value() && *twice == *once);
}

template <wire::test::Again again>
std::vector<Bytes> samples()
{
    std::vector<Bytes> out;
    for (auto& sample : wire::test::samples())
        if (sample.again == again) out.push_back(std::move(sample.encoded));
    return out;
}

std::vector<Bytes> names()
{
    std::vector<Bytes> out;
    wire::RelayAddress address{"relay.example", 4433, wire::test::filled<PublicKey>(0x51)};
    for (const char* host : {"relay.example", "192.0.2.1", "2001:db8::1"}) {
        address.host = host;
        out.push_back(to_bytes(as_bytes(address.to_text())));
    }
    out.push_back(to_bytes(as_bytes("ann.o-2")));
    return out;
}

} // namespace

FUZZ_TARGET(wire_peer_frame, "wire", 4096, samples<wire::test::again_peer>)
{
    check_again(wire::test::again_peer, input);
}

FUZZ_TARGET(wire_client_frame, "wire", 4096, samples<wire::test::again_client>)
{
    check_again(wire::test::again_client, input);
}

FUZZ_TARGET(wire_server_frame, "wire", 4096, samples<wire::test::again_server>)
{
    check_again(wire::test::again_server, input);
}

FUZZ_TARGET(wire_content, "wire", 4096, samples<wire::test::again_content>)
{
    check_again(wire::test::again_content, input);
}

FUZZ_TARGET(wire_body, "wire", 4096, samples<wire::test::again_body>)
{
    check_again(wire::test::again_body, input);
}

FUZZ_TARGET(wire_ice_signal, "wire", 4096, samples<wire::test::again_ice_signal>)
{
    check_again(wire::test::again_ice_signal, input);
}

static std::vector<Bytes> call_signals()
{
    const wire::call::Media media{7, true, false, true, false};
    return {encode(wire::call::Signal(wire::call::Offer{{}, true, media})),
            encode(wire::call::Signal(wire::call::Taken{{}, {}, {7, true, false, true, false, true}})),
            encode(wire::call::Signal(wire::call::End{{}, wire::call::EndReason::lost}))};
}

FUZZ_TARGET(wire_call, "wire", 300, call_signals)
{
    const auto decoded = wire::call::decode_signal(input);
    if (!decoded.ok()) return;
    // Longer arrays are taken, and lose what is not known; so it is the second time that must agree.
    const Bytes bytes = wire::call::encode(*decoded);
    const auto again = wire::call::decode_signal(bytes);
    FUZZ_CHECK(again.ok() && wire::call::encode(*again) == bytes);
}

FUZZ_TARGET(wire_certificate, "wire", 1024, samples<wire::test::again_certificate>)
{
    const auto decoded = wire::decode_certificate(input);
    if (!decoded.ok()) return;
    // The one struct that never grows: a byte more would be a byte that nobody signed.
    const auto again = wire::encode(*decoded);
    FUZZ_CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    FUZZ_CHECK(wire::certificate_signed_bytes(*decoded).size() < wire::certificate_context.size() + again.size());
}

FUZZ_TARGET(wire_device_list, "wire", 2048, samples<wire::test::again_device_list>)
{
    const auto decoded = wire::decode_device_list(input);
    if (!decoded.ok()) return;
    // It never grows either.
    const auto again = wire::encode(*decoded);
    FUZZ_CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
}

FUZZ_TARGET(wire_notice, "wire", 2048, samples<wire::test::again_notice>)
{
    const auto decoded = wire::decode_notice(input);
    if (!decoded.ok()) return;
    const auto again = wire::encode(*decoded);
    FUZZ_CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    FUZZ_CHECK(wire::notice_signed_bytes(*decoded).size() < wire::notice_context.size() + again.size());
}

FUZZ_TARGET(wire_name, "relay_address", 512, names)
{
    const auto text = as_text(input);
    if (wire::is_user_name(text)) FUZZ_CHECK(text.size() <= 32 && is_utf8(text));
    const auto address = wire::parse_relay_address(text);
    if (!address.ok()) {
        FUZZ_CHECK(address.error().code == ErrorCode::invalid_argument && !address.error().detail.empty());
        return;
    }
    const auto again = wire::parse_relay_address(address->to_text());
    FUZZ_CHECK(again.ok() && *again == *address);
}
