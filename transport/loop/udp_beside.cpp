// SPDX-License-Identifier: Apache-2.0
// Two sockets at one address, on Linux: a group of SO_REUSEPORT whose program (SO_ATTACH_REUSEPORT_CBPF, socket(7))
// chooses by the datagram itself, so that the one may be read in trains (UDP_GRO) and the other not.
#include "transport/loop/sockaddr.hpp"
#include "transport/loop/udp_impl.hpp"

#ifdef __linux__
#include <linux/filter.h>
#endif

namespace godwit::loop {

#if defined(__linux__) && defined(SO_ATTACH_REUSEPORT_CBPF)

namespace {

/// Places in the group: in the order of binding.
constexpr std::uint32_t the_first = 0;
constexpr std::uint32_t beside_it = 1;
/// Set in each packet of QUIC and in none of STUN (RFC 9443, and RFC 9000 section 17: the fixed bit). A channel's data
/// of TURN has it too, but comes from the TURN server.
constexpr std::uint32_t quic_bit = 0x40;

/// What the program compares: a word of the network header, from its beginning.
struct Compared {
    std::uint32_t at = 0;
    std::uint32_t value = 0;
};

std::uint32_t word_of(const std::uint8_t* at)
{
    return (std::uint32_t{at[0]} << 24) | (std::uint32_t{at[1]} << 16) | (std::uint32_t{at[2]} << 8) | at[3];
}

/// Absolute loads begin at the payload of UDP. A header with options (RFC 791) or extensions (RFC 8200) is taken for
/// another sender's, and its datagram stays with the first socket.
std::vector<sock_filter> program_for(const Address& from)
{
    const std::uint32_t source_at = from.is_v6 ? 8 : 12;
    const std::uint32_t header_bytes = from.is_v6 ? 40 : 20;
    const auto ip = from.ip_bytes();
    std::vector<Compared> words;
    for (std::uint32_t i = 0; i < ip.size(); i += 4)
        words.push_back({source_at + i, word_of(ip.data() + i)});

    // What is left behind each test to jump over, to the last statement.
    auto left = static_cast<std::uint8_t>(2 * words.size() + 3);
    std::vector<sock_filter> out;
    const auto load = [&](std::uint16_t width, std::uint32_t at) {
        out.push_back({static_cast<std::uint16_t>(BPF_LD | width | BPF_ABS), 0, 0, at});
    };
    const auto test = [&](std::uint16_t how, std::uint32_t value) {
        out.push_back({static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), 0, left, value});
        left = static_cast<std::uint8_t>(left - 2);
    };
    const auto net = static_cast<std::uint32_t>(SKF_NET_OFF);
    load(BPF_B, 0);
    test(BPF_JSET, quic_bit);
    for (const auto& word : words) {
        load(BPF_W, net + word.at);
        test(BPF_JEQ, word.value);
    }
    load(BPF_H, net + header_bytes); // UDP's source port
    test(BPF_JEQ, from.port);
    out.push_back({BPF_RET | BPF_K, 0, 0, beside_it});
    out.push_back({BPF_RET | BPF_K, 0, 0, the_first});
    return out;
}

} // namespace

bool udp_share_address(int fd, int beside, const Address& from)
{
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    const int on = 1;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0 ||
        (name.ss_family == AF_INET6) != from.is_v6 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        ::setsockopt(beside, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        ::bind(beside, reinterpret_cast<const sockaddr*>(&name), length) != 0)
        return false;
    auto statements = program_for(from);
    const sock_fprog program{static_cast<unsigned short>(statements.size()), statements.data()};
    return ::setsockopt(beside, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0;
}

#else

bool udp_share_address(int, int, const Address&)
{
    return false;
}

#endif

} // namespace godwit::loop
