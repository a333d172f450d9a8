// SPDX-License-Identifier: Apache-2.0
// What arrives on sockets before anybody is known: STUN requests, ICE candidates, frame lengths, addresses; and the
// relay's configuration file.
#include "tests/fuzz/target.hpp"

#include "relay/daemon/config_file.hpp"
#include "relay/stun/credentials.hpp"
#include "relay/stun/stun.hpp"
#include "relay/stun/writer.hpp"
#include "transport/ice/candidate.hpp"
#include "transport/loop/address.hpp"
#include "transport/tls/framing.hpp"

#include <stdexcept>

using namespace godwit;
using namespace godwit::fuzz;

namespace {

Bytes bytes_of(std::string_view text)
{
    return to_bytes(as_bytes(text));
}

// ---- STUN ----

constexpr std::size_t stun_head_bytes = 20;
constexpr std::size_t stun_source_bytes = 1 + 16 + 2;

Bytes stun_request(bool cookie, const Bytes& attributes, bool with_fingerprint)
{
    const auto length = attributes.size() + (with_fingerprint ? 8 : 0);
    Bytes out{0, 1, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    append(out, cookie ? Bytes{0x21, 0x12, 0xa4, 0x42} : Bytes{1, 2, 3, 4});
    append(out, Bytes(12, 0x55));
    append(out, attributes);
    if (with_fingerprint) {
        const auto crc = relay::stun::fingerprint(out);
        append(out, Bytes{0x80, 0x28, 0, 4});
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(crc >> shift));
    }
    return out;
}

std::vector<Bytes> stun_seeds()
{
    std::vector<Bytes> out;
    const Bytes software{0x80, 0x22, 0, 4, 'g', 'o', 'd', 'w'};
    const Bytes demanding{0x00, 0x24, 0, 4, 0, 0, 0, 1, 0x00, 0x25, 0, 0};
    for (const bool cookie : {false, true})
        for (const auto& attributes : {Bytes{}, software, demanding})
            for (const bool print : {false, true}) {
                Bytes seed{static_cast<std::uint8_t>(print ? 1 : 0)};
                append(seed, Bytes(18, 7));
                append(seed, stun_request(cookie, attributes, print));
                out.push_back(std::move(seed));
            }
    return out;
}

std::vector<Bytes> stun_messages()
{
    namespace stun = relay::stun;
    const auto transaction = *from_hex("2112a442b7e7a701bc34d686fa87dfae");
    const auto peer = stun::Endpoint::of(Bytes{198, 51, 100, 7}, 4000);
    std::vector<Bytes> out;
    stun::Writer allocate(stun::Method::allocate, stun::Class::request, transaction);
    allocate.put_u32(stun::attribute::requested_transport, 17U << 24)
        .put(stun::attribute::username, std::string_view("1700000000:ann"))
        .put(stun::attribute::realm, std::string_view("gw"))
        .put(stun::attribute::nonce, std::string_view("obMatJos2AAAB0123"))
        .put(stun::attribute::password_algorithms, stun::password_algorithms)
        .put(stun::attribute::password_algorithm, Bytes{0, 2, 0, 0})
        .put_integrity(as_bytes("key"))
        .put_integrity_sha256(as_bytes("key"))
        .put_fingerprint();
    out.push_back(allocate.take());
    stun::Writer indication(stun::Method::send, stun::Class::indication, transaction);
    indication.put_xor_address(stun::attribute::xor_peer_address, peer)
        .put(stun::attribute::data, std::string_view("hello"))
        .put(stun::attribute::dont_fragment, BytesView{});
    out.push_back(indication.take());
    stun::Writer error(stun::Method::refresh, stun::Class::error, transaction);
    error.put_error(438).put_unknown(std::array<std::uint16_t, 3>{1, 2, 3});
    out.push_back(error.take());
    return out;
}

/// A walk over an answer that trusts nothing.
void check_stun_answer(BytesView request, BytesView answer, bool is_v6)
{
    FUZZ_CHECK(answer.size() >= stun_head_bytes && answer.size() % 4 == 0);
    FUZZ_CHECK(answer[0] == 1 && (answer[1] == 0x01 || answer[1] == 0x11));
    FUZZ_CHECK((std::size_t{answer[2]} << 8 | answer[3]) == answer.size() - stun_head_bytes);
    FUZZ_CHECK(std::equal(answer.begin() + 4, answer.begin() + 20, request.begin() + 4));
    // Nobody is a lever: docs of stun.hpp.
    if (is_v6)
        FUZZ_CHECK(answer.size() <= std::max<std::size_t>(44, request.size() * 2));
    else
        FUZZ_CHECK(answer.size() * 10 <= request.size() * 16);
    for (std::size_t at = stun_head_bytes; at < answer.size();) {
        FUZZ_CHECK(at + 4 <= answer.size());
        const std::size_t type = std::size_t{answer[at]} << 8 | answer[at + 1];
        const std::size_t length = std::size_t{answer[at + 2]} << 8 | answer[at + 3];
        FUZZ_CHECK(at + 4 + length <= answer.size());
        if (type == 0x8028) { // The request's own, and it is the last.
            const auto crc = relay::stun::fingerprint(answer.first(at));
            const auto* p = answer.data() + at + 4;
            FUZZ_CHECK((std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3]) ==
                       crc);
            FUZZ_CHECK(at + 8 == answer.size());
        }
        at += 4 + (length + 3) / 4 * 4;
    }
}

// ---- others ----

std::vector<Bytes> candidates()
{
    return {bytes_of("candidate:1 1 UDP 2013266431 192.0.2.1 4000 typ host"),
            bytes_of("a=candidate:ab+/ 1 udp 1694498815 198.51.100.7 61000 typ srflx raddr 0.0.0.0 rport 9"),
            bytes_of("candidate:3 1 UDP 1 2001:db8::1 65535 typ relay raddr :: rport 9 generation 0 ufrag x"),
            bytes_of("candidate:1 1 UDP 5 ::ffff:127.0.0.1 4000 typ host"),
            bytes_of("candidate:1 1 UDP 5 a.local 4000 typ host")};
}

std::vector<Bytes> streams()
{
    Bytes two;
    tls::append_frame(two, as_bytes("hello"));
    tls::append_frame(two, {});
    Bytes controls{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};
    Bytes too_long{0, 8, 0, 1, 1, 2, 3};
    std::vector<Bytes> out;
    for (const Bytes& stream : {two, controls, too_long})
        for (const std::uint8_t piece : {std::uint8_t{1}, std::uint8_t{200}}) {
            Bytes seed{piece};
            append(seed, stream);
            out.push_back(std::move(seed));
        }
    return out;
}

struct Sink final : tls::FrameSink {
    Bytes seen;
    std::size_t stop_after = 1000;
    bool control_allowed = true;
    bool frame(BytesView frame) override
    {
        FUZZ_CHECK(frame.size() <= port::frame_bytes_max);
        tls::append_frame(seen, frame);
        return --stop_after > 0;
    }
    bool control(std::uint32_t value) override
    {
        FUZZ_CHECK(value > port::frame_bytes_max);
        const auto head = tls::frame_head(value);
        append(seen, head);
        return control_allowed && value >= tls::control_pong;
    }
};

std::vector<Bytes> addresses()
{
    return {bytes_of("192.0.2.1:443"), bytes_of("[2001:db8::1]:65535"), bytes_of("[::ffff:192.0.2.1]:1"),
            bytes_of("relay.example:443"), bytes_of("[fe80::1%2]:5")};
}

std::vector<Bytes> configs()
{
    return {
        bytes_of("advertise = \"relay.example\"\n[registration]\nopen = true\nper_address_burst = 5\n"),
        bytes_of("[limits]\nlinks = 10\nmailbox_mib = 64\nmailbox_days = 30\nmailbox_sender_percent = 25\n"
                 "[stun]\nhost = \"s\"\nport = 3478\n"),
        bytes_of("[[turn]]\nhost = \"t\"\nport = 3478\ntransport = \"tcp\"\nsecret = \"s\"\n"
                 "[[turn]]\nhost = \"u\"\nusername = \"a\"\npassword = \"b\"\nlifetime_s = 60\n"),
        bytes_of("[turn_server]\naddress_v4 = \"192.0.2.1\"\nlisten = [\"[::]:443\"]\nallow_peers = [\"fd00::/8\"]\n"),
        bytes_of("[clients]\nlatest = \"0.2.0\"\nrequired = \"0.1\"\n"),
        bytes_of("a = 1979-05-27T07:32:00Z\nb = [1, 0x1F, 1e3, inf]\nc = {d = '''x'''}\n\"\\u00e9\".f = nan")};
}

} // namespace

FUZZ_TARGET(net_stun, "stun", stun_source_bytes + 1600, stun_seeds)
{
    Choices choices(input);
    const bool is_v6 = choices.flag();
    Bytes ip(16);
    for (auto& byte : ip)
        byte = choices.byte();
    const auto port = static_cast<std::uint16_t>(choices.number(2));
    const auto request = choices.rest();
    const auto answer =
        relay::stun::answer(request, relay::stun::Endpoint::of(BytesView(ip).first(is_v6 ? 16 : 4), port));
    if (!answer) return;
    FUZZ_CHECK(relay::stun::is_stun(request) && request.size() <= relay::stun::request_bytes_max);
    check_stun_answer(request, *answer, is_v6);
    // Two relays do not talk to each other for ever.
    FUZZ_CHECK(!relay::stun::answer(*answer, relay::stun::Endpoint::of(BytesView(ip).first(4), port)));
}

FUZZ_TARGET(net_stun_message, "stun", 1600, stun_messages)
{
    namespace stun = relay::stun;
    const auto message = stun::Message::decode(input);
    if (!message) return;
    stun::Writer again(message->method(), message->message_class(), message->transaction());
    std::size_t at = stun::header_bytes;
    for (const auto& one : message->attributes()) {
        FUZZ_CHECK(one.at >= at && one.value.data() == input.data() + one.at + 4);
        at = one.at + 4 + one.value.size();
        FUZZ_CHECK(at <= input.size());
        again.put(one.type, one.value);
        if (const auto address = stun::read_xor_address(one.value, message->transaction())) {
            stun::Writer writer(message->method(), message->message_class(), message->transaction());
            const auto bytes = writer.put_xor_address(one.type, *address).take();
            const auto back = stun::Message::decode(bytes);
            FUZZ_CHECK(back && stun::read_xor_address(back->attributes()[0].value, back->transaction()) == address);
        }
        static_cast<void>(stun::read_error(one.value));
        static_cast<void>(stun::read_password_algorithm(one.value));
    }
    static_cast<void>(stun::has_integrity(*message, as_bytes("key")));
    // What counted, written again, says the same.
    const auto bytes = again.take();
    const auto back = stun::Message::decode(bytes);
    FUZZ_CHECK(back && back->attributes().size() == message->attributes().size());
    for (std::size_t i = 0; i < back->attributes().size(); ++i)
        FUZZ_CHECK(back->attributes()[i].type == message->attributes()[i].type &&
                   std::ranges::equal(back->attributes()[i].value, message->attributes()[i].value));
}

FUZZ_TARGET(net_ice_candidate, "candidate", 300, candidates)
{
    const auto text = as_text(input);
    for (const bool loopback : {false, true}) {
        const ice::CandidatePolicy policy{loopback, true};
        const auto parsed = ice::parse_candidate(text, policy);
        if (!parsed.ok()) {
            FUZZ_CHECK(!parsed.error().detail.empty());
            continue;
        }
        FUZZ_CHECK(ice::address_refusal(parsed->endpoint, policy).empty());
        const auto again = ice::parse_candidate(ice::format_candidate(*parsed), policy);
        FUZZ_CHECK(again.ok() && again->endpoint == parsed->endpoint && again->priority == parsed->priority &&
                   again->kind == parsed->kind && again->foundation == parsed->foundation);
        ice::Endpoint endpoint;
        FUZZ_CHECK(ice::parse_address(ice::address_text(parsed->endpoint), endpoint));
        endpoint.port = parsed->endpoint.port;
        FUZZ_CHECK(endpoint == parsed->endpoint);
    }
}

FUZZ_TARGET(net_framing, "", 2048, streams)
{
    Choices choices(input);
    const std::size_t piece = choices.byte() + 1u;
    const auto stream = choices.rest();
    Sink sink;
    sink.stop_after = piece % 7 == 0 ? 3 : 1000;
    sink.control_allowed = piece % 5 != 0;
    tls::FrameAssembler assembler;
    std::size_t fed = 0;
    auto outcome = tls::FrameAssembler::Outcome::fed;
    while (fed < stream.size() && outcome == tls::FrameAssembler::Outcome::fed) {
        const auto chunk = stream.subspan(fed, std::min(piece, stream.size() - fed));
        outcome = assembler.feed(chunk, sink);
        fed += chunk.size();
        // A length alone costs nothing.
        if (outcome == tls::FrameAssembler::Outcome::fed) FUZZ_CHECK(assembler.held_bytes() <= fed);
    }
    // What came out, framed again, is how the stream begins.
    FUZZ_CHECK(sink.seen.size() <= fed);
    FUZZ_CHECK(std::equal(sink.seen.begin(), sink.seen.end(), stream.begin()));
    if (outcome == tls::FrameAssembler::Outcome::fed) FUZZ_CHECK(sink.seen.size() + assembler.held_bytes() == fed);
}

FUZZ_TARGET(net_address, "relay_address", 300, addresses)
{
    const auto text = as_text(input);
    if (const auto address = loop::Address::parse(text)) {
        const auto again = loop::Address::parse(address->text());
        FUZZ_CHECK(again && *again == *address);
        FUZZ_CHECK(address->subscriber().subscriber() == address->subscriber());
    }
    if (const auto split = loop::split_host_port(text); !split.ok())
        FUZZ_CHECK(split.error().code == ErrorCode::invalid_argument && !split.error().detail.empty());
    if (const auto from = loop::Address::from_ip(input.first(std::min<std::size_t>(input.size(), 16)), 5)) {
        const auto again = loop::Address::parse(from->text());
        FUZZ_CHECK(again && *again == *from);
    }
}

FUZZ_TARGET(net_relay_config, "toml", 4096, configs)
{
    const auto parsed = relay::parse_config(as_text(input));
    if (parsed.ok()) return;
    FUZZ_CHECK(parsed.error().code == ErrorCode::invalid_argument);
    FUZZ_CHECK(!parsed.error().detail.empty());
}
