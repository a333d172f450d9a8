// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/port_enemies.hpp"

#include "relay/stun/credentials.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <unistd.h>

namespace godwit::relay::test {

UdpQueue udp_queue(std::uint16_t port)
{
    // proc(5): sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer
    // drops
    UdpQueue out;
    std::ifstream table("/proc/net/udp");
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string slot, local, remote, state, queues, word, last;
        words >> slot >> local >> remote >> state >> queues;
        if (local.size() < 5 || std::stoul(local.substr(local.size() - 4), nullptr, 16) != port) continue;
        if (std::stoul(remote.substr(remote.size() - 4), nullptr, 16) != 0) continue; // an enemy's, connected
        while (words >> word)
            last = word;
        out.waiting_bytes += std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
        out.dropped += std::stoull(last);
    }
    return out;
}

// ---- TURN -----------------------------------------------------------------------------------------------------------

namespace {

namespace attribute = stun::attribute;
using stun::Class;
using stun::Method;

constexpr Method methods[] = {Method::binding, Method::allocate,          Method::refresh,     Method::send,
                              Method::data,    Method::create_permission, Method::channel_bind};
constexpr std::uint16_t attributes[] = {attribute::mapped_address,
                                        attribute::channel_number,
                                        attribute::lifetime,
                                        attribute::xor_peer_address,
                                        attribute::data,
                                        attribute::requested_address_family,
                                        attribute::even_port,
                                        attribute::dont_fragment,
                                        attribute::requested_transport,
                                        attribute::userhash,
                                        attribute::reservation_token,
                                        attribute::additional_address_family,
                                        attribute::software,
                                        attribute::password_algorithm};

/// A good value of an attribute, or what comes near it.
Bytes value_of(std::uint16_t type, Random& random)
{
    const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
    switch (type) {
    case attribute::channel_number: return {0x40, static_cast<std::uint8_t>(random() % 8), 0, 0};
    case attribute::lifetime: return {0, 0, static_cast<std::uint8_t>(random() % 16), byte()};
    case attribute::requested_transport: return {17, 0, 0, 0};
    case attribute::requested_address_family:
    case attribute::additional_address_family: return {static_cast<std::uint8_t>(random() % 3), 0, 0, 0};
    case attribute::even_port: return {static_cast<std::uint8_t>(random() % 2 << 7)};
    case attribute::dont_fragment: return {};
    case attribute::xor_peer_address: // 127.0.0.1 to 127.0.0.8, XORed with the cookie; and any port
        return {0, 1, byte(), byte(), 0x5e, 0x12, 0xa4, static_cast<std::uint8_t>(0x42 ^ (random() % 8 + 1))};
    default: return noise(random, 40);
    }
}

} // namespace

stun::Writer TurnUser::begin(Method method, Class of, Random& random) const
{
    Bytes transaction{0x21, 0x12, 0xa4, 0x42};
    while (transaction.size() < stun::transaction_bytes)
        transaction.push_back(static_cast<std::uint8_t>(random()));
    return {method, of, transaction};
}

Bytes TurnUser::signed_with_key(stun::Writer& writer) const
{
    writer.put(attribute::username, username_).put(attribute::realm, realm_).put(attribute::nonce, nonce_);
    writer.put_integrity(BytesView(key_.data(), key_.size()));
    return writer.take();
}

bool TurnUser::allocate(Random& random)
{
    for (int tries = 0; tries < 20; ++tries) {
        const Bytes udp{17, 0, 0, 0};
        auto request = begin(Method::allocate, Class::request, random).put(attribute::requested_transport, udp);
        socket_.send(nonce_.empty() ? request.take() : signed_with_key(request));
        while (const auto answer = socket_.receive(500)) {
            const auto message = stun::Message::decode(*answer);
            if (!message || message->method() != Method::allocate) continue;
            if (message->message_class() == Class::success) return true;
            const auto *const realm = message->find(attribute::realm), *const nonce = message->find(attribute::nonce);
            if (realm == nullptr || nonce == nullptr) return true; // 437: it has one still
            realm_ = to_bytes(realm->value);
            nonce_ = to_bytes(nonce->value);
            key_ = stun::long_term_key(stun::PasswordAlgorithm::md5, as_bytes(username_), realm_, as_bytes(password_));
            break;
        }
    }
    return false;
}

void TurnUser::leave(Random& random)
{
    for (int tries = 0; tries < 10; ++tries) {
        while (socket_.receive(0))
            continue; // what it was answered before
        auto request = begin(Method::refresh, Class::request, random).put_u32(attribute::lifetime, 0);
        socket_.send(signed_with_key(request));
        const auto answer = socket_.receive(500);
        const auto message = answer ? stun::Message::decode(*answer) : std::nullopt;
        if (!message || message->method() != Method::refresh) continue;
        const auto* const nonce = message->find(attribute::nonce);
        if (message->message_class() == Class::success || nonce == nullptr) return; // or 437: it had none any more
        nonce_ = to_bytes(nonce->value);                                            // 438: the old one is
    }
}

void TurnUser::say(Random& random)
{
    if (random() % 8 == 0) { // ChannelData, RFC 8656 section 12.4
        Bytes data{0x40, static_cast<std::uint8_t>(random() % 8), 0, static_cast<std::uint8_t>(random() % 64)};
        append(data, noise(random, 64));
        socket_.send(data);
        return;
    }
    const auto method = methods[random() % std::size(methods)];
    const bool indication = method == Method::send || method == Method::data || random() % 16 == 0;
    auto writer = begin(method, indication ? Class::indication : Class::request, random);
    for (auto count = random() % 5; count > 0; --count) {
        const auto type = attributes[random() % std::size(attributes)];
        auto value = value_of(type, random);
        writer.put(type, random() % 4 == 0 ? mutated(value, noise(random, 16), random) : value);
    }
    if (method == Method::allocate && random() % 2 == 0) writer.put(attribute::requested_transport, Bytes{17, 0, 0, 0});
    if (indication && random() % 2 == 0)
        writer.put(attribute::xor_peer_address, value_of(attribute::xor_peer_address, random))
            .put(attribute::data, noise(random, 100));
    auto message = indication ? writer.take() : signed_with_key(writer);
    socket_.send(random() % 8 == 0 ? mutated(std::move(message), noise(random, 100), random) : message);
}

// ---- QUIC -----------------------------------------------------------------------------------------------------------

RecordedClient::RecordedClient(const wire::RelayAddress& relay, std::uint64_t number)
    : near_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)), far_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0))
{
    REQUIRE(near_ >= 0);
    REQUIRE(far_ >= 0);
    auto at = loopback(1, 0);
    REQUIRE(::bind(near_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    socklen_t size = sizeof at;
    REQUIRE(::getsockname(near_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    const auto to = loopback(1, relay.port);
    REQUIRE(::connect(far_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    auto decoy = relay;
    decoy.port = ntohs(at.sin_port);
    live_ = std::make_unique<LiveClient>(loop_, decoy, Over::quic, number);
    const auto end = loop::Loop::now().mono + std::chrono::seconds(10);
    bool sent = false;
    while (live_->frames.empty()) { // the answer to the Ping: the connection stands, and has carried frames
        REQUIRE(loop::Loop::now().mono < end);
        carry();
        loop_.run_once(std::chrono::milliseconds(1));
        if (!sent) sent = live_->send_raw(wire::encode(wire::relay::ClientFrame(frame::Ping{number})));
    }
    carry();
}

RecordedClient::~RecordedClient()
{
    live_.reset();
    ::close(near_);
    ::close(far_);
}

void RecordedClient::carry()
{
    Bytes room(65'536);
    socklen_t size = sizeof client_;
    for (ssize_t got = 0;
         (got = ::recvfrom(near_, room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&client_), &size)) > 0;) {
        said_.emplace_back(room.begin(), room.begin() + got);
        send(said_.back());
    }
    for (ssize_t got = 0; (got = ::recv(far_, room.data(), room.size(), 0)) > 0;)
        (void)!::sendto(near_, room.data(), static_cast<std::size_t>(got), 0,
                        reinterpret_cast<const sockaddr*>(&client_), sizeof client_);
}

void RecordedClient::send(BytesView datagram) const
{
    (void)!::send(far_, datagram.data(), datagram.size(), MSG_NOSIGNAL);
}

// ---- HTTP -----------------------------------------------------------------------------------------------------------

std::string good_request(std::string_view token, Random& random)
{
    struct Kind {
        const char *method, *path, *body;
    };
    static constexpr Kind kinds[] = {
        {"GET", "/", ""},
        {"GET", "/metrics", ""},
        {"GET", "/ready", ""},
        {"GET", "/openapi.json", ""},
        {"GET", "/v1/state", ""},
        {"GET", "/v1/availability?period=month", ""},
        {"GET", "/v1/clients", ""},
        {"GET", "/v1/accounts?search=a&limit=10", ""},
        {"GET", "/v1/accounts/ann", ""},
        {"PUT", "/v1/accounts/nobody/quotas", R"({"mailbox_messages": 5000})"},
        {"POST", "/v1/accounts/nobody/disable", R"({"reason": "spam"})"},
        {"POST", "/v1/invitations", R"({"user": "carol", "lifetime_s": 86400})"},
        {"DELETE", "/v1/invitations/carol", ""},
        {"POST", "/v1/bans", R"({"kind": "name", "subject": "postmaster", "lifetime_s": 86400, "reason": "flood"})"},
        {"GET", "/v1/bans", ""},
        {"POST", "/v1/reports", R"({"subject": "bob", "reason": "spam", "text": "three times today"})"},
        {"POST", "/v1/directory/departments", R"({"name": "North", "parent": 1})"},
        {"POST", "/v1/directory/import?dry_run=true",
         "user,full_name,title,department\nann,\"Lee, Ann\",Engineer,Engineering/Radio\n"},
        {"POST", "/v1/notices",
         R"({"id": "00112233445566778899aabbccddeeff", "to_all": false, "accounts": ["ann"], "title": "x", "kind": "info"})"},
        {"GET", "/v1/audit?limit=20", ""},
        {"GET", "/v1/tokens", ""}};
    const auto& [method, path, body] = kinds[random() % std::size(kinds)];
    const std::string text(body);
    std::string out = std::string(method) + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                      std::string(token) + "\r\n";
    if (!text.empty())
        out += std::string("Content-Type: ") + (text.front() == '{' ? "application/json" : "text/csv") +
               "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n";
    return out + "\r\n" + text;
}

Bytes bad_request(std::string_view token, Random& random)
{
    auto good = good_request(token, random);
    const auto at = good.find("\r\n\r\n");
    switch (random() % 9) {
    case 0: return noise(random, 4'000);
    case 1: return to_bytes(as_bytes(good.substr(0, random() % good.size())));
    case 2: // 8 KiB and more of headers
        for (int i = 0; i < 400; ++i)
            good.insert(at + 2, "X-" + std::to_string(random()) + ": " + std::to_string(random()) + "\r\n");
        break;
    case 3: // a length that is none, or another
        good.insert(at + 2,
                    "Content-Length: " + std::string(random() % 2 == 0 ? "-1" : std::to_string(random())) + "\r\n");
        break;
    case 4:
        good.insert(at + 2, "Transfer-Encoding: chunked\r\n");
        good += "fffffffffffffff1\r\nx";
        break;
    case 5: good.insert(good.find(' ') + 1, std::string(random() % 3'000, '/') + "..%2f%00%c0%ae"); break;
    case 6: // the body only: JSON and CSV that are nearly such
        return [&] {
            auto head = to_bytes(as_bytes(good.substr(0, at + 4)));
            append(head, mutated(to_bytes(as_bytes(good.substr(at + 4))), noise(random, 60), random));
            return head;
        }();
    case 7: // many at once
        for (int i = 0; i < 10; ++i)
            good += good_request(random() % 2 == 0 ? token : "of nobody", random);
        break;
    default: break;
    }
    return mutated(to_bytes(as_bytes(good)), noise(random, 100), random);
}

std::string http_answer(std::uint16_t port, const std::string& request)
{
    const Enemy client(SOCK_STREAM, port, 1);
    client.send(as_bytes(request));
    std::string out;
    while (const auto some = client.receive(10'000)) {
        if (some->empty()) break; // it was asked to close
        out += as_text(*some);
    }
    return out;
}

} // namespace godwit::relay::test
