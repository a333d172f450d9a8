// SPDX-License-Identifier: Apache-2.0
// The TURN server as a state machine: clients with good and bad credentials, peers, strangers, time; requests as the
// RFC has them and as the input damages them. And messages on streams.
#include "tests/fuzz/target.hpp"

#include "relay/turn/stream.hpp"
#include "tests/relay/turn_rig.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

constexpr std::size_t steps_max = 200;

const Endpoint peers[] = {at("8.8.8.8", 9000), at("8.8.8.8", 9001), at("9.9.9.9", 9000),     at("2a00:1450::5", 9000),
                          at("127.0.0.1", 80), at("10.0.0.1", 80),  at("::ffff:7f00:1", 80), at("64:ff9b::a00:1", 80),
                          at("5.9.1.1", 4433), at("5.9.1.2", 22),   at("2a01:4f8::1", 22)};

class Story {
public:
    explicit Story(BytesView input) : choices_(input), world_(few())
    {
        for (std::uint16_t i = 0; i < 4; ++i)
            clients_.emplace_back(world_, at("93.184.216.34", static_cast<std::uint16_t>(4000 + i)),
                                  i < 3 ? "ann" : "bob", i == 2 ? Transport::tcp : Transport::udp);
        clients_[1].sha256 = true;
    }

    void tell()
    {
        for (std::size_t step = 0; step < steps_max && !choices_.empty(); ++step) {
            world_.sockets.to_clients.clear();
            world_.sockets.to_peers.clear();
            act();
            check();
        }
        // All is over when nobody asks for more.
        world_.pass(std::chrono::hours(2));
        FUZZ_CHECK(world_.sockets.open.empty() && world_.server.counters().allocations == 0);
        FUZZ_CHECK(world_.server.deadline() == never);
    }

private:
    static Config few()
    {
        auto out = config();
        out.port_max = 50'007;
        out.limits.allocations_max = 5;
        out.limits.allocations_per_user_max = 3;
        out.limits.permissions_per_user_max = 4;
        out.limits.channels_per_user_max = 3;
        out.limits.packets_per_s = 50;
        out.limits.bytes_per_s = 5000;
        return out;
    }

    Endpoint peer()
    {
        const auto which = choices_.dice(std::size(peers) + 1);
        if (which < std::size(peers)) return peers[which];
        // Somebody's relayed address.
        const auto& open = world_.sockets.open;
        if (open.empty()) return peers[0];
        return std::next(open.begin(), static_cast<std::ptrdiff_t>(choices_.dice(open.size())))->second;
    }

    Fields fields()
    {
        Fields out;
        for (auto count = choices_.dice(4); count > 0; --count)
            switch (choices_.dice(9)) {
            case 0: out.number(attribute::requested_transport, (choices_.flag() ? 17U : 6U) << 24); break;
            case 1: out.number(attribute::lifetime, static_cast<std::uint32_t>(choices_.number(2))); break;
            case 2: out.add(attribute::even_port, Bytes{choices_.byte()}); break;
            case 3: out.add(attribute::reservation_token, token_); break;
            case 4: out.number(attribute::requested_address_family, std::uint32_t{choices_.byte()} << 24); break;
            case 5: out.number(attribute::additional_address_family, std::uint32_t{choices_.byte()} << 24); break;
            case 6: out.peer(peer()); break;
            case 7:
                out.number(attribute::channel_number,
                           0x3fff0000U + (static_cast<std::uint32_t>(choices_.dice(5)) << 16));
                break;
            default: out.add(static_cast<std::uint16_t>(choices_.number(2)), to_bytes(choices_.bytes(12))); break;
            }
        return out;
    }

    void act()
    {
        auto& client = clients_[choices_.dice(clients_.size())];
        const Method methods[] = {Method::allocate, Method::refresh, Method::create_permission, Method::channel_bind};
        switch (choices_.dice(12)) {
        case 0: keep_token(client.allocate(fields())); break;
        case 1: client.permit(peer()); break;
        case 2: client.bind(static_cast<std::uint16_t>(0x4000 + choices_.dice(4)), peer()); break;
        case 3: client.send(peer(), choices_.text(40), choices_.flag()); break;
        case 4: client.send_channel(static_cast<std::uint16_t>(0x4000 + choices_.dice(4)), choices_.text(40)); break;
        case 5: client.ask(methods[choices_.dice(4)], fields()); break;
        case 6: { // damaged on the way
            const auto request = client.request(methods[choices_.dice(4)], fields());
            say(client.tuple, mutated(request, choices_));
            break;
        }
        case 7: { // from elsewhere
            auto tuple = client.tuple;
            tuple.client.port = static_cast<std::uint16_t>(9000 + choices_.dice(3));
            say(tuple,
                choices_.flag() ? client.request(methods[choices_.dice(4)], fields()) : to_bytes(choices_.bytes(200)));
            break;
        }
        case 8: {
            const auto from = peer();
            const auto text = choices_.text(60);
            for (const auto& [id, where] : world_.sockets.open)
                world_.server.from_peer(id, from, as_bytes(text), world_.now);
            break;
        }
        case 9: world_.pass(std::chrono::seconds(choices_.number(choices_.flag() ? 1 : 2))); break;
        case 10: world_.server.revoke(choices_.flag() ? "ann" : "bob"); break;
        default:
            if (choices_.flag())
                world_.sockets.no_more = !world_.sockets.no_more;
            else
                world_.server.client_gone(client.tuple);
        }
    }

    void keep_token(const Response& response)
    {
        const auto token = response.value(attribute::reservation_token);
        if (!token.empty()) token_ = token;
    }

    void say(const FiveTuple& tuple, const Bytes& bytes)
    {
        if (world_.server.from_client(tuple, bytes, world_.now)) return;
        world_.server.from_stranger(tuple, bytes, world_.now);
        FUZZ_CHECK(world_.sockets.to_clients.size() <= 1 && world_.sockets.to_peers.empty());
        if (tuple.transport == Transport::tcp || world_.sockets.to_clients.empty()) return;
        // A request that came whole may have made an allocation; it has proved more than its address then.
        if (world_.server.has_allocation(tuple)) return;
        const auto& answer = world_.sockets.to_clients.front().bytes;
        const auto message = stun::Message::decode(answer);
        FUZZ_CHECK(message.has_value());
        const bool proved =
            message->has(attribute::message_integrity) || message->has(attribute::message_integrity_sha256);
        FUZZ_CHECK(proved || answer.size() * 10 <= bytes.size() * 16);
    }

    void check()
    {
        for (const auto& one : world_.sockets.to_peers) {
            FUZZ_CHECK(PeerPolicy{}.refusal(one.peer) == nullptr);
            FUZZ_CHECK(!one.peer.same_ip(*world_.settings.address_v4) &&
                       !one.peer.same_ip(*world_.settings.address_v6));
            FUZZ_CHECK(world_.sockets.open.at(one.relay).is_v6 == one.peer.is_v6 && one.peer.port != 0);
        }
        const auto counters = world_.server.counters();
        FUZZ_CHECK(counters.allocations <= world_.settings.limits.allocations_max);
        FUZZ_CHECK(counters.permissions <= 2 * world_.settings.limits.permissions_per_user_max);
        FUZZ_CHECK(counters.channels <= 2 * world_.settings.limits.channels_per_user_max);
        FUZZ_CHECK(world_.sockets.open.size() <= 2 * world_.settings.limits.allocations_max);
        FUZZ_CHECK(world_.server.deadline() > world_.now.mono);
    }

    Choices choices_;
    World world_;
    std::deque<Client> clients_;
    Bytes token_ = Bytes(8);
};

std::vector<Bytes> stories()
{
    // allocate with a transport, permit the first peer, send to it, bind, channel data, a peer answers, time, refresh
    const Bytes plain{0, 0, 1, 0, 1, 0, 1,   0, 0, 3, 0, 2,   'h', 'i', 0, 0, 2,
                      1, 0, 0, 4, 1, 1, 'x', 0, 8, 0, 2, 'y', 'o', 0,   9, 0, 200};
    Bytes twice = plain;
    for (std::size_t i = 0; i < plain.size(); ++i)
        twice.push_back(static_cast<std::uint8_t>(plain[i] + (i % 7 == 0 ? 1 : 0)));
    return {plain, twice, Bytes(64, 6), Bytes(64, 7), Bytes(200, 5)};
}

std::vector<Bytes> streams()
{
    return {*from_hex("05000100002112a442000102030405060708090a0b"), *from_hex("014fff000568656c6c6f00000040000000"),
            *from_hex("ff16030100")};
}

} // namespace

FUZZ_TARGET(turn_server, "stun", 1200, stories)
{
    Story(input).tell();
}

FUZZ_TARGET(turn_stream, "", 2048, streams)
{
    Choices choices(input);
    const std::size_t piece = choices.byte() + 1U;
    const std::size_t bytes_max = choices.flag() ? 1500 : stream_message_bytes_max;
    const auto stream = choices.rest();
    StreamReader reader;
    Bytes seen;
    std::size_t fed = 0;
    auto outcome = StreamReader::Outcome::fed;
    while (fed < stream.size() && outcome == StreamReader::Outcome::fed) {
        const auto chunk = stream.subspan(fed, std::min(piece, stream.size() - fed));
        outcome = reader.feed(chunk, bytes_max, [&](BytesView one) {
            FUZZ_CHECK(one.size() >= 4 && one.size() <= bytes_max && one.size() % 4 == 0);
            append(seen, one);
            return true;
        });
        fed += chunk.size();
    }
    FUZZ_CHECK(std::equal(seen.begin(), seen.end(), stream.begin()));
    if (outcome == StreamReader::Outcome::fed) FUZZ_CHECK(seen.size() + reader.held_bytes() == fed);
}
