// SPDX-License-Identifier: Apache-2.0
// A long, bad wire for the lab: joins two Ethernet interfaces and delays, loses, duplicates and reorders what passes.
// The kernel of a lab machine may have no netem; AF_PACKET is always there (Linux, root or CAP_NET_RAW).
//
//   forwarder IF_A IF_B [--delay-ms N] [--jitter-ms N] [--loss PERCENT] [--burst FRAMES] [--duplicate PERCENT]
//                       [--reorder PERCENT] [--rate-kbit N] [--queue-ms N] [--seed N]
//
// Each direction alike: rate limit with a tail-drop queue, then a Gilbert model (losses come in bursts of that mean
// length), then delay plus a uniform jitter. Jitter alone keeps the order, as a queue does; --reorder lets that share
// of frames overtake by skipping the delay. Prints "ready" when both sides listen; runs until SIGTERM. The seed makes
// the fate of the n-th frame repeatable.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// virtio_net_hdr: lets unfinished checksums and segments of a veth pass as they are.
constexpr std::size_t vnet_header_bytes = 10;
constexpr std::size_t frame_bytes_max = 65536 + 256;
/// Frames on the wire at once and direction; more are dropped, as any queue would.
constexpr std::size_t frames_max = 20'000;

struct Options {
    double delay_ms = 0, jitter_ms = 0, loss = 0, burst = 1, duplicate = 0, reorder = 0, rate_kbit = 0, queue_ms = 200;
    std::uint64_t seed = 1;
};

struct Frame {
    Clock::time_point due;
    std::uint64_t order = 0;
    std::vector<char> bytes;
};

struct Later {
    bool operator()(const std::unique_ptr<Frame>& a, const std::unique_ptr<Frame>& b) const
    {
        return a->due != b->due ? a->due > b->due : a->order > b->order;
    }
};

[[noreturn]] void die(const std::string& what)
{
    std::fprintf(stderr, "forwarder: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

int open_interface(const char* name)
{
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (fd < 0) die("AF_PACKET");
    int on = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) die("PACKET_VNET_HDR");
    int room = 8 * 1024 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(name));
    if (address.sll_ifindex == 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        die(name);
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = address.sll_ifindex;
    promiscuous.mr_type = PACKET_MR_PROMISC;
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0) die("promiscuous");
    return fd;
}

/// One direction.
class Wire {
public:
    Wire(int from, int to, const Options& options, std::uint64_t seed)
        : from_(from), to_(to), options_(options), random_(seed)
    {
    }

    void take(Clock::time_point now)
    {
        static std::array<char, frame_bytes_max> buffer;
        for (;;) {
            sockaddr_ll source{};
            socklen_t length = sizeof source;
            const auto got =
                recvfrom(from_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&source), &length);
            if (got < 0) return;
            if (source.sll_pkttype == PACKET_OUTGOING) continue; // Our own frame, seen again.
            accept({buffer.data(), buffer.data() + got}, now);
        }
    }

    void give(Clock::time_point now)
    {
        while (!frames_.empty() && frames_.top()->due <= now) {
            const auto& frame = *frames_.top();
            if (send(to_, frame.bytes.data(), frame.bytes.size(), 0) < 0 && (errno == EAGAIN || errno == ENOBUFS))
                return;
            frames_.pop(); // Whatever else went wrong with it: a wire loses frames.
        }
    }

    [[nodiscard]] Clock::time_point due() const
    {
        return frames_.empty() ? Clock::time_point::max() : frames_.top()->due;
    }

private:
    [[nodiscard]] bool chance(double percent) { return percent > 0 && share_(random_) * 100 < percent; }

    /// Gilbert: in the bad state everything is lost; the mean stay is `burst` frames, the share of bad frames `loss`.
    [[nodiscard]] bool lost()
    {
        if (options_.loss <= 0) return false;
        const double leave = 1 / options_.burst;
        const double share = options_.loss / 100;
        const double enter = share >= 1 ? 1 : leave * share / (1 - share);
        bad_ = bad_ ? share_(random_) >= leave : share_(random_) < enter;
        return bad_;
    }

    void accept(std::vector<char> bytes, Clock::time_point now)
    {
        const bool gone = lost();
        const bool twice = chance(options_.duplicate);
        const bool overtakes = chance(options_.reorder);
        const double jitter = share_(random_) * options_.jitter_ms;
        if (gone || frames_.size() >= frames_max) return;

        auto start = now;
        if (options_.rate_kbit > 0) {
            if (free_at_ < now) free_at_ = now;
            if (free_at_ - now > milliseconds(options_.queue_ms)) return;
            free_at_ += milliseconds(static_cast<double>(bytes.size() - vnet_header_bytes) * 8 / options_.rate_kbit);
            start = free_at_;
        }
        auto due = start + milliseconds(options_.delay_ms + jitter);
        if (overtakes)
            due = start;
        else if (due < last_)
            due = last_;
        else
            last_ = due;
        if (twice) frames_.push(std::make_unique<Frame>(Frame{due, order_++, bytes}));
        frames_.push(std::make_unique<Frame>(Frame{due, order_++, std::move(bytes)}));
    }

    [[nodiscard]] static Clock::duration milliseconds(double count)
    {
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(count));
    }

    int from_, to_;
    const Options& options_;
    std::mt19937_64 random_;
    std::uniform_real_distribution<double> share_{0, 1};
    bool bad_ = false;
    Clock::time_point free_at_{}, last_{};
    std::uint64_t order_ = 0;
    std::priority_queue<std::unique_ptr<Frame>, std::vector<std::unique_ptr<Frame>>, Later> frames_;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: forwarder IF_A IF_B [--delay-ms N] [--jitter-ms N] [--loss PERCENT] [--burst FRAMES]\n"
                   "       [--duplicate PERCENT] [--reorder PERCENT] [--rate-kbit N] [--queue-ms N] [--seed N]\n",
                   stderr);
        return 2;
    }
    Options options;
    for (int i = 3; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const double value = std::strtod(argv[i + 1], nullptr);
        if (name == "--delay-ms")
            options.delay_ms = value;
        else if (name == "--jitter-ms")
            options.jitter_ms = value;
        else if (name == "--loss")
            options.loss = value;
        else if (name == "--burst")
            options.burst = value < 1 ? 1 : value;
        else if (name == "--duplicate")
            options.duplicate = value;
        else if (name == "--reorder")
            options.reorder = value;
        else if (name == "--rate-kbit")
            options.rate_kbit = value;
        else if (name == "--queue-ms")
            options.queue_ms = value;
        else if (name == "--seed")
            options.seed = static_cast<std::uint64_t>(value);
        else {
            std::fprintf(stderr, "forwarder: unknown option %s\n", name.c_str());
            return 2;
        }
    }
    const int a = open_interface(argv[1]);
    const int b = open_interface(argv[2]);
    Wire forth(a, b, options, options.seed), back(b, a, options, options.seed + 1);
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        const auto due = std::min(forth.due(), back.due());
        timespec wait{}, *limit = nullptr;
        if (due != Clock::time_point::max()) {
            const auto left = std::max(due - Clock::now(), Clock::duration::zero());
            wait.tv_sec = static_cast<time_t>(left / std::chrono::seconds(1));
            wait.tv_nsec = static_cast<long>(std::chrono::nanoseconds(left % std::chrono::seconds(1)).count());
            limit = &wait;
        }
        std::array<pollfd, 2> fds{pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
        ppoll(fds.data(), fds.size(), limit, nullptr);
        const auto now = Clock::now();
        forth.take(now);
        back.take(now);
        forth.give(Clock::now());
        back.give(Clock::now());
    }
}
